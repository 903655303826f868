/* SPDX-License-Identifier: MIT
 * What the server says, taken in: answers, messages, progress, diagnostics.
 */
#ifndef PROBES_TALK_READ_H
#define PROBES_TALK_READ_H

#include "probes/dialogue.h"

struct json_object;

/* NULL, "" and other types give "". In the arena, at most TALK_TEXT_BYTES_MAX. */
const char *talk_text_of(struct talk *talk, struct json_object *from, const char *key);

void talk_read_notification(struct talk *talk, const char *method, struct json_object *params);
/* The result (may be NULL for null) or error of the request behind a feature. */
void talk_read_answer(struct talk *talk, enum talk_feature feature, struct json_object *result,
                      struct json_object *error);
void talk_read_server_info(struct talk *talk, struct json_object *result);

#endif
