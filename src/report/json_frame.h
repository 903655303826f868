/* SPDX-License-Identifier: MIT
 * The head and the tail that JSON documents of dialtone have in common.
 */
#ifndef REPORT_JSON_FRAME_H
#define REPORT_JSON_FRAME_H

#include "report/json_writer.h"
#include "report/report.h"

/* A document is one object and a newline; "schema" comes first. */
void json_begin(struct json *json, const char *schema);
void json_end(struct json *json);

/* "tool": dialtone and its version. */
void json_put_tool(struct json *json);
/* "timing_ms" with "total" and "own_cpu"; still open for more, the caller closes it. */
void json_open_timing(struct json *json, const struct report_timings *timings);

#endif
