/* SPDX-License-Identifier: MIT
 * What the server says, taken in: answers, messages, progress, diagnostics.
 */
#ifndef PROBES_SERVER_TALK_READ_H
#define PROBES_SERVER_TALK_READ_H

#include "probes/server/dialogue.h"
#include "wire/rpc.h"

/* NULL, "" and other types give "". In the arena, at most TALK_TEXT_BYTES_MAX. */
const char *talk_text_of(struct talk *talk, struct json_object *from, const char *key);

void talk_read_notification(struct talk *talk, const char *method, struct json_object *params);
void talk_read_answer(struct talk *talk, enum talk_feature feature,
                      const struct rpc_message *response);
void talk_read_server_info(struct talk *talk, struct json_object *result);

#endif
