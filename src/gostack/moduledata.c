/* SPDX-License-Identifier: MIT */
#include "gostack/moduledata.h"

#include "gostack/bytes.h"
#include "gostack/layout.h"

#include <elf.h>
#include <errno.h>

#define WINDOW_BYTES ((size_t)64 * 1024)
#define SCAN_MAX     ((uint64_t)256 * 1024 * 1024)

static uint64_t field(const char *module, size_t offset) {
	return bytes_get_u64(module + offset);
}

/* It points to our table, has as many functions, and its text is where the file has some. */
static bool is_module(const char *p, const struct pclntab *tab, uint64_t header,
                      const struct elf_image *elf, uint64_t bias) {
	uint64_t text = field(p, MODULE_TEXT);
	return field(p, MODULE_PCHEADER) == header &&
	       field(p, MODULE_FUNCTION_COUNT) == tab->function_count + 1 &&
	       field(p, MODULE_MIN_PC) >= text &&
	       field(p, MODULE_MIN_PC) < field(p, MODULE_MAX_PC) &&
	       elf_image_at(elf, text - bias).len > 0;
}

/* Function data lies in a part of the file that holds no code, and not at its end. */
static bool gofunc_fits(const struct elf_image *elf, uint64_t bias, uint64_t gofunc) {
	for (size_t i = 0; i < elf->segment_count; i++) {
		const struct elf_segment *s = &elf->segments[i];
		if (s->type == PT_LOAD && gofunc - bias >= s->address &&
		    gofunc - bias - s->address < s->file_bytes) {
			return (s->flags & PF_X) == 0;
		}
	}
	return false;
}

static uint64_t find_gofunc(const char *p, const struct elf_image *elf, uint64_t bias, int minor) {
	const uint16_t places[] = {go_layout_gofunc(minor), 344, 320, 304};
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		uint64_t gofunc = field(p, places[i]);
		if (gofunc_fits(elf, bias, gofunc)) {
			return gofunc;
		}
	}
	return 0;
}

/* Looks at one stretch of memory for the struct. */
static int search(struct memory *memory, uint64_t start, uint64_t bytes, char *window,
                  const struct pclntab *tab, const struct elf_image *elf, uint64_t bias,
                  uint64_t *ret) {
	uint64_t header = tab->address + bias;
	bytes = bytes < SCAN_MAX ? bytes : SCAN_MAX;
	for (uint64_t at = 0; at < bytes; at += WINDOW_BYTES - MODULE_BYTES) {
		uint64_t want = bytes - at < WINDOW_BYTES ? bytes - at : WINDOW_BYTES;
		struct memory_part part = {start + at, window, (size_t)want, 0};
		int r = memory_read(memory, &part, 1);
		if (r < 0) {
			return r;
		}
		for (size_t i = 0; i + MODULE_BYTES <= part.got; i += 8) {
			if (bytes_get_u64(window + i) == header &&
			    is_module(window + i, tab, header, elf, bias)) {
				*ret = start + at + i;
				return 0;
			}
		}
		if (part.got < want) {
			break;
		}
	}
	return -ENOENT;
}

static int locate(struct arena *arena, struct memory *memory, const struct elf_image *elf,
                  uint64_t bias, const struct pclntab *tab, uint64_t *ret) {
	char *window = arena_alloc(arena, WINDOW_BYTES);
	const struct elf_section *s = elf_image_section(elf, ".go.module");
	int r = s ? search(memory, s->address + bias, s->bytes, window, tab, elf, bias, ret)
	          : -ENOENT;
	for (size_t i = 0; i < elf->segment_count && r == -ENOENT; i++) {
		const struct elf_segment *g = &elf->segments[i];
		if (g->type == PT_LOAD && (g->flags & PF_W) != 0) {
			uint64_t start = (g->address + bias + 7) & ~(uint64_t)7;
			r = search(memory, start, g->file_bytes, window, tab, elf, bias, ret);
		}
	}
	return r;
}

int moduledata_find(struct arena *arena, struct memory *memory, const struct elf_image *elf,
                    uint64_t bias, int minor, struct pclntab *tab, struct moduledata *ret) {
	char p[MODULE_BYTES];
	uint64_t address = 0;
	int r = locate(arena, memory, elf, bias, tab, &address);
	if (r == 0) {
		r = memory_get(memory, address, p, sizeof(p));
	}
	if (r < 0) {
		return r;
	}
	*ret = (struct moduledata){
		.address = address,
		.text = field(p, MODULE_TEXT),
		.etext = field(p, MODULE_ETEXT),
		.data = field(p, MODULE_DATA),
		.edata = field(p, MODULE_EDATA),
		.bss = field(p, MODULE_BSS),
		.ebss = field(p, MODULE_EBSS),
		.gofunc = find_gofunc(p, elf, bias, minor),
	};
	tab->text = ret->text;
	tab->min_pc = field(p, MODULE_MIN_PC);
	tab->max_pc = field(p, MODULE_MAX_PC);
	if (ret->gofunc != 0) {
		tab->funcdata = elf_image_at(elf, ret->gofunc - bias);
	}
	return 0;
}
