/* SPDX-License-Identifier: MIT
 * Executables from hostile bytes, in memory files: no read beyond a table, and the stored form says
 * the same again.
 */
#include "base/fd.h"
#include "base/str.h"
#include "gofile/binary.h"

#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_round_trip(struct arena *arena, const struct binary *bin) {
	const char *text = binary_to_text(arena, bin);
	struct binary again = binary_from_text(arena, slice_str(text));
	if (!streq(binary_to_text(arena, &again), text)) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	CLEANUP(fd_closep) int fd = memfd_create("fuzz", MFD_CLOEXEC);
	if (fd < 0 || fd_write_all(fd, data, size) != 0) {
		abort();
	}
	struct binary bin = binary_read(arena, fd);
	if (bin.size_bytes != size || bin.kind == BINARY_UNREADABLE) {
		abort();
	}
	check_round_trip(arena, &bin);
	bin = binary_from_text(arena, slice_of((const char *)data, size));
	arena_free(arena);
	return 0;
}
