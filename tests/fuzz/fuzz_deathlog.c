/* SPDX-License-Identifier: MIT
 * Lines about ends of processes: any bytes.
 */
#include "wire/deathlog.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct slice rest = slice_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct slice line;
	struct deathlog d;

	while (slice_line(&rest, &line)) {
		if (deathlog_parse(arena, line, &d) && (d.how[0] == '\0' || d.pid < 0)) {
			abort();
		}
	}
	(void)deathlog_parse(arena, slice_of((const char *)data, size), &d);
	arena_free(arena);
	return 0;
}
