/* SPDX-License-Identifier: MIT
 * The way of locks through a function between its files: its instructions, what is known at each of them, the ways.
 */
#ifndef GOSTACK_LOCKFLOW_PRIVATE_H
#define GOSTACK_LOCKFLOW_PRIVATE_H

#include "gostack/insn.h"
#include "gostack/lockflow.h"

#define LOCALS_MAX  96 /* words of the frame that are followed */
#define ARGS_MAX    32
#define SLOTS_MAX   (LOCALS_MAX + ARGS_MAX)
#define REGISTERS   32
#define UNLOCKS_MAX 64
#define RECEIVER    0 /* AX, R0 */

/* What a value is: the same number is the same value, wherever it is. */
enum { NOTHING, ABSOLUTE, STACK, OF_REGISTER, OF_ARGUMENT = 64, OF_INSN = 1024 };

struct value {
	uint32_t what;
	int64_t add;
};

struct state {
	struct value regs[REGISTERS];
	struct value slots[SLOTS_MAX];
	struct value held[LOCKS_HELD_MAX];
	uint8_t held_count;
	bool gives_back;
	bool reached;
};

enum lock_use { USES_NOTHING, LOCKS, UNLOCKS };

struct operation {
	uint8_t use;
	int8_t before; /* the lock begins so far before the operand */
};

struct unlocking {
	uint32_t at;
	struct value lock;
};

struct flow {
	struct gostack *s;
	struct pcln_function f;
	struct insn *insns;
	int32_t *frames;           /* bytes below the stack pointer at the entry, at each */
	struct operation *atomics; /* of INSN_SWAP and INSN_ADD */
	uint32_t *leaders;         /* number of its state + 1 */
	struct state *states;      /* by number */
	uint32_t *work;
	size_t work_count;
	size_t count, state_count, steps;
	int64_t locals_first, args_end;
	bool objects[SLOTS_MAX];
	/* Of the last round: */
	bool recording;
	uint32_t call; /* that is asked for */
	struct state at_call;
	struct unlocking unlocks[UNLOCKS_MAX];
	size_t unlock_count;
};

/* lockflow_code.c. Fills insns, frames and count: false when an instruction is not understood. */
bool flow_decode(struct flow *w, struct slice code);
/* Where ways meet or begin there is a state; and what the atomic instructions do. False: a way leads nobody knows where. */
bool flow_find_leaders(struct flow *w);
/* The instruction there, or UINT32_MAX. */
uint32_t flow_insn_at(const struct flow *w, uint64_t pc);
/* The function that an instruction calls, or "". */
const char *flow_called(struct flow *w, const struct insn *i);
/* The call of that function comes back. */
bool flow_returns(const char *name);
/* What the call of a function does to a lock. */
struct operation flow_operation(const char *name);
/* What the inlined part of an operation did, by the function that does the rest of it. */
struct operation flow_inlined(const char *name);

/* lockflow_state.c. What one instruction makes of a state. */
void flow_step(struct flow *w, struct state *st, uint32_t at);
static inline bool value_eq(struct value a, struct value b) {
	return a.what == b.what && a.add == b.add;
}
static inline struct value value_plus(struct value v, int64_t add) {
	if (v.what != NOTHING) {
		v.add = (int64_t)((uint64_t)v.add + (uint64_t)add);
	}
	return v;
}
/* Where a slot lies, from the end of the frame. */
int64_t flow_slot_offset(int slot);

#endif
