/* SPDX-License-Identifier: MIT
 * What a process has to do with locks: its descriptors, where their files are in the eyes of the lock table, the
 * locks they carry, and whether a thread waits for one. Sources: those of core/lock_line.h; proc_pid_mountinfo(5);
 * proc_pid_wchan(5), proc_pid_syscall(5), ptrace(2) "access mode checking".
 */
#ifndef WORLD_LOCK_PROCESS_H
#define WORLD_LOCK_PROCESS_H

#include "base/arena.h"
#include "core/lock_line.h"

enum lock_sight {
	LOCK_SIGHT_READ,
	LOCK_SIGHT_DENIED, /* of another user: CAP_SYS_PTRACE would let us see */
	LOCK_SIGHT_GONE,
};

struct lock_fd {
	int64_t number;
	bool has_ino;
	uint64_t ino;
	int64_t mnt_id;
	struct slice locks; /* the lock lines of its fdinfo */
};

struct lock_process {
	int64_t pid;
	enum lock_sight sight;
	struct lock_fd *fds; /* those that are files */
	size_t count;
	bool has_mountinfo;
	struct slice mountinfo;
};

/* In the arena, never NULL. */
struct lock_process *lock_process_read(struct arena *arena, int proc_fd, int64_t pid);

/* The descriptor that carries the lock of this line, or NULL. */
const struct lock_fd *lock_process_holds(const struct lock_process *p,
                                         const struct lock_line *line);
/* The descriptor that carries any lock on the file at this place, or NULL. */
const struct lock_fd *lock_process_has(const struct lock_process *p,
                                       const struct lock_place *place);
/* The descriptor of the file at this place, or NULL. */
const struct lock_fd *lock_process_opens(struct arena *arena, int proc_fd, struct lock_process *p,
                                         const struct lock_place *place);

struct lock_mount {
	uint32_t major, minor;
	const char *fstype;
};
/* The mount of this id as the process sees it; false when it cannot be known. */
bool lock_mount_of(struct arena *arena, int proc_fd, struct lock_process *p, int64_t mnt_id,
                   struct lock_mount *ret);

/* A thread of the process sits in flock(2) or a waiting fcntl(2). */
struct lock_wait {
	int64_t tid;
	int64_t fd;        /* -1: the kernel does not let us see the arguments */
	const char *wchan; /* "" when not said */
};
bool lock_process_waits(struct arena *arena, int proc_fd, int64_t pid, struct lock_wait *ret);

#endif
