/* SPDX-License-Identifier: MIT
 */
#include "world/scratch_machine.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY 0x00000001
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442 /* the same number on every architecture */
#endif

struct attributes { /* struct mount_attr, linux/mount.h */
	uint64_t set, clear, propagation, userns_fd;
};

static int write_text(const char *path, const char *text, mode_t mode) {
	CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, mode);

	return fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
}

static int enter_namespaces(struct arena *arena, struct err *err) {
	const int flags = CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC;
	uid_t uid = geteuid();
	gid_t gid = getegid();

	if (uid == 0) {
		return unshare(flags) == 0
		               ? 0
		               : err_set(err, -errno, "no namespaces of our own (errno %d)", errno);
	}
	if (unshare(flags | CLONE_NEWUSER) < 0) {
		return err_set(err, -errno, "this system lets no user make namespaces (errno %d)",
		               errno);
	}
	write_text("/proc/self/setgroups", "deny", 0);
	if (write_text("/proc/self/uid_map", arena_printf(arena, "%u %u 1", uid, uid), 0) < 0 ||
	    write_text("/proc/self/gid_map", arena_printf(arena, "%u %u 1", gid, gid), 0) < 0) {
		return err_set(err, -EPERM, "a user namespace could not be set up");
	}
	return 0;
}

/* A directory nobody needs in the scratch machine: it becomes ours. */
static const char *choose_base(const char *home, const char *workspace) {
	static const char *const candidates[] = {"/mnt", "/media", "/srv", "/var/tmp", "/opt"};

	for (size_t i = 0; i < sizeof(candidates) / sizeof(*candidates); i++) {
		struct stat st;

		if (stat(candidates[i], &st) == 0 && S_ISDIR(st.st_mode) &&
		    !path_below(home, candidates[i]) && !path_below(workspace, candidates[i])) {
			return candidates[i];
		}
	}
	return NULL;
}

static int bind(const char *from, const char *to) {
	return mount(from, to, NULL, MS_BIND, NULL) == 0 ? 0 : -errno;
}

/* Characters that separate the options of a mount. */
static const char *escaped(struct arena *arena, const char *path) {
	struct strbuf out;

	strbuf_init(&out, arena);
	for (; *path; path++) {
		strbuf_printf(&out, strchr(":,\\", *path) ? "\\%c" : "%c", *path);
	}
	return out.data;
}

/* dir becomes a copy-on-write view of itself. */
static int overlay(struct arena *arena, const char *base, const char *name, const char *dir) {
	const char *up = arena_printf(arena, "%s/%s-up", base, name);
	const char *work = arena_printf(arena, "%s/%s-work", base, name);
	const char *user = geteuid() == 0 ? "" : ",userxattr";
	struct stat st;

	if (stat(dir, &st) < 0 || mkdir(up, 0700) < 0 || chmod(up, st.st_mode & 07777) < 0 ||
	    mkdir(work, 0700) < 0) {
		return -errno;
	}
	const char *options = arena_printf(arena, "lowerdir=%s,upperdir=%s,workdir=%s%s",
	                                   escaped(arena, dir), up, work, user);

	return mount("overlay", dir, "overlay", 0, options) == 0 ? 0 : -errno;
}

static void fresh(const char *dir, const char *mode) {
	mount("tmpfs", dir, "tmpfs", MS_NOSUID | MS_NODEV, mode);
}

static int make_base(struct arena *arena, const char *base, struct err *err) {
	const char *bin = path_join(arena, base, "bin");
	const char *own = path_join(arena, bin, "dialtone");
	char exe[PATH_MAX]; /* its mount in these namespaces; that of /proc/self/exe is in the old */
	ssize_t n = readlink("/proc/self/exe", exe, sizeof exe - 1);

	exe[n > 0 ? n : 0] = '\0';
	if (mount("tmpfs", base, "tmpfs", MS_NOSUID | MS_NODEV,
	          "mode=0700,size=" SCRATCH_MACHINE_BYTES) < 0 ||
	    mkdir(bin, 0755) < 0 || write_text(own, "", 0755) < 0 || bind(exe, own) < 0) {
		return err_set(err, -EPERM, "no scratch directory in memory (errno %d)", errno);
	}
	return 0;
}

int scratch_machine_enter(struct arena *arena, const char *home, const char *workspace,
                          struct scratch_machine *ret, struct err *err) {
	struct attributes read_only = {.set = MOUNT_ATTR_RDONLY};
	int r = enter_namespaces(arena, err);

	if (r < 0) {
		return r;
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		return err_set(err, -errno, "mounts of our own: errno %d", errno);
	}
	if (syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof read_only) <
	    0) {
		return err_set(err, -errno, "nothing could be made read-only (errno %d)", errno);
	}
	*ret = (struct scratch_machine){.base = choose_base(home, workspace)};
	if (!ret->base) {
		return err_set(err, -ENOENT, "no place for a scratch directory");
	}
	r = make_base(arena, ret->base, err);
	if (r < 0) {
		return r;
	}
	if (path_below(home, "/tmp") || path_below(workspace, "/tmp")) {
		overlay(arena, ret->base, "tmp", "/tmp");
	} else {
		fresh("/tmp", "mode=1777,size=" SCRATCH_MACHINE_BYTES);
	}
	/* Of HOME itself: the directories above it may belong to users unknown in here. */
	ret->home_is_read_only = home[0] != '/' || overlay(arena, ret->base, "home", home) < 0;
	fresh(arena_printf(arena, "/run/user/%u", geteuid()), "mode=0700");
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
