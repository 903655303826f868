/* SPDX-License-Identifier: MIT
 * The stacks of recorded calls in words: one for live lines and for `query --canned callers`.
 */
#ifndef CMD_TRACE_STACK_H
#define CMD_TRACE_STACK_H

#include "base/str.h"
#include "cmd/function_names.h"
#include "trace/mapped.h"

struct trace_stack {
	struct arena *arena;
	struct mapped mapped;
	struct function_names names;
};

void trace_stack_begin(struct trace_stack *stack);
/* Every event goes through here, in order. */
void trace_stack_learn(struct trace_stack *stack, const struct event *event);
/* Adds "file(function+0x1c)" or "file(+0x4d21c)" of a frame; false where no file lies: what comes behind is no stack. */
bool trace_stack_put(struct trace_stack *stack, struct strbuf *out, const struct event *event,
                     size_t frame);
void trace_stack_end(struct trace_stack *stack);

#endif
