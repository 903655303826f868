/* SPDX-License-Identifier: MIT
 * /proc/locks, fdinfo, and the answer that is made of them.
 */
#include "core/locks.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct slice bytes = slice_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct fdinfo info = fdinfo_parse(bytes);
	struct locks locks = locks_parse(arena, bytes);
	struct slice rest = bytes, line;
	struct lock_line lock;
	size_t count = 0;

	while (slice_line(&rest, &line)) {
		if (lock_line_parse(line, &lock) && (!lock.class[0] || !lock.mode[0])) {
			abort();
		}
	}
	while (fdinfo_lock(&info.text, &lock)) {
	}
	for (const struct lock *l = locks.first; l; l = l->next, count++) {
		const struct lock *holder = locks_holder(&locks, l, NULL);

		if (holder && (holder->waits || !lock_same_file(holder, l))) {
			abort();
		}
	}
	if (count != locks.count || count > LOCKS_MAX) {
		abort();
	}
	arena_free(arena);
	return 0;
}
