/* SPDX-License-Identifier: MIT
 * SHA256SUMS from hostile bytes: what is read leads nowhere outside, and reads the same again.
 */
#include "pin/sums.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	struct sums sums;
	struct sums again;
	struct err err;
	if (sums_parse(arena, slice_of((const char *)data, size), &sums, &err) == 0) {
		for (size_t i = 0; i < sums.count; i++) {
			const char *path = sums.entries[i].path;
			if (path[0] == '/' || strncmp(path, "../", 3) == 0 ||
			    strstr(path, "/../") || strlen(sums.entries[i].hex) != SUMS_HEX_BYTES) {
				abort();
			}
		}
		const char *text = sums_text(arena, &sums);
		if (sums_parse(arena, slice_str(text), &again, &err) < 0 ||
		    again.count != sums.count || strcmp(sums_text(arena, &again), text) != 0) {
			abort();
		}
	}
	arena_free(arena);
	return 0;
}
