/* SPDX-License-Identifier: MIT
 * What processes have in use: its text is bytes of a case file, its names are paths of processes.
 */
#include "base/str.h"
#include "core/usage.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	struct usage *u = usage_parse(arena, slice_of((const char *)data, size));
	const char *path = arena_slicedup(arena, slice_of((const char *)data, size));
	const char *pattern = usage_pattern(arena, path);

	if (u->name_count > USAGE_NAMES_MAX || strlen(pattern) > USAGE_PATTERN_MAX ||
	    !streq(usage_pattern(arena, pattern), pattern)) {
		abort();
	}
	for (size_t i = 0; i < u->name_count; i++) {
		if (u->names[i].kind >= USAGE_KIND_COUNT || !u->names[i].pattern) {
			abort();
		}
	}
	arena_free(arena);
	return 0;
}
