/* SPDX-License-Identifier: MIT
 * What a process tree costs. Source: proc(5), /proc/PID/stat fields 14 to 17, VmRSS and VmHWM of
 * /proc/PID/status, /proc/PID/task/TID/children (CONFIG_PROC_CHILDREN).
 */
#include "base/fd.h"
#include "world/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define TREE_PROCESSES_MAX 256
#define TREE_TEXT_CAP      ((size_t)64 * 1024)

struct tree {
	struct arena *arena;
	int proc_fd;
	int64_t pids[TREE_PROCESSES_MAX];
	size_t count;
};

static void tree_add_list(struct tree *tree, struct slice list) {
	struct slice word;
	int64_t child;

	while (slice_cut(&list, ' ', &word)) {
		if (tree->count < TREE_PROCESSES_MAX &&
		    str_to_int64(arena_slicedup(tree->arena, slice_trim(word)), &child) == 0) {
			tree->pids[tree->count++] = child;
		}
	}
}

/* The children of every thread: a program may fork from any of them. */
static void tree_add_children(struct tree *tree, int64_t pid) {
	char name[64];
	struct dirent *entry;
	struct slice list;
	DIR *dir;
	int fd;

	snprintf(name, sizeof name, "%" PRId64 "/task", pid);
	fd = openat(tree->proc_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		return; /* it has gone */
	}
	while ((entry = readdir(dir))) {
		if (entry->d_name[0] == '.' ||
		    (size_t)snprintf(name, sizeof name, "task/%s/children", entry->d_name) >=
		            sizeof name) {
			continue;
		}
		if (proc_read(tree->arena, tree->proc_fd, pid, name, TREE_TEXT_CAP, &list) == 0) {
			tree_add_list(tree, list);
		}
	}
	closedir(dir);
}

/* "VmRSS:     1234 kB" of /proc/PID/status, in bytes; 0 when it is not there. */
static int64_t status_bytes(struct arena *arena, struct slice status, const char *key) {
	struct slice line, name;
	int64_t kib;

	while (slice_line(&status, &line)) {
		if (slice_cut(&line, ':', &name) && slice_eq(name, key)) {
			line = slice_trim(line);
			return slice_cut(&line, ' ', &name) &&
			                       str_to_int64(arena_slicedup(arena, name), &kib) == 0
			               ? kib * 1024
			               : 0;
		}
	}
	return 0;
}

static void tree_put(struct tree *tree, int64_t pid, struct strbuf *out) {
	struct slice text, status;
	struct proc_stat ps;

	if (proc_read(tree->arena, tree->proc_fd, pid, "stat", TREE_TEXT_CAP, &text) != 0 ||
	    !proc_stat_parse(text, &ps) ||
	    proc_read(tree->arena, tree->proc_fd, pid, "status", TREE_TEXT_CAP, &status) != 0) {
		return;
	}
	strbuf_printf(out, "%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %s\n", pid,
	              ps.ppid, (int64_t)ps.cpu_ticks * 1000 / sysconf(_SC_CLK_TCK),
	              status_bytes(tree->arena, status, "VmRSS"),
	              status_bytes(tree->arena, status, "VmHWM"),
	              keyline_escape(tree->arena, ps.comm));
}

void look_tree(const struct looker *looker, const struct look_request *request,
               struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct tree *tree = arena_new_of(request->arena, struct tree);
	struct slice arg = slice_str(request->arg), word;
	int64_t root;

	(void)looker;
	if (proc_fd < 0 || !slice_cut(&arg, ' ', &word) ||
	    str_to_int64(arena_slicedup(request->arena, word), &root) < 0) {
		look_reply_errno(reply, proc_fd < 0 ? ENOSYS : EINVAL);
		return;
	}
	tree->arena = request->arena;
	tree->proc_fd = proc_fd;
	tree_add_children(tree, root);
	for (size_t i = 0; i < tree->count; i++) {
		tree_add_children(tree, tree->pids[i]);
		tree_put(tree, tree->pids[i], &reply->bytes);
	}
	look_reply_errno(reply, 0);
}
