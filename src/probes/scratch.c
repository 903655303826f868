/* SPDX-License-Identifier: MIT
 */
#include "probes/scratch.h"

#include "base/str.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

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

void scratch_remove(const char *path) {
	if (!path) {
		return;
	}
	DIR *dir = opendir(path);

	for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		if (!streq(e->d_name, ".") && !streq(e->d_name, "..")) {
			unlinkat(dirfd(dir), e->d_name, 0);
		}
	}
	if (dir) {
		closedir(dir);
	}
	rmdir(path);
}
