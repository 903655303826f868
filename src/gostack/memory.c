/* SPDX-License-Identifier: MIT */
#include "gostack/memory.h"

#include <errno.h>

#define BATCH_MAX ((size_t)1024)

int memory_read(struct memory *memory, struct memory_part *parts, size_t count) {
	for (size_t i = 0; i < count; i++) {
		parts[i].got = 0;
	}
	for (size_t i = 0; i < count; i += BATCH_MAX) {
		size_t n = count - i < BATCH_MAX ? count - i : BATCH_MAX;
		int r = memory->read(memory, parts + i, n);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

int memory_get(struct memory *memory, uint64_t address, void *into, size_t len) {
	struct memory_part part = {.address = address, .into = into, .len = len};
	int r = memory_read(memory, &part, 1);
	return r < 0 ? r : part.got == len ? 0 : -EFAULT;
}
