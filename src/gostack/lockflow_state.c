/* SPDX-License-Identifier: MIT
 * What registers and words of the frame hold and which locks are held, step by step.
 */
#include "base/str.h"
#include "gostack/lockflow_private.h"

#include <elf.h>

/* ---- values ---- */

static int slot_of(const struct flow *w, int64_t offset) {
	int64_t n = -1;
	if (offset % 8 == 0 && offset <= -16 && offset >= w->locals_first) {
		n = (-16 - offset) / 8 < LOCALS_MAX ? (-16 - offset) / 8 : -1;
	} else if (offset % 8 == 0 && offset >= 8 && offset < w->args_end) {
		n = (offset - 8) / 8 < ARGS_MAX ? LOCALS_MAX + (offset - 8) / 8 : -1;
	}
	return n >= 0 && !w->objects[n] ? (int)n : -1;
}

int64_t flow_slot_offset(int slot) {
	return slot < LOCALS_MAX ? -16 - (int64_t)slot * 8 : 8 + (int64_t)(slot - LOCALS_MAX) * 8;
}

static void forget(struct state *st, uint32_t what) {
	size_t kept = 0;
	for (size_t i = 0; i < REGISTERS; i++) {
		if (st->regs[i].what == what) {
			st->regs[i] = (struct value){0};
		}
	}
	for (size_t i = 0; i < SLOTS_MAX; i++) {
		if (st->slots[i].what == what) {
			st->slots[i] = (struct value){0};
		}
	}
	for (size_t i = 0; i < st->held_count; i++) {
		st->held[kept] = st->held[i];
		kept += st->held[i].what == what ? 0 : 1;
	}
	st->held_count = (uint8_t)kept;
}

/* What an instruction yields is new each time it runs. */
static struct value fresh(struct state *st, uint32_t at) {
	forget(st, OF_INSN + at);
	return (struct value){OF_INSN + at, 0};
}

static struct value value_of(const struct flow *w, const struct state *st, uint32_t at,
                             uint8_t reg) {
	switch (reg) {
	case INSN_SP:
		return (struct value){STACK, -(int64_t)w->frames[at]};
	case INSN_ABSOLUTE:
		return (struct value){ABSOLUTE, 0};
	default:
		return reg < REGISTERS ? st->regs[reg] : (struct value){0};
	}
}

static void set_register(struct state *st, uint8_t reg, struct value v) {
	if (reg < REGISTERS) {
		st->regs[reg] = v;
	}
}

static void spoil_slots(struct state *st, int64_t first, int64_t end) {
	for (int i = 0; i < SLOTS_MAX; i++) {
		int64_t at = flow_slot_offset(i);
		if (at < end && at + 8 > first) {
			st->slots[i] = (struct value){0};
		}
	}
}

static void store(const struct flow *w, struct state *st, const struct insn *i, struct value where,
                  struct value v) {
	if (where.what != STACK) {
		return;
	}
	if (i->indexed) {
		memset(st->slots, 0, sizeof(st->slots));
		return;
	}
	spoil_slots(st, where.add, where.add + i->writes_bytes);
	int slot = slot_of(w, where.add);
	if (slot >= 0 && i->kind == INSN_STORE) {
		st->slots[slot] = v;
	}
}

/* ---- locks ---- */

static void lock(struct state *st, struct value v) {
	for (size_t i = 0; i < st->held_count; i++) {
		if (value_eq(st->held[i], v)) {
			return;
		}
	}
	if (v.what != NOTHING && st->held_count < LOCKS_HELD_MAX) {
		st->held[st->held_count++] = v;
	}
}

/* Two pointers may be the same, but not of two locks that are held at a time. */
static void unlock(struct state *st, struct value v) {
	for (size_t i = 0; i < st->held_count; i++) {
		if (value_eq(st->held[i], v)) {
			st->held[i] = st->held[--st->held_count];
			return;
		}
	}
	st->held_count = 0;
	st->gives_back = true;
}

static void operate(struct flow *w, struct state *st, uint32_t at, struct operation o,
                    struct value operand) {
	struct value v = value_plus(operand, -(int64_t)o.before);
	if (o.use == LOCKS) {
		lock(st, v);
	} else if (o.use == UNLOCKS) {
		if (w->recording && w->unlock_count < UNLOCKS_MAX) {
			w->unlocks[w->unlock_count++] = (struct unlocking){at, v};
		}
		/* The inlined part and the slow way are one operation. */
		bool slow = w->insns[at].kind == INSN_CALL &&
		            flow_inlined(flow_called(w, &w->insns[at])).use != USES_NOTHING;
		if (!slow) {
			unlock(st, v);
		}
	}
}

/* ---- steps ---- */

/* Helpers of the runtime that leave most registers as they are. */
static bool call_helper(const struct flow *w, struct state *st, const char *name) {
	bool arm = w->s->arch->machine == EM_AARCH64;
	if (str_starts(name, "runtime.duff")) {
		static const uint8_t intel[] = {7}; /* where it writes to: DI */
		static const uint8_t arms[] = {20, 21};
		for (size_t i = 0; i < (arm ? 2 : 1); i++) {
			struct value to = st->regs[arm ? arms[i] : intel[i]];
			if (to.what == STACK) {
				spoil_slots(st, to.add, INT64_MAX);
			}
		}
	} else if (!str_starts(name, "runtime.gcWriteBarrier")) {
		return false;
	}
	static const uint8_t spoiled[2][7] = {{6, 7, 11, 11, 11, 11, 11},
	                                      {16, 17, 20, 21, 25, 26, 27}};
	for (size_t i = 0; i < 7; i++) {
		st->regs[spoiled[arm][i]] = (struct value){0};
	}
	return true;
}

static void call(struct flow *w, struct state *st, uint32_t at) {
	const char *name = flow_called(w, &w->insns[at]);
	operate(w, st, at, flow_operation(name), st->regs[RECEIVER]);
	if (!call_helper(w, st, name)) {
		memset(st->regs, 0, sizeof(st->regs));
		st->regs[RECEIVER] = fresh(st, at);
	}
}

void flow_step(struct flow *w, struct state *st, uint32_t at) {
	const struct insn *i = &w->insns[at];
	struct value where =
		value_plus(value_of(w, st, at, i->base), i->base == INSN_NOWHERE ? 0 : i->add);
	int slot = where.what == STACK && !i->indexed ? slot_of(w, where.add) : -1;
	switch (i->kind) {
	case INSN_MOVE:
		set_register(st, i->into, value_plus(value_of(w, st, at, i->from), i->add));
		break;
	case INSN_LOAD:
		if (slot < 0 || st->slots[slot].what == NOTHING) {
			struct value v = fresh(st, at);
			set_register(st, i->into, v);
			if (slot >= 0) {
				st->slots[slot] = v;
			}
		} else {
			set_register(st, i->into, st->slots[slot]);
		}
		break;
	case INSN_STORE:
		store(w, st, i, where, value_of(w, st, at, i->from));
		break;
	case INSN_CALL:
		call(w, st, at);
		break;
	case INSN_FILL:
		if (st->regs[i->from].what == STACK) {
			spoil_slots(st, st->regs[i->from].add, INT64_MAX);
		}
		break;
	case INSN_SWAP:
	case INSN_ADD:
	case INSN_EXCLUSIVE:
		if (!i->indexed) {
			operate(w, st, at, w->atomics[at], where);
		}
		store(w, st, i, where, (struct value){0});
		break;
	default:
		if (i->writes_bytes > 0) {
			store(w, st, i, where, (struct value){0});
		}
		break;
	}
	for (uint8_t r = 0; r < REGISTERS && i->spoils != 0; r++) {
		if ((i->spoils >> r & 1) != 0) {
			st->regs[r] = (struct value){0};
		}
	}
}
