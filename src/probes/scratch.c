/* SPDX-License-Identifier: MIT
 */
#include "probes/scratch.h"

#include "base/str.h"

#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>

#define OPEN_DIRS_MAX 8

const char *scratch_make(struct arena *arena, const char *preferred) {
	const char *const parents[] = {preferred, "/dev/shm", "/tmp", "/var/tmp"};

	for (size_t i = 0; i < sizeof(parents) / sizeof(*parents); i++) {
		if (str_empty(parents[i]) || parents[i][0] != '/') {
			continue;
		}
		char *path = arena_printf(arena, "%s/dialtone-XXXXXX", parents[i]);

		if (mkdtemp(path)) {
			return path;
		}
	}
	return NULL;
}

static int remove_entry(const char *path, const struct stat *st, int type, struct FTW *at) {
	(void)st;
	(void)type;
	(void)at;
	remove(path);
	return 0;
}

void scratch_remove(const char *path) {
	if (path) {
		nftw(path, remove_entry, OPEN_DIRS_MAX, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	}
}
