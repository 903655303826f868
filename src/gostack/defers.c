/* SPDX-License-Identifier: MIT */
#include "gostack/defers.h"

#include "gostack/bytes.h"

#define FUNCDATA_DEFERS 4U /* abi.FUNCDATA_OpenCodedDeferInfo */
#define OPEN_MAX        8U /* bits in the byte */
#define LIST_MAX        64

/* Of struct _defer. */
#define DEFER_FN    24
#define DEFER_LINK  (s->minor >= 22 ? 32 : 40)
#define DEFER_BYTES 48

static bool add_closure(struct gostack *s, struct code_cache *cache, uint64_t closure, uint32_t pc,
                        struct deferred *ret) {
	char bytes[8 + DEFER_WORDS * 8];
	struct memory_part part = {closure, bytes, sizeof(bytes), 0};
	*ret = (struct deferred){.pc = pc};
	if (closure == 0 || closure % 8 != 0 || memory_read(s->memory, &part, 1) < 0 ||
	    part.got < 8) {
		return false;
	}
	ret->calls = code_calls(s, cache, bytes_get_u64(bytes), &ret->only);
	for (size_t at = 8; at + 8 <= part.got; at += 8) {
		ret->words[ret->word_count++] = bytes_get_u64(bytes + at);
	}
	return true;
}

/* Where the frame's variables end: below the return address and the saved frame pointer. */
static uint64_t frame_variables(const struct go_pc *p, uint64_t sp) {
	return sp + (uint64_t)(int64_t)p->frame - 8;
}

static size_t add_open_coded(struct gostack *s, struct code_cache *cache, uint32_t pc, uint64_t sp,
                             struct deferred *ret, size_t room) {
	const struct go_pc *p = &s->symbols.pcs[pc];
	struct pcln_function f;
	uint32_t info = 0, bits_at = 0, second = 0;
	uint64_t offset = 0;
	uint8_t bits = 0;
	size_t n = 0;
	if (p->frame < 16 || !pclntab_function(&s->tab, p->pc, &f) ||
	    f.funcdata_count <= FUNCDATA_DEFERS ||
	    !bytes_u32(s->tab.bytes, f.funcdata + (uint64_t)FUNCDATA_DEFERS * 4, &info) ||
	    info == UINT32_MAX) {
		return 0;
	}
	offset = info;
	uint64_t variables = frame_variables(p, sp);
	if (!bytes_varint(s->tab.funcdata, &offset, &bits_at) ||
	    !bytes_varint(s->tab.funcdata, &offset, &second) ||
	    memory_get(s->memory, variables - bits_at, &bits, 1) < 0) {
		return 0;
	}
	/* Since go1.22 `second` is where the first slot is; before, their number, and the slots follow
	 * from the last to the first. */
	unsigned count = s->minor >= 22 ? OPEN_MAX : second < OPEN_MAX ? second : OPEN_MAX;
	for (unsigned k = 0; k < count && n < room; k++) {
		unsigned index = count - 1 - k;
		uint32_t slot = 0;
		uint64_t closure = 0;
		if (s->minor < 22 && !bytes_varint(s->tab.funcdata, &offset, &slot)) {
			break;
		}
		uint64_t at =
			s->minor < 22 ? variables - slot : variables - second + (uint64_t)index * 8;
		if ((bits & (1U << index)) != 0 && memory_get(s->memory, at, &closure, 8) == 0) {
			n += add_closure(s, cache, closure, pc, &ret[n]) ? 1 : 0;
		}
	}
	return n;
}

/* The goroutine's list: defers in loops, and those of functions with too many. Which frame made one is
 * told by the stack pointer it had. */
static size_t add_listed(struct gostack *s, struct code_cache *cache, const struct goroutine *g,
                         const struct defer_frames *frames, struct deferred *ret, size_t room) {
	uint64_t record = 0;
	size_t n = 0;
	if (memory_get(s->memory, g->address + G_DEFER, &record, 8) < 0) {
		return 0;
	}
	for (int i = 0; i < LIST_MAX && record != 0 && n < room; i++) {
		char bytes[DEFER_BYTES];
		if (memory_get(s->memory, record, bytes, sizeof(bytes)) < 0) {
			break;
		}
		uint64_t sp = bytes_get_u64(bytes + 8);
		bool begun = s->minor < 22 && (bytes[0] != 0 || bytes[2] != 0);
		uint32_t pc = SYMBOL_NONE;
		for (size_t k = 0; k < frames->count; k++) {
			pc = frames->sps[k] == sp ? frames->pcs[k] : pc;
		}
		if (pc != SYMBOL_NONE && !begun) {
			n += add_closure(s, cache, bytes_get_u64(bytes + DEFER_FN), pc, &ret[n])
			             ? 1
			             : 0;
		}
		record = bytes_get_u64(bytes + DEFER_LINK);
	}
	return n;
}

size_t defers_pending(struct gostack *s, struct code_cache *cache, const struct goroutine *g,
                      const struct defer_frames *frames, struct deferred *ret) {
	size_t n = 0;
	for (size_t i = 0; i < frames->count && n < DEFERS_MAX; i++) {
		n += add_open_coded(s, cache, frames->pcs[i], frames->sps[i], ret + n,
		                    DEFERS_MAX - n);
	}
	return n + add_listed(s, cache, g, frames, ret + n, DEFERS_MAX - n);
}
