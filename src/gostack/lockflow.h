/* SPDX-License-Identifier: MIT
 * Which locks a function has where it stands in a call, by its machine code: on every way from its
 * entry to the call it has locked them and not given them back, and behind the call it gives them
 * back. Pointers are followed through registers and the words of the frame from instruction to
 * instruction; where ways meet, only what is true on all of them stays. What is told of a lock is where
 * the frame has a pointer to it, one the maps of the garbage collector say is alive. A function that
 * jumps by a table, or is too large, tells nothing. Not seen: a lock that is given back, or taken, in a
 * function that is called and has returned. Sources: Go 1.18-1.27 src/sync/mutex.go, rwmutex.go,
 * src/internal/sync/mutex.go (what of them is inlined), src/cmd/compile/abi-internal.md (the receiver
 * is in the first register, no register survives a call).
 */
#ifndef GOSTACK_LOCKFLOW_H
#define GOSTACK_LOCKFLOW_H

#include "gostack/code.h"

struct lock_held {
	bool global;      /* by its address */
	uint64_t address; /* of a global one */
	int64_t slot;     /* else: where the pointer is, from the stack pointer at the entry on */
	int64_t inside;   /* the lock is so far behind what the pointer points to */
};

#define LOCKS_HELD_MAX 8

struct lock_flow {
	uint64_t pc;
	bool known; /* false: it cannot be told */
	struct lock_held held[LOCKS_HELD_MAX];
	size_t count;
	size_t kept; /* locks it has, also those that are not told where and whose end is not seen */
	bool gives_back; /* it may have given back a lock that it had not taken itself */
};

struct lock_flows;

struct lock_flows *lock_flows_new(struct arena *arena);
/* Of the function that a call returns to at pc. Stays as it is until the next call. */
const struct lock_flow *lock_flow_at(struct gostack *s, struct lock_flows *flows, uint64_t pc);

#endif
