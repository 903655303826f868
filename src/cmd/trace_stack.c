/* SPDX-License-Identifier: MIT */
#include "cmd/trace_stack.h"

#include "base/path.h"

#include <inttypes.h>

void trace_stack_begin(struct trace_stack *stack) {
	*stack = (struct trace_stack){.arena = arena_new()};
	function_names_init(&stack->names, stack->arena);
}

void trace_stack_learn(struct trace_stack *stack, const struct event *event) {
	mapped_take(&stack->mapped, event);
}

bool trace_stack_put(struct trace_stack *stack, struct strbuf *out, const struct event *event,
                     size_t frame) {
	uint64_t address = event->stack[frame];
	const struct mapped_range *range = mapped_find(&stack->mapped, event->pid, address);

	if (!range) {
		return false;
	}
	uint64_t offset = address - range->start + range->offset;

	strbuf_printf(out, "%s(", path_base(range->path));
	if (!function_names_put(&stack->names, out, range->path, offset)) {
		strbuf_printf(out, "+0x%" PRIx64, offset);
	}
	strbuf_add_char(out, ')');
	return true;
}

void trace_stack_end(struct trace_stack *stack) {
	mapped_free(&stack->mapped);
	function_names_free(&stack->names);
	arena_free(stack->arena);
}
