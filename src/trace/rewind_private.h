/* SPDX-License-Identifier: MIT
 * Between rewind.c (events), rewind_tables.c (processes and their tables), rewind_calls.c (what
 * calls do to them) and rewind_locks.c.
 */
#ifndef TRACE_REWIND_PRIVATE_H
#define TRACE_REWIND_PRIVATE_H

#include "trace/call.h"
#include "trace/dictionary.h"
#include "trace/rewind.h"

#define REWIND_ARCHES (ARCH_ARM + 1)
#define REWIND_FD_MAX (1 << 20) /* of a table; a number above is no descriptor */

struct rewind {
	struct arena *arena; /* names */
	struct dictionary names;
	const char **name_of;
	size_t name_slots;
	unsigned char actions[REWIND_ARCHES][CALL_NUMBER_MAX];
	struct rewind_process **processes; /* by pid */
	size_t process_count, process_slots;
	struct rewind_lock *locks;
	size_t lock_count, lock_slots;
	uint64_t pairs;
	bool no_memory;
};

/* The string, kept once. */
const char *rewind_name(struct rewind *r, struct slice text);

struct rewind_process *rewind_find(const struct rewind *r, pid_t pid);
/* A new one in the place of whoever had the number; NULL without memory. */
struct rewind_process *rewind_new_process(struct rewind *r, pid_t pid);
void rewind_end_process(struct rewind *r, struct rewind_process *p);

struct rewind_fds *rewind_fds_copy(struct rewind *r, const struct rewind_fds *fds);
void rewind_fds_drop(struct rewind *r, struct rewind_process *p);
void rewind_place_set(struct rewind *r, struct rewind_process *p, const char *path);
void rewind_place_share(struct rewind *r, struct rewind_process *to, struct rewind_process *from,
                        bool same);

struct rewind_file *rewind_new_file(struct rewind *r, struct rewind_process *p, const char *path,
                                    int64_t now_ns);
/* In place of whatever fd was; takes a reference. */
void rewind_put(struct rewind *r, struct rewind_process *p, int fd, struct rewind_file *file,
                enum rewind_cloexec cloexec, int64_t now_ns);
void rewind_close(struct rewind *r, struct rewind_process *p, int fd);
struct rewind_fd *rewind_get(const struct rewind_process *p, int fd);
/* The lowest number that is free: what the kernel gives next. */
int rewind_lowest(const struct rewind_process *p);
/* What exec closes. */
void rewind_close_on_exec(struct rewind *r, struct rewind_process *p);

void rewind_actions_init(struct rewind *r);
void rewind_call(struct rewind *r, struct rewind_process *p, const struct event *e);

void rewind_flock(struct rewind *r, struct rewind_process *p, const struct event *e);
void rewind_fcntl_lock(struct rewind *r, struct rewind_process *p, const struct event *e);
/* The description is gone. */
void rewind_locks_of_file(struct rewind *r, const struct rewind_file *file);
/* POSIX locks of the process on the path (NULL: all) are gone. */
void rewind_locks_of_process(struct rewind *r, pid_t pid, const char *path);

#endif
