/* SPDX-License-Identifier: MIT
 */
#include "world/lock_process.h"

#include "base/fd.h"
#include "base/str.h"
#include "base/vec.h"
#include "world/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define FDINFO_SIZE     4096 /* what matters stands before what a kind of file adds */
#define DESCRIPTORS_MAX 65536
#define THREADS_MAX     4096
#define MOUNTINFO_CAP   ((size_t)4 * 1024 * 1024)
#define LINE_CAP        ((size_t)4096)

/* ---- descriptors ---- */

/* Only what has a name in a file system can be locked. */
static bool is_file(int dir_fd, const char *name) {
	char target[8];
	ssize_t n = readlinkat(dir_fd, name, target, sizeof target);

	return n > 1 && target[0] == '/' &&
	       !(n >= 5 && memcmp(target, "/dev/", 5) == 0 &&
	         !(n >= 8 && memcmp(target, "/dev/shm", 8) == 0));
}

static size_t read_small(int dir_fd, const char *path, char *buf, size_t size) {
	CLEANUP(fd_closep) int fd = openat(dir_fd, path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, buf, size);

	return n > 0 ? (size_t)n : 0;
}

static bool fd_read(struct arena *arena, int proc_fd, int64_t pid, int dir_fd, const char *name,
                    struct lock_fd *ret) {
	char path[64], text[FDINFO_SIZE];
	struct stat st;

	if (str_to_int64(name, &ret->number) < 0 || !is_file(dir_fd, name)) {
		return false;
	}
	snprintf(path, sizeof path, "%" PRId64 "/fdinfo/%" PRId64, pid, ret->number);
	struct fdinfo info =
		fdinfo_parse(slice_of(text, read_small(proc_fd, path, text, sizeof text)));

	ret->has_ino = info.has_ino;
	ret->ino = info.ino;
	ret->mnt_id = info.mnt_id;
	ret->locks = slice_of(arena_slicedup(arena, info.text), info.text.len);
	if (!ret->has_ino && fstatat(dir_fd, name, &st, 0) == 0) {
		ret->has_ino = true;
		ret->ino = st.st_ino;
	}
	return true;
}

static void fds_read(struct arena *arena, int proc_fd, struct lock_process *p, DIR *dir) {
	size_t size = 0;

	for (const struct dirent *e = readdir(dir); e && p->count < DESCRIPTORS_MAX;
	     e = readdir(dir)) {
		struct lock_fd found = {0};

		if (e->d_name[0] == '.' ||
		    !fd_read(arena, proc_fd, p->pid, dirfd(dir), e->d_name, &found)) {
			continue;
		}
		VEC_ROOM(arena, p->fds, p->count, &size);
		p->fds[p->count++] = found;
	}
}

struct lock_process *lock_process_read(struct arena *arena, int proc_fd, int64_t pid) {
	struct lock_process *p = arena_new_of(arena, struct lock_process);
	char path[32];

	p->pid = pid;
	snprintf(path, sizeof path, "%" PRId64 "/fd", pid);
	int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		p->sight = errno == EACCES || errno == EPERM ? LOCK_SIGHT_DENIED : LOCK_SIGHT_GONE;
		return p;
	}
	fds_read(arena, proc_fd, p, dir);
	closedir(dir);
	return p;
}

/* line: the very lock that is meant; NULL: any at this place. */
static const struct lock_fd *find_carried(const struct lock_process *p,
                                          const struct lock_place *place,
                                          const struct lock_line *line) {
	for (size_t i = 0; i < p->count; i++) {
		struct slice rest = p->fds[i].locks;
		struct lock_line carried;

		while (fdinfo_lock(&rest, &carried)) {
			if (carried.has_place && carried.depth == 0 &&
			    lock_place_eq(&carried.place, place) &&
			    (!line ||
			     (streq(carried.class, line->class) &&
			      streq(carried.mode, line->mode) && carried.start == line->start))) {
				return &p->fds[i];
			}
		}
	}
	return NULL;
}

const struct lock_fd *lock_process_holds(const struct lock_process *p,
                                         const struct lock_line *line) {
	return find_carried(p, &line->place, line);
}

const struct lock_fd *lock_process_has(const struct lock_process *p,
                                       const struct lock_place *place) {
	return find_carried(p, place, NULL);
}

/* ---- mounts ---- */

static bool number_take(struct arena *arena, struct slice *rest, char end, int64_t *ret) {
	struct slice word;

	return slice_cut(rest, end, &word) && str_to_int64(arena_slicedup(arena, word), ret) == 0;
}

/* "ID PARENT MAJOR:MINOR ROOT POINT OPTIONS … - FSTYPE SOURCE …" */
static bool mount_line(struct arena *arena, struct slice line, int64_t id, struct lock_mount *ret) {
	int64_t number, parent, major, minor;
	struct slice word;

	if (!number_take(arena, &line, ' ', &number) || number != id ||
	    !number_take(arena, &line, ' ', &parent) || !number_take(arena, &line, ':', &major) ||
	    !number_take(arena, &line, ' ', &minor)) {
		return false;
	}
	ret->major = (uint32_t)major;
	ret->minor = (uint32_t)minor;
	ret->fstype = "";
	while (slice_cut(&line, ' ', &word) && !slice_eq(word, "-")) {
	}
	if (slice_cut(&line, ' ', &word)) {
		ret->fstype = arena_slicedup(arena, word);
	}
	return true;
}

bool lock_mount_of(struct arena *arena, int proc_fd, struct lock_process *p, int64_t mnt_id,
                   struct lock_mount *ret) {
	struct slice line;

	if (!p->has_mountinfo) {
		p->has_mountinfo = true;
		proc_read(arena, proc_fd, p->pid, "mountinfo", MOUNTINFO_CAP, &p->mountinfo);
	}
	for (struct slice rest = p->mountinfo; slice_line(&rest, &line);) {
		if (mount_line(arena, line, mnt_id, ret)) {
			return true;
		}
	}
	return false;
}

const struct lock_fd *lock_process_opens(struct arena *arena, int proc_fd, struct lock_process *p,
                                         const struct lock_place *place) {
	for (size_t i = 0; i < p->count; i++) {
		const struct lock_fd *fd = &p->fds[i];
		struct lock_mount mount;

		if (fd->has_ino && fd->ino == place->ino &&
		    (!lock_mount_of(arena, proc_fd, p, fd->mnt_id, &mount) ||
		     (mount.major == place->major && mount.minor == place->minor))) {
			return fd;
		}
	}
	return NULL;
}

/* ---- threads that wait ---- */

/* Where the kernel sleeps for a lock: fs/locks.c, fs/lockd/clntlock.c. */
static bool is_lock_wchan(const char *wchan) {
	return str_ends(wchan, "lock_inode_wait") || str_starts(wchan, "fcntl_setlk") ||
	       str_starts(wchan, "nlmclnt_");
}

/* "NUMBER 0xARG0 0xARG1 …": the descriptor of a lock that is waited for, or -1. */
static int64_t waiting_fd(struct slice text) {
	char line[128] = "";
	unsigned long number, fd, command;

	if (text.len == 0) {
		return -1;
	}
	memcpy(line, text.data, text.len < sizeof line - 1 ? text.len : sizeof line - 1);
	if (sscanf(line, "%lu %lx %lx", &number, &fd, &command) != 3 || fd > INT32_MAX) {
		return -1;
	}
	if (number == SYS_flock ||
	    (number == SYS_fcntl && (command == F_SETLKW || command == F_OFD_SETLKW))) {
		return (int64_t)fd;
	}
	return -1;
}

static const char *thread_text(struct arena *arena, int proc_fd, int64_t pid, int64_t tid,
                               const char *name) {
	char path[64];
	struct slice text;

	snprintf(path, sizeof path, "task/%" PRId64 "/%s", tid, name);
	return proc_read(arena, proc_fd, pid, path, LINE_CAP, &text) == 0
	               ? arena_slicedup(arena, slice_trim(text))
	               : "";
}

bool lock_process_waits(struct arena *arena, int proc_fd, int64_t pid, struct lock_wait *ret) {
	char path[32];
	bool found = false;

	snprintf(path, sizeof path, "%" PRId64 "/task", pid);
	int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	size_t count = 0;

	for (const struct dirent *e = dir ? readdir(dir) : NULL; e && !found && count < THREADS_MAX;
	     e = readdir(dir), count++) {
		int64_t tid;

		if (str_to_int64(e->d_name, &tid) < 0) {
			continue;
		}
		const char *wchan = thread_text(arena, proc_fd, pid, tid, "wchan");
		/* A kernel without symbols says 0; then only the system call can tell. */
		bool known = !str_empty(wchan) && !streq(wchan, "0");

		if (known && !is_lock_wchan(wchan)) {
			continue;
		}
		int64_t number =
			waiting_fd(slice_str(thread_text(arena, proc_fd, pid, tid, "syscall")));

		if (number >= 0 || known) {
			*ret = (struct lock_wait){
				.tid = tid, .fd = number, .wchan = known ? wchan : ""};
			found = true;
		}
	}
	if (dir) {
		closedir(dir);
	}
	return found;
}
