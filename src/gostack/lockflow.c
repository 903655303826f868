/* SPDX-License-Identifier: MIT
 */
#include "gostack/lockflow.h"

#include "base/str.h"
#include "gostack/bytes.h"
#include "gostack/insn.h"
#include "gostack/stackmap.h"

#include <elf.h>
#include <stdlib.h>

#define CACHE_SLOTS  256U                  /* a power of two */
#define CODE_MAX     ((uint64_t)32 * 1024) /* of one function */
#define LOOKS_MAX    2000                  /* functions that are followed in all */
#define STEPS_MAX    ((size_t)400000)      /* instructions, in one function */
#define LOCALS_MAX   96                    /* words of the frame that are followed */
#define ARGS_MAX     32
#define SLOTS_MAX    (LOCALS_MAX + ARGS_MAX)
#define REGISTERS    32
#define EVENTS_MAX   64
#define NEAR_MAX     40 /* instructions from an atomic one to the call of its slow way */
#define RECEIVER     0  /* AX, R0 */
#define READER_COUNT 16 /* of an RWMutex */
#define READER_SEMA  12

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

struct event {
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
	struct event unlocks[EVENTS_MAX];
	size_t unlock_count;
};

struct lock_flows {
	struct lock_flow flows[CACHE_SLOTS];
	size_t looks;
};

struct lock_flows *lock_flows_new(struct arena *arena) {
	return arena_new_of(arena, struct lock_flows);
}

/* ---- calls ---- */

static struct operation operation_of(const char *name) {
	static const struct {
		const char *name;
		struct operation operation;
	} known[] = {
		{"sync.(*Mutex).Lock", {LOCKS, 0}},
		{"sync.(*Mutex).lockSlow", {LOCKS, 0}},
		{"internal/sync.(*Mutex).Lock", {LOCKS, 0}},
		{"internal/sync.(*Mutex).lockSlow", {LOCKS, 0}},
		{"sync.(*RWMutex).Lock", {LOCKS, 0}},
		{"sync.(*RWMutex).RLock", {LOCKS, 0}},
		{"sync.runtime_SemacquireRWMutexR", {LOCKS, READER_SEMA}},
		{"sync.(*Mutex).Unlock", {UNLOCKS, 0}},
		{"sync.(*Mutex).unlockSlow", {UNLOCKS, 0}},
		{"internal/sync.(*Mutex).Unlock", {UNLOCKS, 0}},
		{"internal/sync.(*Mutex).unlockSlow", {UNLOCKS, 0}},
		{"sync.(*RWMutex).Unlock", {UNLOCKS, 0}},
		{"sync.(*RWMutex).RUnlock", {UNLOCKS, 0}},
		{"sync.(*RWMutex).rUnlockSlow", {UNLOCKS, 0}},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (streq(name, known[i].name)) {
			return known[i].operation;
		}
	}
	return (struct operation){USES_NOTHING, 0};
}

/* What the inlined part of an operation did, by the function that does the rest of it. */
static struct operation inlined_of(const char *name) {
	if (streq(name, "sync.runtime_SemacquireRWMutexR")) {
		return (struct operation){LOCKS, READER_COUNT};
	}
	if (streq(name, "sync.(*RWMutex).rUnlockSlow")) {
		return (struct operation){UNLOCKS, READER_COUNT};
	}
	return str_ends(name, "lockSlow") ? operation_of(name)
	                                  : (struct operation){USES_NOTHING, 0};
}

static const char *called(struct flow *w, const struct insn *i) {
	return i->target != 0 ? symbols_function(&w->s->symbols, i->target) : "";
}

static bool returns(const char *name) {
	static const char *const never[] = {"runtime.panic", "runtime.gopanic", "runtime.goPanic",
	                                    "runtime.throw", "runtime.fatal",   "runtime.morestack",
	                                    "runtime.block", "runtime.sigpanic"};
	for (size_t i = 0; i < sizeof(never) / sizeof(never[0]); i++) {
		if (str_starts(name, never[i])) {
			return false;
		}
	}
	return true;
}

/* ---- instructions of the function ---- */

static uint32_t insn_at(const struct flow *w, uint64_t pc) {
	size_t low = 0;
	size_t high = w->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (w->insns[middle].pc < pc) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	return low < w->count && w->insns[low].pc == pc ? (uint32_t)low : UINT32_MAX;
}

static bool decode(struct flow *w, struct slice code) {
	bool arm = w->s->arch->machine == EM_AARCH64;
	for (uint64_t at = 0; at < code.len;) {
		struct insn two[2];
		uint64_t pc = w->f.entry + at;
		struct slice rest = bytes_sub(code, at, 16);
		size_t n = arm ? insn_arm64(rest, pc, two) : insn_amd64(rest, pc, two);
		if (n == 0) {
			return at + 16 > code.len;
		}
		for (size_t i = 0; i < n; i++) {
			if (!pclntab_value(&w->s->tab, &w->f, w->f.stack, pc,
			                   &w->frames[w->count])) {
				return true; /* what fills the end up is no code */
			}
			bool again = two[i].kind == INSN_BRANCH && two[i].target < pc &&
			             w->count > 0 && w->insns[w->count - 1].kind == INSN_EXCLUSIVE;
			two[i].kind = again ? INSN_OTHER : two[i].kind;
			w->insns[w->count++] = two[i];
			at += two[i].bytes;
		}
	}
	return true;
}

static bool is_atomic(const struct insn *i) {
	return i->kind == INSN_SWAP || i->kind == INSN_ADD || i->kind == INSN_EXCLUSIVE;
}

/* The call of the slow way of an atomic instruction that is part of Lock or Unlock. */
static struct operation slow_way(struct flow *w, uint32_t start) {
	uint32_t queue[NEAR_MAX];
	size_t count = 0;
	queue[count++] = start + 1;
	for (size_t next = 0; next < count; next++) {
		uint32_t at = queue[next];
		const struct insn *i = at < w->count ? &w->insns[at] : NULL;
		if (!i || i->kind == INSN_END || i->kind == INSN_LOST) {
			continue;
		}
		if (i->kind == INSN_CALL) {
			struct operation o = inlined_of(called(w, i));
			if (o.use != USES_NOTHING) {
				return o;
			}
			continue;
		}
		if (is_atomic(i)) {
			continue;
		}
		uint32_t to[2] = {i->kind == INSN_JUMP ? UINT32_MAX : at + 1,
		                  i->target != 0 ? insn_at(w, i->target) : UINT32_MAX};
		for (size_t k = 0; k < 2; k++) {
			bool known = to[k] == UINT32_MAX;
			for (size_t q = 0; q < count && !known; q++) {
				known = queue[q] == to[k];
			}
			if (!known && count < NEAR_MAX) {
				queue[count++] = to[k];
			}
		}
	}
	return (struct operation){USES_NOTHING, 0};
}

/* Where ways meet or begin there is a state. */
static bool find_leaders(struct flow *w) {
	w->leaders[0] = 1;
	w->state_count = 1;
	for (uint32_t at = 0; at < w->count; at++) {
		const struct insn *i = &w->insns[at];
		if (is_atomic(i)) {
			w->atomics[at] = slow_way(w, at);
		}
		if (i->kind == INSN_LOST) {
			return false;
		}
		uint32_t to = i->kind == INSN_JUMP || i->kind == INSN_BRANCH ? insn_at(w, i->target)
		                                                             : UINT32_MAX;
		if (to != UINT32_MAX && w->leaders[to] == 0) {
			w->leaders[to] = (uint32_t)++w->state_count;
		}
	}
	return true;
}

/* ---- values ---- */

static bool same(struct value a, struct value b) {
	return a.what == b.what && a.add == b.add;
}

static struct value plus(struct value v, int64_t add) {
	if (v.what != NOTHING) {
		v.add = (int64_t)((uint64_t)v.add + (uint64_t)add);
	}
	return v;
}

static int slot_of(const struct flow *w, int64_t offset) {
	int64_t n = -1;
	if (offset % 8 == 0 && offset <= -16 && offset >= w->locals_first) {
		n = (-16 - offset) / 8 < LOCALS_MAX ? (-16 - offset) / 8 : -1;
	} else if (offset % 8 == 0 && offset >= 8 && offset < w->args_end) {
		n = (offset - 8) / 8 < ARGS_MAX ? LOCALS_MAX + (offset - 8) / 8 : -1;
	}
	return n >= 0 && !w->objects[n] ? (int)n : -1;
}

static int64_t offset_of(int slot) {
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
		int64_t at = offset_of(i);
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
		if (same(st->held[i], v)) {
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
		if (same(st->held[i], v)) {
			st->held[i] = st->held[--st->held_count];
			return;
		}
	}
	st->held_count = 0;
	st->gives_back = true;
}

static void operate(struct flow *w, struct state *st, uint32_t at, struct operation o,
                    struct value operand) {
	struct value v = plus(operand, -(int64_t)o.before);
	if (o.use == LOCKS) {
		lock(st, v);
	} else if (o.use == UNLOCKS) {
		if (w->recording && w->unlock_count < EVENTS_MAX) {
			w->unlocks[w->unlock_count++] = (struct event){at, v};
		}
		/* The inlined part and the slow way are one operation. */
		bool slow = w->insns[at].kind == INSN_CALL &&
		            inlined_of(called(w, &w->insns[at])).use != USES_NOTHING;
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
	const char *name = called(w, &w->insns[at]);
	operate(w, st, at, operation_of(name), st->regs[RECEIVER]);
	if (!call_helper(w, st, name)) {
		memset(st->regs, 0, sizeof(st->regs));
		st->regs[RECEIVER] = fresh(st, at);
	}
}

static void step(struct flow *w, struct state *st, uint32_t at) {
	const struct insn *i = &w->insns[at];
	struct value where =
		plus(value_of(w, st, at, i->base), i->base == INSN_NOWHERE ? 0 : i->add);
	int slot = where.what == STACK && !i->indexed ? slot_of(w, where.add) : -1;
	switch (i->kind) {
	case INSN_MOVE:
		set_register(st, i->into, plus(value_of(w, st, at, i->from), i->add));
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

/* ---- ways ---- */

static bool meet_values(struct value *into, const struct value *from, size_t count) {
	bool changed = false;
	for (size_t i = 0; i < count; i++) {
		if (into[i].what != NOTHING && !same(into[i], from[i])) {
			into[i] = (struct value){0};
			changed = true;
		}
	}
	return changed;
}

static bool meet(struct state *into, const struct state *from) {
	if (!into->reached) {
		*into = *from;
		into->reached = true;
		return true;
	}
	bool changed = meet_values(into->regs, from->regs, REGISTERS);
	changed = meet_values(into->slots, from->slots, SLOTS_MAX) || changed;
	size_t kept = 0;
	for (size_t i = 0; i < into->held_count; i++) {
		bool both = false;
		for (size_t k = 0; k < from->held_count && !both; k++) {
			both = same(into->held[i], from->held[k]);
		}
		into->held[kept] = into->held[i];
		kept += both ? 1 : 0;
	}
	changed = changed || kept != into->held_count || (from->gives_back && !into->gives_back);
	into->held_count = (uint8_t)kept;
	into->gives_back = into->gives_back || from->gives_back;
	return changed;
}

static void go_to(struct flow *w, const struct state *st, uint32_t at) {
	if (at == UINT32_MAX || w->leaders[at] == 0 || w->recording) {
		return;
	}
	if (meet(&w->states[w->leaders[at] - 1], st)) {
		w->work[w->work_count++] = at;
		/* Each stands there once: the list has room for all. */
		for (size_t i = 0; i + 1 < w->work_count; i++) {
			if (w->work[i] == at) {
				w->work_count--;
				break;
			}
		}
	}
}

/* From a leader to where the way ends or another leader stands. */
static bool walk(struct flow *w, uint32_t at) {
	struct state st = w->states[w->leaders[at] - 1];
	for (uint32_t first = at; at < w->count; at++) {
		const struct insn *i = &w->insns[at];
		if (at != first && w->leaders[at] != 0) {
			go_to(w, &st, at);
			return true;
		}
		if (w->steps++ > STEPS_MAX) {
			return false;
		}
		if (w->recording && at == w->call) {
			w->at_call = st;
		}
		if (i->kind == INSN_END || (i->kind == INSN_CALL && !returns(called(w, i)))) {
			return true;
		}
		if (i->kind == INSN_JUMP || i->kind == INSN_BRANCH) {
			go_to(w, &st, insn_at(w, i->target));
		}
		if (i->kind == INSN_JUMP) {
			return true;
		}
		step(w, &st, at);
	}
	return true;
}

static void begin(struct flow *w) {
	struct state *st = &w->states[0];
	st->reached = true;
	for (uint32_t r = 0; r < REGISTERS; r++) {
		st->regs[r] = (struct value){OF_REGISTER + r, 0};
	}
	for (uint32_t i = 0; i < ARGS_MAX; i++) {
		st->slots[LOCALS_MAX + i] = (struct value){OF_ARGUMENT + i, 0};
	}
	w->work[w->work_count++] = 0;
}

static bool follow(struct flow *w) {
	begin(w);
	while (w->work_count > 0) {
		if (!walk(w, w->work[--w->work_count])) {
			return false;
		}
	}
	w->recording = true;
	for (uint32_t at = 0; at < w->count; at++) {
		if (w->leaders[at] != 0 && w->states[w->leaders[at] - 1].reached && !walk(w, at)) {
			return false;
		}
	}
	return w->at_call.reached;
}

/* ---- the answer ---- */

static void mark_behind(struct flow *w, bool *ret) {
	size_t count = 0;
	w->work[count++] = w->call + 1;
	while (count > 0) {
		uint32_t at = w->work[--count];
		for (; at < w->count && !ret[at]; at++) {
			const struct insn *i = &w->insns[at];
			ret[at] = true;
			uint32_t to = i->kind == INSN_JUMP || i->kind == INSN_BRANCH
			                      ? insn_at(w, i->target)
			                      : UINT32_MAX;
			if (to != UINT32_MAX && !ret[to] && count < w->count) {
				w->work[count++] = to;
			}
			if (i->kind == INSN_END || i->kind == INSN_JUMP ||
			    (i->kind == INSN_CALL && !returns(called(w, i)))) {
				break;
			}
		}
	}
}

static bool gives_it_back(const struct flow *w, const bool *behind, struct value v) {
	for (size_t i = 0; i < w->unlock_count; i++) {
		if (behind[w->unlocks[i].at] && same(w->unlocks[i].lock, v)) {
			return true;
		}
	}
	return false;
}

static bool find_pointer(const struct flow *w, const struct stackmap *map, struct value v,
                         struct lock_held *ret) {
	*ret = (struct lock_held){.global = v.what == ABSOLUTE, .address = (uint64_t)v.add};
	for (int i = 0; i < SLOTS_MAX && !ret->global; i++) {
		struct value there = w->at_call.slots[i];
		if (there.what == v.what && stackmap_is_live(map, offset_of(i))) {
			ret->slot = offset_of(i);
			ret->inside = v.add - there.add;
			return true;
		}
	}
	return ret->global;
}

static void answer(struct flow *w, uint64_t pc, struct lock_flow *ret) {
	struct stackmap map;
	const struct insn *i = &w->insns[w->call];
	struct operation o = operation_of(called(w, i));
	struct value now = plus(w->at_call.regs[RECEIVER], -(int64_t)o.before);
	bool *behind = calloc(w->count + 1, sizeof(*behind));
	if (!behind || !stackmap_read(&w->s->tab, &w->f, pc, &map)) {
		free(behind);
		return;
	}
	mark_behind(w, behind);
	ret->known = true;
	ret->gives_back = w->at_call.gives_back;
	for (size_t k = 0; k < w->at_call.held_count; k++) {
		struct value v = w->at_call.held[k];
		if (o.use == LOCKS && same(v, now)) {
			continue; /* it waits for that in Lock */
		}
		ret->kept++;
		if (gives_it_back(w, behind, v)) {
			ret->count += find_pointer(w, &map, v, &ret->held[ret->count]) ? 1 : 0;
		}
	}
	free(behind);
}

static void look(struct flow *w, uint64_t pc, struct lock_flow *ret) {
	struct stackmap map;
	struct slice code = elf_image_at(&w->s->elf, w->f.entry - w->s->bias);
	code = bytes_sub(code, 0, w->f.end - w->f.entry);
	if (!stackmap_read(&w->s->tab, &w->f, pc, &map) || !decode(w, code) || !find_leaders(w)) {
		return;
	}
	w->call = insn_at(w, pc);
	w->call = w->call == UINT32_MAX ? (uint32_t)w->count : w->call;
	if (w->call == 0 || w->insns[w->call - 1].kind != INSN_CALL) {
		return;
	}
	w->call--;
	w->locals_first = map.locals_first;
	w->args_end = map.args_end;
	for (int i = 0; i < SLOTS_MAX; i++) {
		w->objects[i] = stackmap_is_object(&w->s->tab, &w->f, offset_of(i));
	}
	w->states = calloc(w->state_count, sizeof(*w->states));
	if (w->states && follow(w)) {
		answer(w, pc, ret);
	}
	free(w->states);
}

const struct lock_flow *lock_flow_at(struct gostack *s, struct lock_flows *flows, uint64_t pc) {
	struct lock_flow *ret = &flows->flows[(size_t)(pc >> 2) & (CACHE_SLOTS - 1)];
	if (ret->pc == pc) {
		return ret;
	}
	*ret = (struct lock_flow){.pc = pc};
	struct flow *w = calloc(1, sizeof(*w));
	if (w && flows->looks++ < LOOKS_MAX && pclntab_function(&s->tab, pc - 1, &w->f) &&
	    w->f.end > w->f.entry && w->f.end - w->f.entry <= CODE_MAX) {
		size_t most = 2 * ((w->f.end - w->f.entry) / s->tab.min_lc) + 2;
		w->s = s;
		w->insns = calloc(most, sizeof(*w->insns));
		w->frames = calloc(most, sizeof(*w->frames));
		w->atomics = calloc(most, sizeof(*w->atomics));
		w->leaders = calloc(most, sizeof(*w->leaders));
		w->work = calloc(most, sizeof(*w->work));
		if (w->insns && w->frames && w->atomics && w->leaders && w->work) {
			look(w, pc, ret);
		}
		free(w->insns);
		free(w->frames);
		free(w->atomics);
		free(w->leaders);
		free(w->work);
	}
	free(w);
	return ret;
}
