/* SPDX-License-Identifier: MIT
 * A process tree at one instant, as LOOK_PICTURE saw it. Pure: read from the text, and compared.
 *
 * The text: blocks of key=value lines, each begun by "record=KIND" and ended by an empty line. Keys that are not known
 * are left out. What could not be read is left out too, and named in unseen.
 *
 *  whole     now_wall_ns took_us(how long the instant was) cpu_us(our processor time for it) uid kernel roots(pids, blanks between) cut(1: there were more
 *            processes than PICTURE_PROCESSES_MAX) memory_total memory_available swap_free(bytes) load(of /proc/loadavg)
 *            careful(1: nothing that needs a process's memory was read) net_error(errno of sock_diag)
 *  process   pid ppid uid start_ticks start_wall_ns state comm session cpu_ms rss_bytes oom_score_adj exe cwd root
 *            cmdline(\x1f between arguments) io_NAME(of /proc/PID/io) rollup_NAME(KiB, of smaps_rollup) and of status
 *            status_NAME; environ limits cgroup spaces mounts: the number of a shared block; unseen(words)
 *            fds(how many) fd=NUMBER FLAGS(octal) POS MOUNT TARGET; fdinfo=NUMBER TEXT, what the kind of file adds;
 *            watches=NUMBER COUNT(inotify) polls=NUMBER COUNT(epoll)
 *            maps(how many) mapped: a shared block too
 *            threads(how many) thread=TID STATE CPU_TICKS WCHAN CALL COMM("-" unknown; CALL is NAME(FIRST ARGUMENT))
 *  environ   id env=NAME=value
 *  mapped    id map=COUNT BYTES PERMS NAME(one for each file; "" anonymous memory)
 *  limits    id limit_NAME=SOFT:HARD
 *  cgroup    id path memory_max memory_now pids_max pids_now cpu_max frozen
 *  spaces    id ns_NAME=INODE
 *  mounts    id mount=READ_ONLY FSTYPE SOURCE ROOT POINT
 *  sockets   id(inode of the network namespace) socket=INODE KIND STATE UNREAD UNSENT PEER(inode, 0) NAME(path, or
 *            LOCAL>REMOTE)
 *
 * Sources: proc(5), sock_diag(7), namespaces(7), Documentation/admin-guide/cgroup-v2.rst of the kernel.
 */
#ifndef CORE_PICTURE_H
#define CORE_PICTURE_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

#define PICTURE_CAP           ((size_t)64 * 1024 * 1024)
#define PICTURE_PROCESSES_MAX ((size_t)512)

struct picture_process {
	int64_t pid, ppid, uid, start_ticks;
	char state;          /* as in /proc/PID/stat */
	const char *comm;    /* texts are never NULL; "" not known */
	const char *cmdline; /* \x1f between the arguments */
	const char *cwd;
	struct slice text; /* its block */
	struct slice environ, limits, cgroup, spaces, mounts,
		mapped; /* those blocks; empty: not seen */
};

struct picture {
	int64_t now_wall_ns, took_us;
	struct slice whole;
	struct picture_process *processes;
	size_t count;
	struct slice sockets; /* all of these blocks */
};

/* NULL when it is not of this form. What is not known is left out. In the arena. */
struct picture *picture_parse(struct arena *arena, struct slice text);

enum picture_change_kind {
	CHANGE_GONE,     /* before only */
	CHANGE_NEW,      /* after only */
	CHANGE_REPLACED, /* another process with the same arguments and directory */
	CHANGE_STATE,    /* from, to: a letter; not between running and sleeping */
	CHANGE_PARENT,   /* pids */
	CHANGE_PLACE,    /* name: exe, cwd, root */
	CHANGE_LIMIT,    /* name: nofile …; "SOFT:HARD" */
	CHANGE_VARIABLE, /* NULL: not set */
	CHANGE_CGROUP,   /* name: path, memory_max, frozen … */
	CHANGE_SPACE,    /* name: mnt, net …; inodes */
	CHANGE_MOUNT,    /* name: "FSTYPE SOURCE at POINT"; NULL: not there */
	CHANGE_RIGHTS,   /* name: Seccomp, CapEff, TracerPid, Uid …, as in /proc/PID/status */
	CHANGE_FILES,    /* name: a pattern (usage_pattern) of what descriptors lead to; counts */
	CHANGE_NUMBER,   /* name: fds threads maps rss_bytes watches; only what is no noise */
	CHANGE_WAIT,     /* of the first thread: its system call, else the kernel function */
	CHANGE_UNREAD,   /* name: the socket; bytes that wait to be read */
	CHANGE_KIND_COUNT,
};

/* "gone", "new", "replaced", "state" … */
const char *picture_change_name(enum picture_change_kind kind);

struct picture_change {
	enum picture_change_kind kind;
	const struct picture_process *before, *after; /* NULL: there was none */
	const char *name, *from, *to;                 /* NULL: there is none */
};

struct picture_changes {
	struct picture_change *items; /* by process, the most telling first */
	size_t count, slots;
};

/* What differs between two of them, of the same machine or of two. A process is the same by its pid and start, else by its
 * arguments and directory. Never NULL. */
struct picture_changes *picture_compare(struct arena *arena, const struct picture *before,
                                        const struct picture *after);

#endif
