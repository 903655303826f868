/* SPDX-License-Identifier: MIT
 * Tracebacks and logs that hold them: any bytes.
 */
#include "gofile/gocrash.h"
#include "wire/logpieces.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct slice bytes = slice_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct gocrash c;

	if (gocrash_parse(arena, bytes, &c) && c.kind[0] == '\0') {
		abort();
	}
	for (int64_t from = 0; from < 4; from++) {
		struct slice plain = log_server_words(arena, bytes, from);

		if (plain.len > size + 1) {
			abort();
		}
		gocrash_parse(arena, plain, &c);
	}
	arena_free(arena);
	return 0;
}
