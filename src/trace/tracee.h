/* SPDX-License-Identifier: MIT
 * The threads a tracer has, by thread id. A thread is here from the first that is heard of it to its
 * death or release; there may be thousands, coming and going all the time.
 */
#ifndef TRACE_TRACEE_H
#define TRACE_TRACEE_H

#include "trace/capture.h"

struct tracee {
	pid_t tid;
	pid_t pid;         /* thread group; 0 not known yet */
	bool announced;    /* its parent's EVENT_FORK is told, or it was there from the beginning */
	bool waits;        /* new, and held until its parent's fork is told */
	bool stopped;      /* in a group stop */
	bool executed;     /* an execve has succeeded and will return */
	bool in_call;      /* call, arch … count */
	bool was_injected; /* its result is ours */
	int held_error;    /* an injected errno, given when the call ends */
	int64_t held_until_ns; /* an injected delay; 0 none */
	enum event_arch arch;
	int number;
	const struct call *call; /* NULL: no table has the number */
	uint64_t args[6];
	int64_t start_ns;
	uint64_t stack_start; /* where nobody tells of an exec: of the program that began it */
	struct capture capture;
	uint64_t stack[EVENT_STACK_MAX]; /* of the call, when stacks are asked for */
	size_t stack_depth;
};

struct tracee_table {
	struct tracee **slots;
	size_t size; /* a power of two, 0 at first */
	size_t count;
	size_t filled; /* slots that are or were in use */
};

struct tracee *tracee_find(const struct tracee_table *table, pid_t tid);
/* The thread of that id, made when there is none; NULL without memory. */
struct tracee *tracee_add(struct tracee_table *table, pid_t tid);
/* Removes and frees it. */
void tracee_drop(struct tracee_table *table, struct tracee *tracee);
/* Gives it another thread id; who had that is dropped. */
void tracee_rename(struct tracee_table *table, struct tracee *tracee, pid_t tid);
/* The next one from *at on, which is moved; NULL at the end. While going through them only the one
 * just given may be dropped, and none added. */
struct tracee *tracee_next(const struct tracee_table *table, size_t *at);
void tracee_table_free(struct tracee_table *table);

#endif
