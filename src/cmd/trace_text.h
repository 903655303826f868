/* SPDX-License-Identifier: MIT
 * Events as lines on standard output while they happen.
 */
#ifndef CMD_TRACE_TEXT_H
#define CMD_TRACE_TEXT_H

#include "cmd/trace_stack.h"
#include "trace/event.h"

#include <stdio.h>

struct trace_text {
	FILE *out;
	struct arena *arena; /* of some hundred lines */
	struct strbuf line;
	struct trace_stack stack;
	size_t lines;
};

/* Nothing may have been written to out yet. */
void trace_text_begin(struct trace_text *text, FILE *out);
/* data: a struct trace_text. -EPIPE when the reader went away, -EIO. */
int trace_text_take(void *data, const struct event *event);
/* Writes what is left. */
void trace_text_end(struct trace_text *text);

#endif
