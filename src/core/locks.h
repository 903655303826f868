/* SPDX-License-Identifier: MIT
 * The answer of LOOK_LOCKS: who holds a lock on a file and who waits for it. A block of key=value lines for each,
 * ended by an empty line; the last block says what was looked at.
 *
 *   role=holds|waits  group=N (as in /proc/locks; -1: it has no line there)  depth=N (0 holds)
 *   class=FLOCK|POSIX|OFDLCK|LEASE|…  mode=WRITE|READ  lease=ACTIVE|BREAKING|BREAKER|""  start=N end=N|-1
 *   dev=MAJOR:MINOR (hexadecimal)  ino=N  path  fstype  fd  mtime_ns (of the file)
 *   table_pid=N (what /proc/locks says)  pid=N (0: not known)  proof=fdinfo|fd|wchan|table|none  unseen=denied|gone|elsewhere
 *   of the process: ours=0|1 (it is the one the look is below, or below it)  tid (that waits) ppid uid start_wall_ns
 *   state comm exe cwd wchan cmdline (\x1f between arguments)
 *   of one that holds what somebody waits for, with all below it: frozen=0|1  cpu_ms  io_bytes (-1: not said)  leaf=PID
 *   (the process furthest below; itself when there is none)  leaf_comm  leaf_cmdline  peer=ADDRESS:PORT  peer_state=
 *   connecting|connected  also=PID PID …
 *   and as the last block: table=read|absent|denied  lines=N  looked=N  denied=N (processes)  ptrace=0|1
 */
#ifndef CORE_LOCKS_H
#define CORE_LOCKS_H

#include "base/arena.h"
#include "core/lock_line.h"

#include <stdint.h>

#define LOCKS_MAX 4096 /* blocks that are read */

/* Texts are never NULL; "" when not known. */
struct lock {
	struct lock *next;
	bool waits;
	int64_t group;
	int64_t depth;
	const char *class;
	const char *mode;
	const char *lease;
	int64_t start, end;
	struct lock_place place;
	const char *path; /* as the process sees it */
	const char *fstype;
	int64_t fd;
	int64_t mtime_ns;
	int64_t table_pid;
	int64_t pid; /* 0: nobody that we can see */
	/* fdinfo: a descriptor of it carries the lock; fd: it waits, and has the file open; wchan: a thread of it sleeps in
	 * the kernel for a lock and /proc/locks does not say for which; table: as /proc/locks says, nothing more can be
	 * seen; none: nobody was found */
	const char *proof;
	/* denied: CAP_SYS_PTRACE would let us see more; gone: the process that took it has ended, and none that we can see
	 * has it; elsewhere: another machine, or a pid namespace we are not in */
	const char *unseen;
	bool ours;
	int64_t tid, ppid, uid, start_wall_ns, start_ticks;
	char state; /* as in /proc/PID/stat, '?' when not known */
	const char *comm;
	const char *exe;
	const char *cwd;
	const char *wchan;
	const char *cmdline; /* \x1f between the arguments */
	/* Of those below a holder, the ones that have the same open file, with blanks between: the lock ends with the
	 * last of them. */
	const char *also;
	/* What a holder does while others wait. */
	bool frozen;
	int64_t cpu_ms, io_bytes; /* of it and all below it; -1: not known */
	int64_t leaf;
	const char *leaf_comm;
	const char *leaf_cmdline;
	const char *peer;
	const char *peer_state;
};

struct locks {
	struct lock *first;
	size_t count;
	const char *table; /* read, absent, denied */
	int64_t lines, looked, denied;
	bool may_trace; /* CAP_SYS_PTRACE is there */
};

/* Never fails: what is not of this form is left out. */
struct locks locks_parse(struct arena *arena, struct slice text);

/* Two locks on the same file, of kinds that can be in each other's way. */
bool lock_same_file(const struct lock *a, const struct lock *b);
/* Who stands in the way of a waiter: the holders of its file one after the other (after: the one before, or NULL),
 * those of a lock it would not conflict with left out. NULL at the end. */
const struct lock *locks_holder(const struct locks *locks, const struct lock *waiter,
                                const struct lock *after);

#endif
