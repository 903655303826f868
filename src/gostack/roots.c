/* SPDX-License-Identifier: MIT */
#include "gostack/roots.h"

#include "base/str.h"
#include "gostack/bytes.h"
#include "gostack/goroutines.h"

#include <elf.h>
#include <errno.h>

#define WINDOW         ((size_t)64 * 1024)
#define RANGE_MAX      ((uint64_t)64 * 1024 * 1024)
#define CANDIDATES     ((size_t)256)
#define CANDIDATES_MAX ((size_t)1 << 16) /* of hostile data; real programs have some hundreds */
#define LENGTH_MAX     ((uint64_t)1 << 24)
#define ADDRESS_MAX    ((uint64_t)1 << 56)
#define WORD_MAX       ((uint64_t)64)
#define VERSION_MIN    ((uint64_t)5)

/* Calls look for every stretch of [start, end); each overlaps the one before by overlap bytes.
 * Stops when look gives anything but 0. */
struct sweep {
	struct arena *arena;
	struct memory *memory;
	size_t overlap;
	int (*look)(struct sweep *sweep, uint64_t address, struct slice bytes);
	void *data;
};

static int sweep_range(struct sweep *s, uint64_t start, uint64_t end) {
	start = (start + 7) & ~(uint64_t)7;
	if (start >= end) {
		return 0;
	}
	end = end - start < RANGE_MAX ? end : start + RANGE_MAX;
	char *window = arena_alloc(s->arena, WINDOW);
	for (uint64_t at = start; at < end; at += WINDOW - s->overlap) {
		uint64_t want = end - at < WINDOW ? end - at : WINDOW;
		struct memory_part part = {at, window, (size_t)want, 0};
		int r = memory_read(s->memory, &part, 1);
		if (r == 0 && part.got > 0) {
			r = s->look(s, at, slice_of(window, part.got));
		}
		if (r != 0 || end - at <= WINDOW) {
			return r;
		}
	}
	return 0;
}

/* ---- all goroutines ---- */

struct hunt {
	const struct go_arch *arch;
	struct symbols *symbols;
	const struct go_layout *const *layouts;
	size_t layout_count;
	size_t tried;
	uint64_t found[CANDIDATES]; /* addresses of what could be slice headers */
	uint64_t first[CANDIDATES]; /* address of their first element */
	size_t count;
	uint64_t address;
	const struct go_layout *layout;
};

static bool is_main_goroutine(struct hunt *h, const struct go_layout *layout, uint64_t address,
                              const char *bytes) {
	struct goroutine g;
	goroutine_decode(h->arch, layout, address, bytes, G_BYTES, &g);
	return g.id == 1 && g.fits &&
	       streq(symbols_function(h->symbols, g.start_pc), "runtime.main") &&
	       bytes_get_u64(bytes + layout->start_pc) != 0;
}

/* Follows all candidates that are waiting. 1 when one of them is it. */
static int try_candidates(struct sweep *s) {
	struct hunt *h = s->data;
	struct memory_part parts[CANDIDATES];
	uint64_t goroutines[CANDIDATES];
	char *bytes = arena_alloc(s->arena, CANDIDATES * G_BYTES);
	size_t n = h->count;
	h->count = 0;
	for (size_t i = 0; i < n; i++) {
		goroutines[i] = 0;
		parts[i] = (struct memory_part){h->first[i], &goroutines[i], 8, 0};
	}
	int r = memory_read(s->memory, parts, n);
	for (size_t i = 0; i < n; i++) {
		parts[i] = (struct memory_part){goroutines[i], bytes + i * G_BYTES,
		                                goroutines[i] % 8 == 0 && goroutines[i] != 0 &&
		                                                goroutines[i] < ADDRESS_MAX
		                                        ? G_BYTES
		                                        : 0,
		                                0};
	}
	r = r < 0 ? r : memory_read(s->memory, parts, n);
	for (size_t i = 0; i < n && r == 0; i++) {
		for (size_t k = 0; k < h->layout_count && parts[i].got == G_BYTES; k++) {
			if (is_main_goroutine(h, h->layouts[k], goroutines[i], parts[i].into)) {
				h->address = h->found[i];
				h->layout = h->layouts[k];
				return 1;
			}
		}
	}
	return r;
}

static int look_for_goroutines(struct sweep *s, uint64_t address, struct slice bytes) {
	struct hunt *h = s->data;
	for (size_t i = 0; i + 24 <= bytes.len && h->tried < CANDIDATES_MAX; i += 8) {
		uint64_t list = bytes_get_u64(bytes.data + i);
		uint64_t length = bytes_get_u64(bytes.data + i + 8);
		uint64_t room = bytes_get_u64(bytes.data + i + 16);
		if (list == 0 || list % 8 != 0 || list >= ADDRESS_MAX || length == 0 ||
		    length > room || room >= LENGTH_MAX) {
			continue;
		}
		h->found[h->count] = address + i;
		h->first[h->count++] = list;
		h->tried++;
		int r = h->count == CANDIDATES ? try_candidates(s) : 0;
		if (r != 0) {
			return r;
		}
	}
	return 0;
}

int roots_find_goroutines(struct arena *arena, struct memory *memory, const struct go_arch *arch,
                          const struct moduledata *module, struct symbols *symbols,
                          const struct go_layout *const *layouts, size_t layout_count,
                          uint64_t *ret_address, const struct go_layout **ret_layout) {
	struct hunt hunt = {
		.arch = arch, .symbols = symbols, .layouts = layouts, .layout_count = layout_count};
	struct sweep s = {arena, memory, 24, look_for_goroutines, &hunt};
	int r = sweep_range(&s, module->bss, module->ebss);
	if (r == 0 && hunt.count > 0) {
		r = try_candidates(&s);
	}
	if (r <= 0) {
		return r < 0 ? r : -ENOENT;
	}
	*ret_address = hunt.address;
	*ret_layout = hunt.layout;
	return 0;
}

/* ---- words ---- */

/* A short printable string behind a header {pointer, length}; NULL when it is none. */
static const char *word_at(struct arena *arena, struct memory *memory, const char *header) {
	char text[WORD_MAX];
	uint64_t length = bytes_get_u64(header + 8);
	if (length == 0 || length > sizeof(text) ||
	    memory_get(memory, bytes_get_u64(header), text, (size_t)length) < 0) {
		return NULL;
	}
	for (size_t i = 0; i < length; i++) {
		if (text[i] < ' ' || text[i] > '~') {
			return NULL;
		}
	}
	return arena_strndup(arena, text, (size_t)length);
}

#define WAIT_TABLE_BYTES (WAIT_REASONS_MAX * 16)

/* It begins with "", "GC assist marking", "IO wait" in every release. */
static int look_for_reasons(struct sweep *s, uint64_t address, struct slice bytes) {
	struct wait_reasons *ret = s->data;
	(void)address;
	for (size_t i = 0; i + 48 <= bytes.len; i += 8) {
		const char *p = bytes.data + i;
		if (bytes_get_u64(p) != 0 || bytes_get_u64(p + 8) != 0 ||
		    bytes_get_u64(p + 24) != strlen("GC assist marking") ||
		    bytes_get_u64(p + 40) != strlen("IO wait") ||
		    !streq(word_at(s->arena, s->memory, p + 16), "GC assist marking") ||
		    !streq(word_at(s->arena, s->memory, p + 32), "IO wait")) {
			continue;
		}
		ret->words[0] = "";
		ret->count = 1;
		while (ret->count < WAIT_REASONS_MAX && i + ret->count * 16 + 16 <= bytes.len) {
			const char *word = word_at(s->arena, s->memory, p + ret->count * 16);
			if (!word) {
				break;
			}
			ret->words[ret->count++] = word;
		}
		return 1;
	}
	return 0;
}

void roots_find_wait_reasons(struct arena *arena, struct memory *memory,
                             const struct moduledata *module, struct wait_reasons *ret) {
	struct sweep s = {arena, memory, WAIT_TABLE_BYTES, look_for_reasons, ret};
	*ret = (struct wait_reasons){0};
	(void)sweep_range(&s, module->data, module->edata);
}

struct version_hunt {
	const struct elf_image *elf;
	uint64_t bias;
	const char *found;
};

static int look_for_version(struct sweep *s, uint64_t address, struct slice bytes) {
	struct version_hunt *h = s->data;
	(void)address;
	for (size_t i = 0; i + 16 <= bytes.len; i += 8) {
		uint64_t length = bytes_get_u64(bytes.data + i + 8);
		if (length < VERSION_MIN || length > WORD_MAX) {
			continue;
		}
		struct slice text = elf_image_at(h->elf, bytes_get_u64(bytes.data + i) - h->bias);
		text = bytes_sub(text, 0, length);
		if (text.len == length &&
		    (slice_starts(text, "go1.") || slice_starts(text, "devel go1."))) {
			h->found = word_at(s->arena, s->memory, bytes.data + i);
			if (h->found && go_minor_of(h->found) >= 0) {
				return 1;
			}
		}
	}
	return 0;
}

const char *roots_find_version(struct arena *arena, struct memory *memory,
                               const struct elf_image *elf, uint64_t bias) {
	struct version_hunt hunt = {elf, bias, ""};
	struct sweep s = {arena, memory, 16, look_for_version, &hunt};
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *g = &elf->segments[i];
		if (g->type == PT_LOAD && (g->flags & PF_W) != 0 &&
		    sweep_range(&s, g->address + bias, g->address + bias + g->file_bytes) > 0) {
			return hunt.found;
		}
	}
	return "";
}
