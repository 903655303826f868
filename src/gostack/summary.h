/* SPDX-License-Identifier: MIT
 * Goroutines that do the same: the same state, the same stack.
 */
#ifndef GOSTACK_SUMMARY_H
#define GOSTACK_SUMMARY_H

#include "gostack/traceback.h"

struct summary_group {
	const char *status;
	uint32_t stack; /* index in stacks, or STACK_NONE */
	enum goroutine_state state;
	size_t count;
	int64_t longest_s, shortest_s; /* waited at least; -1 when nobody knows */
	const struct goroutine *first; /* that with the longest wait */
	uint64_t ids[8];               /* the first ones */
	size_t id_count;
};

struct summary {
	struct summary_group *groups; /* the longest wait first, then the largest */
	size_t count;
	size_t goroutines;
	size_t states[4]; /* by enum goroutine_state */
};

struct summary summary_make(struct gostack *stack, const struct traceback_options *options);

void summary_text(struct strbuf *out, struct gostack *stack, const struct summary *summary,
                  const struct traceback_options *options);

#endif
