/* SPDX-License-Identifier: MIT
 */
#include "world/proc_children.h"

#include "base/fd.h"
#include "world/procfs.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define CHILDREN_CAP ((size_t)64 * 1024)

static void list_add(struct arena *arena, struct proc_children *list, struct slice text) {
	struct slice word;
	int64_t child;

	while (slice_cut(&text, ' ', &word)) {
		if (list->count < PROC_CHILDREN_MAX &&
		    str_to_int64(arena_slicedup(arena, slice_trim(word)), &child) == 0) {
			list->pids[list->count++] = child;
		}
	}
}

/* The children of every thread: a program may fork from any of them. */
static void add_children(struct arena *arena, int proc_fd, struct proc_children *list,
                         int64_t pid) {
	char name[64];
	struct slice text;

	snprintf(name, sizeof name, "%" PRId64 "/task", pid);
	int fd = openat(proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		return; /* it has gone */
	}
	for (const struct dirent *entry = readdir(dir); entry; entry = readdir(dir)) {
		if (entry->d_name[0] != '.' &&
		    (size_t)snprintf(name, sizeof name, "task/%s/children", entry->d_name) <
		            sizeof name &&
		    proc_read(arena, proc_fd, pid, name, CHILDREN_CAP, &text) == 0) {
			list_add(arena, list, text);
		}
	}
	closedir(dir);
}

const struct proc_children *proc_descendants(struct arena *arena, int proc_fd, int64_t root) {
	struct proc_children *list = arena_new_of(arena, struct proc_children);

	add_children(arena, proc_fd, list, root);
	for (size_t i = 0; i < list->count; i++) {
		add_children(arena, proc_fd, list, list->pids[i]);
	}
	return list;
}
