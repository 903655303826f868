/* SPDX-License-Identifier: MIT */
#include "gostack/why.h"

#include "base/str.h"

#include <stdlib.h>

const char *why_kind_name(const struct why_object *o) {
	static const char *const names[] = {"channel",        "sync.Mutex", "sync.RWMutex",
	                                    "sync.WaitGroup", "sync.Cond",  "poll.FD.read",
	                                    "poll.FD.write"};
	return o->once ? "sync.Once" : names[o->kind];
}

const char *why_proof_name(enum why_proof proof) {
	static const char *const names[] = {"proven", "likely", "possible"};
	return names[proof];
}

const char *why_reason_name(enum why_reason reason) {
	static const char *const names[] = {"writer", "once", "deferred", "code", "reference"};
	return names[reason];
}

const char *why_how_name(enum why_how how) {
	static const char *const names[] = {"receive", "send",    "select", "lock",
	                                    "rlock",   "readers", "wait",   "signal"};
	return names[how];
}

const struct go_line *why_line(const struct gostack *s, const struct goroutine *g) {
	static const char *const machinery[] = {"runtime.", "sync.", "internal/", "time.Sleep"};
	const struct go_stack *stack = g->stack != STACK_NONE ? &s->all.stacks[g->stack] : NULL;
	const struct go_line *first = NULL; /* of the library, when there is nothing else */
	for (uint32_t i = 0; stack && i < stack->count; i++) {
		const struct go_pc *p = &s->symbols.pcs[stack->pcs[i]];
		for (uint16_t k = 0; k < p->line_count; k++) {
			const struct go_line *line = &s->symbols.lines[p->first_line + k];
			if (!first && !str_starts(line->function, "runtime.")) {
				first = line;
			}
			bool own = (line->marks & LINE_WRAPPER) == 0;
			for (size_t m = 0; m < sizeof(machinery) / sizeof(machinery[0]); m++) {
				own = own && !str_starts(line->function, machinery[m]);
			}
			if (own) {
				return line;
			}
		}
	}
	return first;
}

static int by_weight(const void *left, const void *right) {
	const struct why_object *a = left;
	const struct why_object *b = right;
	bool a_lock = a->kind != WHY_CHANNEL;
	bool b_lock = b->kind != WHY_CHANNEL;
	if (a_lock != b_lock) {
		return a_lock ? -1 : 1;
	}
	if (a->waiter_count != b->waiter_count) {
		return a->waiter_count > b->waiter_count ? -1 : 1;
	}
	return a->address < b->address ? -1 : a->address > b->address;
}

struct why *why_find(struct gostack *s) {
	struct why *why = arena_new_of(s->arena, struct why);
	why_find_waiters(s, why);
	why_find_holders(s, why);
	if (why->object_count > 0) {
		qsort(why->objects, why->object_count, sizeof(*why->objects), by_weight);
	}
	why_find_cycles(s, why);
	return why;
}
