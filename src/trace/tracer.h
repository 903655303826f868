/* SPDX-License-Identifier: MIT
 * A recording by ptrace(2) at work. next_stop waits for a thread and says what its stop means,
 * dispatch_stop does what is to be done and lets the thread go on; each kind of stop has one
 * function. Threads are seized (PTRACE_SEIZE), so a stop of ours is never taken for one of theirs.
 */
#ifndef TRACE_TRACER_H
#define TRACE_TRACER_H

#include "trace/backend.h"
#include "trace/inject.h"
#include "trace/tracee.h"

/* What a thread stopped for. */
enum stop_kind {
	STOP_NONE,       /* none did: the clock ticked */
	STOP_OVER,       /* none is left */
	STOP_CALL_BEGIN, /* before a call of the set (seccomp's stop); restart to see its end */
	STOP_CALL,       /* before or after a call; the kernel knows which */
	STOP_FORKED,     /* it made a task, which stops too, before or after this */
	STOP_EXECED,     /* it runs a new program; its old id is the message */
	STOP_SIGNAL,     /* a signal is about to be delivered; restart with it */
	STOP_GROUP,      /* its process was stopped; PTRACE_LISTEN, lest it runs */
	STOP_TRAPPED, /* a new thread's first stop, one we asked for, or the end of a group stop */
	STOP_OTHER,   /* an event we did not ask for */
	STOP_GONE,    /* it is dead; nothing to restart */
};

struct stop {
	enum stop_kind kind;
	pid_t tid;
	int status; /* as of waitpid(2) */
	int signal; /* STOP_SIGNAL, STOP_GROUP */
};

struct tracer {
	const struct trace_request *request;
	const struct event_sink *sink;
	struct trace_outcome *outcome;
	struct tracee_table table;
	struct capture_limits limits;
	uint64_t *injected; /* how often each of request->injects has matched */
	pid_t launched;     /* the program we started; 0 */
	bool filtered;      /* a seccomp filter stops the threads, at calls of the set only */
	bool leaving;       /* every thread is to be let go at its next stop */
	bool told_state;    /* of the launched program */
	size_t waiting;     /* threads that wait for their parent's fork */
	size_t held;        /* threads an injected delay holds */
	int64_t patience_ns; /* the end was asked for: until then it may end by itself; 0 not asked */
	uint64_t turns;
	int code; /* of the sink: what ended the recording */
};

/* The kind of a stop out of a wait status (with PTRACE_O_TRACESYSGOOD). Pure. */
struct stop stop_of(pid_t tid, int status);

/* Waits for the next stop, at most until the clock ticks. */
struct stop next_stop(struct tracer *tracer);
/* False when the recording is over. */
bool dispatch_stop(struct tracer *tracer, struct stop stop);

/* ---- what the functions for the kinds share ---- */

/* Lets it run to its next stop, with the signal (0 none). */
void tracer_resume(struct tracer *tracer, const struct tracee *tracee, int signal);
void tracer_tell(struct tracer *tracer, const struct event *event);
/* Reads the thread's memory; data is its tracee. */
struct capture_source tracer_memory(const struct tracee *tracee);

/* tracer_calls.c: both resume the thread, unless an injected delay holds it. */
void tracer_call_begin(struct tracer *tracer, struct tracee *tracee);
void tracer_call(struct tracer *tracer, struct tracee *tracee);
/* Tells of the call it will not return from. */
void tracer_call_abandon(struct tracer *tracer, struct tracee *tracee);
/* Lets those go on whose injected delay is over. */
void tracer_release_held(struct tracer *tracer, int64_t now_ns);

/* tracer_tasks.c */
void tracer_forked(struct tracer *tracer, struct tracee *tracee);
void tracer_execed(struct tracer *tracer, pid_t tid);
void tracer_signal(struct tracer *tracer, struct tracee *tracee, int signal);
void tracer_group(struct tracer *tracer, struct tracee *tracee, int signal);
void tracer_trapped(struct tracer *tracer, struct tracee *tracee);
/* Threads held until their parent's fork is told go on without. */
void tracer_stop_waiting(struct tracer *tracer);
void tracer_gone(struct tracer *tracer, struct tracee *tracee, int status);

/* tracer_seize.c: options as PTRACE_O_*. */
int tracer_seize_launched(struct tracer *tracer, pid_t pid, struct err *err);
/* All threads of the processes and of all they have started, until none appears any more. */
int tracer_seize_running(struct tracer *tracer, struct err *err);
/* Asks every thread to stop, that it can be let go. */
void tracer_interrupt_all(const struct tracer *tracer);
/* Lets go of a stopped thread for good. */
void tracer_release(struct tracer *tracer, struct tracee *tracee, struct stop stop);

#endif
