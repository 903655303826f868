/* SPDX-License-Identifier: MIT
 */
#include "world/scratch_machine.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static int write_text(const char *path, const char *text, mode_t mode) {
	CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	return fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
}

static int bind(const char *from, const char *to) {
	return mount(from, to, NULL, MS_BIND, NULL) == 0 ? 0 : -errno;
}

static int put_program(struct arena *arena, const char *base, struct err *err) {
	const char *bin = path_join(arena, base, "bin");
	const char *own = path_join(arena, bin, "dialtone");
	char exe[PATH_MAX]; /* its mount in these namespaces; that of /proc/self/exe is in the old */
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	exe[n > 0 ? n : 0] = '\0';
	if (mkdir(bin, 0755) < 0 || write_text(own, "", 0755) < 0 || bind(exe, own) < 0) {
		return err_set(err, -EPERM, "no scratch directory in memory (errno %d)", errno);
	}
	return 0;
}

/* Links resolved where that can be done. */
static const char *real(struct arena *arena, const char *path) {
	char resolved[PATH_MAX];

	return realpath(path, resolved) ? arena_strdup(arena, resolved) : path;
}

int scratch_machine_enter(struct arena *arena, const char *home, const char *workspace,
                          struct scratch_machine *ret, struct err *err) {
	const char *const apart[] = {real(arena, home), real(arena, workspace), NULL};
	const char *fresh = arena_printf(arena, "mode=1777,size=%zu", SCRATCH_MACHINE_BYTES);
	struct view *view = &ret->view;
	struct err refusal;
	int r;

	*ret = (struct scratch_machine){0};
	r = view_enter(view, arena, CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC, err);
	if (r == 0) {
		r = view_begin(view, SCRATCH_MACHINE_BYTES, apart, err);
	}
	if (r == 0) {
		r = put_program(arena, view->base, err);
	}
	if (r < 0) {
		return r;
	}
	ret->base = view->base;
	if (path_below(apart[0], "/tmp") || path_below(apart[1], "/tmp")) {
		view_overlay(view, "/tmp", &refusal);
	} else {
		view_fresh("/tmp", fresh);
	}
	ret->home_is_read_only = home[0] != '/' || view_overlay(view, apart[0], &refusal) != 0;
	r = view_show(view, err);
	if (r < 0) {
		return r;
	}
	view_fresh(arena_printf(arena, "/run/user/%u", geteuid()), "mode=0700");
	return 0;
}

int scratch_machine_replace(struct arena *arena, const struct scratch_machine *machine,
                            const char *path) {
	struct stat st;
	int r;

	if (stat(path, &st) < 0) {
		return -errno;
	}
	const char *script =
		arena_printf(arena, "%s/bin/witness-%llx-%llx", machine->base,
	                     (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
	const char *text = arena_printf(
		arena, "#!/bin/sh\nexec %s/bin/dialtone --witness %s/notes \"$0\" \"$@\"\n",
		machine->base, machine->base);
	r = write_text(script, text, 0755);
	return r < 0 ? r : bind(script, path);
}
