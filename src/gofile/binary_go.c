/* SPDX-License-Identifier: MIT
 * Go build info. The linker leaves a 32-byte header: 14 bytes of magic, the size of a pointer,
 * flags. Since 1.18 (flag 2) two strings with their lengths follow; before, two pointers to Go
 * strings lie in the header.
 */
#include "base/str.h"
#include "gofile/binary_private.h"
#include "gofile/golex.h"

#include <elf.h>

#define MAGIC           "\xff Go buildinf:"
#define MAGIC_BYTES     ((size_t)14)
#define HEADER_BYTES    ((size_t)32)
#define ALIGN_BYTES     ((uint64_t)16)
#define CHUNK_BYTES     ((size_t)(64 * 1024))
#define SENTINEL_BYTES  ((size_t)16) /* around the list of modules */
#define VERSION_MAX     ((uint64_t)1024)
#define FLAG_BIG_ENDIAN 1
#define FLAG_INLINE     2

/* The range that should hold the header: the section of that name, or the first data segment. */
static bool data_range(const struct binary_source *src, uint64_t *ret_address,
                       uint64_t *ret_bytes) {
	if (src->buildinfo_bytes > 0) {
		*ret_address = src->buildinfo_address;
		*ret_bytes = src->buildinfo_bytes;
		return true;
	}
	for (size_t i = 0; i < src->segment_count; i++) {
		const struct binary_segment *s = &src->segments[i];
		if (s->type == PT_LOAD && (s->flags & (PF_X | PF_W)) == PF_W) {
			*ret_address = s->address;
			*ret_bytes = s->memory_bytes;
			return true;
		}
	}
	return false;
}

static bool find_header(const struct binary_source *src, uint64_t *ret_address) {
	uint64_t start = 0;
	uint64_t bytes = 0;
	if (!data_range(src, &start, &bytes)) {
		return false;
	}
	uint64_t skip = (ALIGN_BYTES - start % ALIGN_BYTES) % ALIGN_BYTES;
	bytes = bytes < BINARY_SEARCH_MAX ? bytes : BINARY_SEARCH_MAX;
	unsigned char *buf = arena_alloc(src->arena, CHUNK_BYTES);
	for (uint64_t at = skip; at < bytes; at += CHUNK_BYTES) {
		uint64_t address = 0;
		if (__builtin_add_overflow(start, at, &address)) {
			return false;
		}
		size_t n = binary_read_address(src, address, buf, CHUNK_BYTES);
		for (size_t i = 0; i + MAGIC_BYTES <= n; i += ALIGN_BYTES) {
			if (memcmp(buf + i, MAGIC, MAGIC_BYTES) == 0) {
				*ret_address = address + i;
				return true;
			}
		}
		if (n < CHUNK_BYTES) {
			return false;
		}
	}
	return false;
}

/* len bytes at address, or an empty slice when they are not all there or too many. */
static struct slice bytes_at(const struct binary_source *src, uint64_t address, uint64_t len,
                             uint64_t cap) {
	struct slice none = {0};
	if (len == 0 || len > cap || len > binary_address_left(src, address)) {
		return none;
	}
	char *buf = arena_alloc(src->arena, (size_t)len);
	size_t n = binary_read_address(src, address, buf, (size_t)len);
	return n == len ? slice_of(buf, n) : none;
}

/* A length as varint, then the bytes. *address moves behind them. */
static struct slice inline_string(const struct binary_source *src, uint64_t *address,
                                  uint64_t cap) {
	unsigned char p[10] = {0};
	size_t n = binary_read_address(src, *address, p, sizeof(p));
	uint64_t len = 0;
	for (size_t i = 0; i < n && i < 9; i++) {
		len |= (uint64_t)(p[i] & 0x7F) << (7 * i);
		if ((p[i] & 0x80) == 0) {
			struct slice s = bytes_at(src, *address + i + 1, len, cap);
			*address += i + 1 + len;
			return s;
		}
	}
	return (struct slice){0};
}

/* A pointer to a Go string: pointer and length. */
static struct slice pointed_string(const struct binary_source *src, bool big, size_t width,
                                   uint64_t address, uint64_t cap) {
	unsigned char p[16] = {0};
	if (binary_read_address(src, address, p, 2 * width) != 2 * width) {
		return (struct slice){0};
	}
	uint64_t data = binary_number(big, p, width);
	return bytes_at(src, data, binary_number(big, p + width, width), cap);
}

/* A key or value of a build line: plain or quoted. */
static const char *setting_word(struct arena *arena, struct slice s) {
	if (s.len > 0 && (s.data[0] == '"' || s.data[0] == '`')) {
		const char *value = golex_unquote(arena, s, NULL);
		if (value) {
			return value;
		}
	}
	return arena_slicedup(arena, s);
}

static void add_setting(struct arena *arena, struct slice text, struct binary *bin) {
	const char *equals = text.len > 0 ? memchr(text.data, '=', text.len) : NULL;
	if (!equals || bin->setting_count == BINARY_SETTINGS_MAX) {
		return;
	}
	size_t n = (size_t)(equals - text.data);
	if (!bin->settings) {
		bin->settings = arena_array_of(arena, struct binary_setting, BINARY_SETTINGS_MAX);
	}
	bin->settings[bin->setting_count++] = (struct binary_setting){
		setting_word(arena, slice_of(text.data, n)),
		setting_word(arena, slice_of(equals + 1, text.len - n - 1)),
	};
}

/* line: what follows "mod" or "dep". */
static void add_module(struct arena *arena, struct slice line, struct binary *bin) {
	struct slice word[3] = {{0}};
	for (size_t i = 0; i < 3; i++) {
		(void)slice_cut(&line, '\t', &word[i]);
	}
	if (bin->module_count == BINARY_MODULES_MAX) {
		return;
	}
	if (!bin->modules) {
		bin->modules = arena_array_of(arena, struct binary_module, BINARY_MODULES_MAX);
	}
	bin->modules[bin->module_count++] = (struct binary_module){
		arena_slicedup(arena, word[0]),
		arena_slicedup(arena, word[1]),
		arena_slicedup(arena, word[2]),
		false,
	};
}

void binary_read_modinfo(struct arena *arena, struct slice text, struct binary *bin) {
	struct slice line;
	while (slice_cut(&text, '\n', &line)) {
		struct slice kind = {0};
		struct slice first = {0};
		struct slice second = {0};
		if (!slice_cut(&line, '\t', &kind)) {
			continue;
		}
		if (slice_eq(kind, "build")) {
			add_setting(arena, line, bin);
		} else if (slice_eq(kind, "dep")) {
			bin->dep_count++;
			add_module(arena, line, bin);
		} else if (slice_eq(kind, "=>") && bin->module_count > 0) {
			bin->modules[bin->module_count - 1].replaced = true;
		} else if (slice_eq(kind, "path")) {
			bin->package = arena_slicedup(arena, line);
		} else if (slice_eq(kind, "mod")) {
			add_module(arena, line, bin);
			(void)slice_cut(&line, '\t', &first);
			slice_cut(&line, '\t', &second);
			bin->module = arena_slicedup(arena, first);
			bin->module_version = arena_slicedup(arena, second);
		}
	}
}

void binary_read_go(const struct binary_source *src, struct binary *bin) {
	uint64_t address = 0;
	unsigned char h[HEADER_BYTES] = {0};
	if (!find_header(src, &address) ||
	    binary_read_address(src, address, h, sizeof(h)) != sizeof(h)) {
		return;
	}
	struct slice version;
	struct slice modules;
	if (h[15] & FLAG_INLINE) {
		uint64_t at = address + HEADER_BYTES;
		version = inline_string(src, &at, VERSION_MAX);
		modules = inline_string(src, &at, BINARY_MODINFO_MAX);
	} else {
		bool big = h[15] & FLAG_BIG_ENDIAN;
		size_t width = h[14];
		if (width != 4 && width != 8) {
			return;
		}
		version = pointed_string(src, big, width, binary_number(big, h + 16, width),
		                         VERSION_MAX);
		modules = pointed_string(src, big, width, binary_number(big, h + 16 + width, width),
		                         BINARY_MODINFO_MAX);
	}
	if (version.len == 0) {
		return;
	}
	bin->is_go = true;
	bin->go_version = arena_slicedup(src->arena, version);
	bool framed = modules.len > 2 * SENTINEL_BYTES &&
	              modules.data[modules.len - SENTINEL_BYTES - 1] == '\n';
	if (framed) {
		binary_read_modinfo(
			src->arena,
			slice_of(modules.data + SENTINEL_BYTES, modules.len - 2 * SENTINEL_BYTES),
			bin);
	}
}
