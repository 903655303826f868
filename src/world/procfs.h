/* SPDX-License-Identifier: MIT
 * Processes as /proc shows them. Source: proc(5); the fields of /proc/PID/stat are those of
 * Linux 3.5 and later.
 */
#ifndef WORLD_PROCFS_H
#define WORLD_PROCFS_H

#include "world/looks.h"

#define PROC_COMM_SIZE 64

struct proc_stat {
	int64_t pid;
	int64_t ppid;
	uint64_t start_ticks; /* since boot, in clock ticks */
	uint64_t cpu_ticks;   /* used by it and the children it has waited for */
	uint64_t own_ticks;   /* of them, used by itself */
	uint64_t rss_pages;
	int64_t session;
	int64_t threads;
	char state;
	char comm[PROC_COMM_SIZE];
};

/* The text of /proc/PID/stat; false when it is not of this form. comm may hold blanks and
 * parentheses. */
bool proc_stat_parse(struct slice text, struct proc_stat *ret);
/* The value of "btime" in the text of /proc/stat: boot time in seconds since the epoch, 0 when
 * missing. */
int64_t proc_btime_parse(struct slice text);

/* A file below /proc/PID, at most cap bytes; 0 or a positive errno. */
int proc_read(struct arena *arena, int proc_fd, int64_t pid, const char *name, size_t cap,
              struct slice *ret);
/* Files of one record (single_open and ONE of fs/proc/base.c): the kernel gives them whole, in one read(2), when there
 * is room for them; no second one is needed to find their end. */
bool proc_in_one_piece(const char *name);
/* The target of a link below /proc/PID, NULL when it cannot be read. */
const char *proc_link(struct arena *arena, int proc_fd, int64_t pid, const char *name);
/* The process that holds this one as a debugger, 0 for none. TracerPid of proc_pid_status(5) is the number of the thread
 * that traces, which for dlv is any of its own. */
int64_t proc_tracer(struct arena *arena, int proc_fd, int64_t pid);
/* The open file behind a descriptor of another process, by pidfd_getfd(2) (Linux 5.6), which takes the right to trace
 * it; -1 when it cannot be had. It is shared, not opened anew: no pipe gets one more reader or writer. */
int proc_fd_share(int64_t pid, int fd);
/* /proc itself; -1 when it is not mounted (an empty directory of that name counts as not mounted).
 */
int proc_open(void);

/* The pid an argument "self" or "4242" means, or -1. */
int64_t proc_pid_of(const struct looker *looker, const char *arg);

/* The moment of boot by the wall clock as it is now, 0 when unknown; and a start counted from it. */
int64_t proc_boot_wall_ns(struct arena *arena, int proc_fd);
int64_t proc_start_wall_ns(int64_t boot_wall_ns, uint64_t start_ticks);
/* The arguments as "cmdline=" (or another key) with \x1f between them. */
void proc_put_cmdline(struct strbuf *out, struct arena *arena, struct slice cmdline);
void proc_put_cmdline_as(struct strbuf *out, const char *key, struct arena *arena,
                         struct slice cmdline);

#endif
