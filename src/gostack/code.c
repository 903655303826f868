/* SPDX-License-Identifier: MIT */
#include "gostack/code.h"

#include "base/str.h"
#include "gostack/bytes.h"

#include <elf.h>

#define CACHE_SLOTS 256U                  /* a power of two */
#define CODE_MAX    ((uint64_t)64 * 1024) /* of one function; longer ones tell nothing */
#define LINES_MAX   16
#define LOOKS_MAX   20000 /* functions that are looked at in all */

struct lock_lines {
	uint64_t pc;
	bool one; /* one Lock, before; no Unlock before */
	int32_t unlocks[LINES_MAX];
	size_t unlock_count;
};

struct code_cache {
	struct {
		uint64_t entry;
		uint8_t calls;
		bool only;
	} calls[CACHE_SLOTS];
	struct lock_lines lines[CACHE_SLOTS];
	size_t looks;
};

struct code_cache *code_cache_new(struct arena *arena) {
	return arena_new_of(arena, struct code_cache);
}

static uint8_t calls_of(const char *name) {
	static const struct {
		const char *name;
		uint8_t calls;
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

static uint8_t calls_at(struct gostack *s, struct slice code, uint64_t at, uint64_t pc) {
	struct pcln_function f;
	uint64_t target = call_target(s, code, at, pc);
	return target != 0 && pclntab_function(&s->tab, target, &f) && f.entry == target
	               ? calls_of(symbols_function(&s->symbols, target))
	               : 0;
}

/* The address a place refers to; 0 for none. amd64: four bytes that count from behind themselves;
 * arm64: ADRP and ADD. */
static uint64_t address_at(const struct gostack *s, struct slice code, uint64_t at, uint64_t pc) {
	uint32_t word = 0;
	uint32_t next = 0;
	if (!bytes_u32(code, at, &word)) {
		return 0;
	}
	if (!is_arm(s)) {
		return pc + 4 + (uint64_t)(int64_t)(int32_t)word;
	}
	if ((word & 0x9f000000U) != 0x90000000U || !bytes_u32(code, at + 4, &next) ||
	    (next & 0xffc00000U) != 0x91000000U) {
		return 0;
	}
	uint64_t immediate = ((uint64_t)(word >> 5 & 0x7ffff) << 2) | (word >> 29 & 3);
	int64_t pages = (int64_t)(immediate << 43) >> 43;
	return (pc & ~UINT64_C(0xfff)) + (uint64_t)(pages * 4096) + (next >> 10 & 0xfff);
}

/* A load of eight bytes from so far above the stack pointer? */
static bool loads(const struct gostack *s, struct slice code, uint64_t at, uint64_t slot) {
	uint32_t word = 0;
	uint32_t far = 0;
	if (!bytes_u32(code, at, &word)) {
		return false;
	}
	if (is_arm(s)) {
		return (word & 0xffc003e0U) == 0xf94003e0U && (word >> 10 & 0xfff) * 8U == slot;
	}
	/* REX.W 8b /r with the stack pointer as base, and one or four bytes of distance. */
	if ((word & 0xfb) != 0x48 || (word >> 8 & 0xff) != 0x8b || word >> 24 != 0x24) {
		return false;
	}
	uint32_t mode = word >> 16 & 0xc7;
	uint8_t near = 0;
	return (mode == 0x44 && bytes_u8(code, at + 4, &near) && near < 128 && near == slot) ||
	       (mode == 0x84 && bytes_u32(code, at + 4, &far) && far == slot);
}

/* Is so much added to a pointer, or is it the distance of an access? */
static bool adds(const struct gostack *s, struct slice code, uint64_t at, uint64_t inside) {
	uint32_t word = 0;
	uint8_t near = 0;
	if (is_arm(s)) {
		return bytes_u32(code, at, &word) && (word & 0xffc00000U) == 0x91000000U &&
		       (word >> 10 & 0xfff) == inside;
	}
	return inside < 128 ? bytes_u8(code, at, &near) && near == inside
	                    : bytes_u32(code, at, &word) && word == inside;
}

/* ---- functions ---- */

/* Closures the compiler makes for a deferred call: named so since go1.22, before only marked. */
static bool is_compilers(const struct gostack *s, const char *name, uint8_t id) {
	const char *dot = strrchr(name, '.');
	return dot &&
	       (s->minor >= 22 ? str_starts(dot, ".deferwrap") : id == s->symbols.wrapper_id);
}

uint8_t code_calls(struct gostack *s, struct code_cache *cache, uint64_t entry, bool *ret_only) {
	size_t slot = (size_t)(entry >> 4) & (CACHE_SLOTS - 1);
	struct pcln_function f;
	*ret_only = false;
	if (cache->calls[slot].entry != entry) {
		if (!pclntab_function(&s->tab, entry, &f) || f.entry != entry ||
		    cache->looks++ > LOOKS_MAX) {
			return 0;
		}
		struct slice code = code_of(s, &f);
		uint8_t calls = 0;
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

/* The line in the function itself, whatever was inlined there. */
static int32_t own_line(struct gostack *s, const struct pcln_function *f, uint64_t pc) {
	struct pcln_inline call;
	struct slice file;
	int32_t line = 0;
	for (int i = 0; i < PC_LINES_MAX && pclntab_inlined(&s->tab, f, pc, &call); i++) {
		pc = call.parent_pc;
	}
	return pclntab_line(&s->tab, f, pc, &file, &line) ? line : 0;
}

static void find_lines(struct gostack *s, const struct pcln_function *f, struct slice code,
                       struct lock_lines *ret) {
	int locks = 0, locks_before = 0, unlocks_before = 0;
	int32_t here = own_line(s, f, ret->pc > f->entry ? ret->pc - 1 : ret->pc);
	for (uint64_t at = 0; at < code.len; at += s->tab.min_lc) {
		uint8_t calls = calls_at(s, code, at, f->entry + at);
		int32_t line = calls != 0 ? own_line(s, f, f->entry + at) : here;
		if (line == here) {
			continue;
		}
		if ((calls & CALLS_LOCK) != 0) {
			locks++;
			locks_before += line < here ? 1 : 0;
		} else if ((calls & (CALLS_UNLOCK | CALLS_RUNLOCK | CALLS_RW_UNLOCK)) != 0) {
			unlocks_before += line < here ? 1 : 0;
			if (line > here && ret->unlock_count < LINES_MAX) {
				ret->unlocks[ret->unlock_count++] = line;
			}
		}
	}
	ret->one = locks == 1 && locks_before == 1 && unlocks_before == 0;
}

/* Is there on one of the lines what uses the operand? */
static bool uses(struct gostack *s, const struct pcln_function *f, struct slice code,
                 const struct lock_lines *lines, const struct code_operand *o) {
	bool loaded[LINES_MAX] = {false};
	bool added[LINES_MAX] = {false};
	for (uint64_t at = 0; at < code.len; at += s->tab.min_lc) {
		bool load = o->global ? address_at(s, code, at, f->entry + at) == o->address
		                      : loads(s, code, at, o->slot);
		bool add = !o->global && o->inside != 0 && adds(s, code, at, o->inside);
		int32_t line = load || add ? own_line(s, f, f->entry + at) : 0;
		for (size_t i = 0; i < lines->unlock_count && (load || add); i++) {
			loaded[i] = loaded[i] || (load && lines->unlocks[i] == line);
			added[i] = added[i] || (add && lines->unlocks[i] == line);
		}
	}
	for (size_t i = 0; i < lines->unlock_count; i++) {
		if (loaded[i] && (added[i] || o->global || o->inside == 0)) {
			return true;
		}
	}
	return false;
}

bool code_holds(struct gostack *s, struct code_cache *cache, uint64_t pc,
                const struct code_operand *operand) {
	struct lock_lines *lines = &cache->lines[(size_t)(pc >> 2) & (CACHE_SLOTS - 1)];
	struct pcln_function f;
	if (!pclntab_function(&s->tab, pc, &f)) {
		return false;
	}
	struct slice code = code_of(s, &f);
	if (lines->pc != pc) {
		if (cache->looks++ > LOOKS_MAX) {
			return false;
		}
		*lines = (struct lock_lines){.pc = pc};
		find_lines(s, &f, code, lines);
	}
	return lines->one && lines->unlock_count > 0 && cache->looks++ <= LOOKS_MAX &&
	       uses(s, &f, code, lines, operand);
}
