/* SPDX-License-Identifier: MIT
 * Time travel: what a process had open, where it was, whom it had started and what it had locked,
 * at any instant of a recording. Pure: it is fed events in the order of the store and knows the
 * state after the last one.
 *
 * What it cannot know: descriptors got through a socket (SCM_RIGHTS) show up as soon as they are used,
 * without a name; a path through a symbolic link is told as it was asked for; calls that were not
 * recorded (--set) leave no trace. Times of locks are when they were had.
 */
#ifndef TRACE_REWIND_H
#define TRACE_REWIND_H

#include "base/arena.h"
#include "trace/call.h"
#include "trace/event.h"

#include <stdbool.h>

/* An open file description: shared by dup and fork. */
struct rewind_file {
	const char *path; /* as /proc/PID/fd/N would say; "" not known */
	const char *peer; /* a socket's other end as connect named it, or what it is bound to; "" */
	uint64_t pair;    /* of a pipe or socketpair: the same number at both ends; 0 none */
	int64_t opened_ns;
	pid_t opened_by;
	size_t refs;
};

enum rewind_cloexec { CLOEXEC_NO, CLOEXEC_YES, CLOEXEC_UNKNOWN };

struct rewind_fd {
	int fd;
	enum rewind_cloexec cloexec;
	int64_t since_ns; /* this number */
	size_t execs;     /* programs it has lived through */
	struct rewind_file *file;
};

struct rewind_fds {
	struct rewind_fd *items; /* by fd */
	size_t count, slots, refs;
};

struct rewind_place {
	const char *path;
	size_t refs;
};

struct rewind_process {
	pid_t pid, ppid;
	const char *exe;
	int64_t start_ns, end_ns; /* end_ns 0: lives */
	int threads;
	int status;
	size_t execs;
	struct rewind_place *cwd;
	struct rewind_fds *fds;
};

enum rewind_lock_kind { LOCK_KIND_FLOCK, LOCK_KIND_POSIX, LOCK_KIND_OFD };

struct rewind_lock {
	enum rewind_lock_kind kind;
	bool exclusive;
	pid_t pid; /* who asked for it */
	const struct rewind_file *file;
	const char *path;
	int64_t start, len; /* bytes; len 0: to the end */
	int64_t since_ns;
	int64_t waited_ns;
};

struct rewind;

struct rewind *rewind_new(void);
void rewind_free(struct rewind *rewind);
/* The calls that change any of it: no other has to be taken (trace/event_filter.h). */
const struct call_set *rewind_calls(struct arena *arena);
/* For reader_each; never fails but for want of memory. */
struct event_sink rewind_sink(struct rewind *rewind);
void rewind_take(struct rewind *rewind, const struct event *event);

/* NULL when there is none of that number now; one that ended stays until the number is used again. */
const struct rewind_process *rewind_process(const struct rewind *rewind, pid_t pid);
/* All that are known, by pid. */
const struct rewind_process *const *rewind_processes(const struct rewind *rewind,
                                                     size_t *ret_count);
const struct rewind_lock *rewind_locks(const struct rewind *rewind, size_t *ret_count);
const struct rewind_fd *rewind_fd(const struct rewind_process *process, int fd);
/* path as the process would mean it: behind the directory fd (AT_FDCWD: its cwd), cleaned. Lives as long as
 * the rewind. */
const char *rewind_path(struct rewind *rewind, const struct rewind_process *process, int dir_fd,
                        struct slice path);

#endif
