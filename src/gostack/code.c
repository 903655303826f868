/* SPDX-License-Identifier: MIT */
#include "gostack/code.h"

#include "base/str.h"
#include "gostack/bytes.h"

#include <elf.h>

#define CACHE_SLOTS 256U                  /* a power of two */
#define CODE_MAX    ((uint64_t)64 * 1024) /* of one function; longer ones tell nothing */
#define LOOKS_MAX   20000                 /* functions that are looked at in all */

struct code_cache {
	struct {
		uint64_t entry;
		uint16_t calls;
		bool only;
	} calls[CACHE_SLOTS];
	size_t looks;
};

struct code_cache *code_cache_new(struct arena *arena) {
	return arena_new_of(arena, struct code_cache);
}

static uint16_t calls_of(const char *name) {
	static const struct {
		const char *name;
		uint16_t calls;
	} known[] = {
		{"sync.(*Mutex).Unlock", CALLS_UNLOCK},
		{"sync.(*Mutex).unlockSlow", CALLS_UNLOCK},
		{"internal/sync.(*Mutex).Unlock", CALLS_UNLOCK},
		{"internal/sync.(*Mutex).unlockSlow", CALLS_UNLOCK},
		{"sync.(*RWMutex).RUnlock", CALLS_RUNLOCK},
		{"sync.(*RWMutex).rUnlockSlow", CALLS_RUNLOCK},
		{"sync.(*RWMutex).Unlock", CALLS_RW_UNLOCK},
		{"sync.(*WaitGroup).Done", CALLS_DONE},
		{"sync.(*WaitGroup).Add", CALLS_DONE},
		{"runtime.closechan", CALLS_CLOSE},
		{"sync.(*Cond).Broadcast", CALLS_WAKE},
		{"internal/poll.(*FD).readUnlock", CALLS_FD_READ},
		{"internal/poll.(*FD).writeUnlock", CALLS_FD_WRITE},
		{"sync.(*Mutex).Lock", CALLS_LOCK},
		{"sync.(*Mutex).lockSlow", CALLS_LOCK},
		{"internal/sync.(*Mutex).Lock", CALLS_LOCK},
		{"internal/sync.(*Mutex).lockSlow", CALLS_LOCK},
		{"sync.(*RWMutex).Lock", CALLS_LOCK},
		{"sync.(*RWMutex).RLock", CALLS_LOCK},
		{"sync.runtime_SemacquireRWMutexR", CALLS_LOCK},
	};
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		if (streq(name, known[i].name)) {
			return known[i].calls;
		}
	}
	return 0;
}

static struct slice code_of(struct gostack *s, const struct pcln_function *f) {
	if (f->end <= f->entry || f->end - f->entry > CODE_MAX) {
		return (struct slice){0};
	}
	return bytes_sub(elf_image_at(&s->elf, f->entry - s->bias), 0, f->end - f->entry);
}

static bool is_arm(const struct gostack *s) {
	return s->arch->machine == EM_AARCH64;
}

/* ---- instructions ---- */

/* The function a call goes to; 0 when it is none. On amd64 any five bytes may look like one: only
 * those that go to the first instruction of a function count. */
static uint64_t call_target(const struct gostack *s, struct slice code, uint64_t at, uint64_t pc) {
	uint32_t word = 0;
	uint8_t op = 0;
	if (is_arm(s)) {
		if (!bytes_u32(code, at, &word) || word >> 26 != 0x25) { /* BL */
			return 0;
		}
		int64_t words = (int32_t)(word << 6) >> 6;
		return pc + (uint64_t)(words * 4);
	}
	if (!bytes_u8(code, at, &op) || op != 0xe8 || !bytes_u32(code, at + 1, &word)) {
		return 0;
	}
	return pc + 5 + (uint64_t)(int64_t)(int32_t)word;
}

/* Unlocking a file is mostly inlined, up to this function for both sides. */
static uint16_t side_of(struct gostack *s, uint64_t pc) {
	uint32_t index = symbols_pc(&s->symbols, pc, true);
	const struct go_pc *p = index != SYMBOL_NONE ? &s->symbols.pcs[index] : NULL;
	uint16_t calls = 0;
	for (uint16_t i = 0; p && i < p->line_count; i++) {
		calls |= calls_of(s->symbols.lines[p->first_line + i].function);
	}
	return calls & (CALLS_FD_READ | CALLS_FD_WRITE);
}

static uint16_t calls_at(struct gostack *s, struct slice code, uint64_t at, uint64_t pc) {
	struct pcln_function f;
	uint64_t target = call_target(s, code, at, pc);
	if (target == 0 || !pclntab_function(&s->tab, target, &f) || f.entry != target) {
		return 0;
	}
	const char *name = symbols_function(&s->symbols, target);
	return streq(name, "internal/poll.(*fdMutex).rwunlock") ? side_of(s, pc) : calls_of(name);
}

/* ---- functions ---- */

/* Closures the compiler makes for a deferred call: named so since go1.22, before only marked. */
static bool is_compilers(const struct gostack *s, const char *name, uint8_t id) {
	const char *dot = strrchr(name, '.');
	return dot &&
	       (s->minor >= 22 ? str_starts(dot, ".deferwrap") : id == s->symbols.wrapper_id);
}

uint16_t code_calls(struct gostack *s, struct code_cache *cache, uint64_t entry, bool *ret_only) {
	size_t slot = (size_t)(entry >> 4) & (CACHE_SLOTS - 1);
	struct pcln_function f;
	*ret_only = false;
	if (cache->calls[slot].entry != entry) {
		if (!pclntab_function(&s->tab, entry, &f) || f.entry != entry ||
		    cache->looks++ > LOOKS_MAX) {
			return 0;
		}
		struct slice code = code_of(s, &f);
		uint16_t calls = 0;
		for (uint64_t at = 0; at < code.len; at += s->tab.min_lc) {
			calls |= calls_at(s, code, at, entry + at);
		}
		cache->calls[slot].entry = entry;
		cache->calls[slot].calls = calls;
		cache->calls[slot].only =
			is_compilers(s, symbols_function(&s->symbols, entry), f.id);
	}
	*ret_only = cache->calls[slot].only;
	return cache->calls[slot].calls;
}
