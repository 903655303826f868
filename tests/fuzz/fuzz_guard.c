/* SPDX-License-Identifier: MIT
 * What the guard finds where it left something: its memory, and a crontab that others edit too. Any bytes.
 */
#include "base/str.h"
#include "guard/memory.h"
#include "guard/unit.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct slice bytes = slice_of((const char *)data, size);
	struct arena *arena = arena_new();
	struct guard_memory memory;
	struct guard_memory again;

	/* What was understood is written so that it is understood again. */
	guard_memory_read(arena, bytes, &memory);
	guard_memory_read(arena, guard_memory_write(arena, &memory), &again);
	if (memory.visit_count != again.visit_count || memory.known.count != again.known.count ||
	    guard_memory_latest_ns(&memory) != guard_memory_latest_ns(&again)) {
		abort();
	}
	struct guard_cron cron = guard_cron_find(arena, bytes);
	if ((cron.whole && !cron.found) || cron.block.len > size ||
	    (cron.whole && guard_cron_find(arena, slice_str(cron.without)).found)) {
		abort();
	}
	arena_free(arena);
	return 0;
}
