/* SPDX-License-Identifier: MIT
 * The instructions of a function, and which of them lock.
 */
#include "base/str.h"
#include "gostack/bytes.h"
#include "gostack/lockflow_private.h"

#include <elf.h>

#define NEAR_MAX     40 /* instructions from an atomic one to the call of its slow way */
#define READER_COUNT 16 /* of an RWMutex */
#define READER_SEMA  12

/* ---- calls ---- */

struct operation flow_operation(const char *name) {
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

struct operation flow_inlined(const char *name) {
	if (streq(name, "sync.runtime_SemacquireRWMutexR")) {
		return (struct operation){LOCKS, READER_COUNT};
	}
	if (streq(name, "sync.(*RWMutex).rUnlockSlow")) {
		return (struct operation){UNLOCKS, READER_COUNT};
	}
	return str_ends(name, "lockSlow") ? flow_operation(name)
	                                  : (struct operation){USES_NOTHING, 0};
}

const char *flow_called(struct flow *w, const struct insn *i) {
	return i->target != 0 ? symbols_function(&w->s->symbols, i->target) : "";
}

bool flow_returns(const char *name) {
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

uint32_t flow_insn_at(const struct flow *w, uint64_t pc) {
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

bool flow_decode(struct flow *w, struct slice code) {
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
			struct operation o = flow_inlined(flow_called(w, i));
			if (o.use != USES_NOTHING) {
				return o;
			}
			continue;
		}
		if (is_atomic(i)) {
			continue;
		}
		uint32_t to[2] = {i->kind == INSN_JUMP ? UINT32_MAX : at + 1,
		                  i->target != 0 ? flow_insn_at(w, i->target) : UINT32_MAX};
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

bool flow_find_leaders(struct flow *w) {
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
		uint32_t to = i->kind == INSN_JUMP || i->kind == INSN_BRANCH
		                      ? flow_insn_at(w, i->target)
		                      : UINT32_MAX;
		if (to != UINT32_MAX && w->leaders[to] == 0) {
			w->leaders[to] = (uint32_t)++w->state_count;
		}
	}
	return true;
}
