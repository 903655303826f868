/* SPDX-License-Identifier: MIT
 * A zip from hostile bytes: every name lies within them.
 */
#include "gofile/modzip.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	const char *text = (const char *)data;
	struct modzip zip = modzip_parse(arena, slice_of(text, size));
	for (size_t i = 0; i < zip.count; i++) {
		struct slice name = zip.entries[i].name;
		if (name.data < text || name.data + name.len > text + size) {
			abort();
		}
	}
	if (zip.whole != modzip_parse(arena, slice_of(text, size)).whole) {
		abort();
	}
	(void)modzip_unescape(arena, arena_strndup(arena, text, size < 64 ? size : 64));
	arena_free(arena);
	return 0;
}
