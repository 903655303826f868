/* SPDX-License-Identifier: MIT
 * A line of /proc/locks and what a descriptor says of itself in /proc/PID/fdinfo.
 *
 * Sources: lock_get_status(), locks_show() and locks_translate_pid() of fs/locks.c, show_fd_info() of fs/proc/fd.c
 * (Linux 3.8 to 6.18); proc_locks(5) and proc_pid_fdinfo(5). What they say that matters here:
 *   - a request that waits follows the lock it waits for, with "->" after the same number; further blanks before
 *     the arrow: it waits behind another request that waits;
 *   - the pid is that of the process that asked. It is -1 for a lock of an open file description (F_OFD_SETLK), at
 *     most 0 for one that another machine of a network file system holds. The process may have ended since, and the
 *     lock live on in a descriptor that a child inherited;
 *   - a lock whose process is in a pid namespace that is not below ours has no line at all, nor have those that
 *     wait for it;
 *   - the device is that of the file system (s_dev), which stat(2) does not give on btrfs and overlayfs; fdinfo of a
 *     descriptor and its mount in mountinfo do give it.
 */
#ifndef CORE_LOCK_LINE_H
#define CORE_LOCK_LINE_H

#include "base/slice.h"

#include <stdint.h>

#define LOCK_WORD_SIZE 12

/* Where a file is in the eyes of the kernel's lock table. */
struct lock_place {
	uint32_t major, minor; /* of the file system */
	uint64_t ino;
};

static inline bool lock_place_eq(const struct lock_place *a, const struct lock_place *b) {
	return a->ino == b->ino && a->major == b->major && a->minor == b->minor;
}

struct lock_line {
	int64_t group;  /* the number in front: the same for a lock and all that wait for it */
	unsigned depth; /* 0: it is held; else it waits, as many arrows and more deep */
	char class[LOCK_WORD_SIZE]; /* FLOCK POSIX OFDLCK ACCESS LEASE DELEG */
	char state[LOCK_WORD_SIZE]; /* ADVISORY; of a lease: ACTIVE BREAKING BREAKER */
	char mode[LOCK_WORD_SIZE];  /* WRITE READ UNLCK */
	int64_t pid;
	bool has_place; /* else the line says "<none>" */
	struct lock_place place;
	int64_t start, end; /* bytes; end -1: to the end of the file */
};

/* One line of /proc/locks, or what follows "lock:" in fdinfo. False when it is not of this form. */
bool lock_line_parse(struct slice line, struct lock_line *ret);

/* What /proc/PID/fdinfo/N says that matters for locks. */
struct fdinfo {
	bool has_ino; /* Linux 5.14 */
	uint64_t ino;
	int64_t mnt_id;    /* -1: not said */
	struct slice text; /* from the first "lock:" line on, empty when there is none */
};

struct fdinfo fdinfo_parse(struct slice text);
/* Cuts the next lock off fdinfo.text; false at the end. */
bool fdinfo_lock(struct slice *rest, struct lock_line *ret);

#endif
