/* SPDX-License-Identifier: MIT
 * A start of a language server or debugger laid out in time: its phases, the processes it needed,
 * its conversation, and what happened (trace/episodes.h). Pure.
 *
 * A phase ends where the next one begins; the marks between them are told by the kernel (fork, exec, the first read of
 * standard input) and by the conversation.
 */
#ifndef TRACE_TIMELINE_H
#define TRACE_TIMELINE_H

#include "trace/episodes.h"
#include "trace/event.h"
#include "trace/testimony.h"

enum phase_kind {
	PHASE_SPAWN,   /* fork to exec */
	PHASE_RUNTIME, /* exec to the first read of standard input: loader, runtime, own start */
	PHASE_WAITING, /* to the arrival of initialize: the client's time */
	PHASE_INIT,    /* to its answer */
	PHASE_COMMANDS, /* from there, or the first go command, to the end of the last one of the load */
	PHASE_LOAD, /* to the first diagnostics, or "initialized" of a debugger */
	PHASE_WORK, /* to the end of the recording */
	PHASE_COUNT,
};

struct phase {
	enum phase_kind kind;
	int64_t start_ns, end_ns; /* CLOCK_MONOTONIC of the recording */
	bool is_open;             /* it had not ended when the recording did */
	/* Of the calls of the server and all below it that ended in this phase. Times are sums over threads. */
	uint64_t calls, failed, children;
	uint64_t read_bytes, written_bytes;
	int64_t file_ns, lock_ns, net_ns, sleep_ns;
};

struct timeline_process {
	pid_t pid, ppid;
	int depth;           /* below the server: 1, 2 … */
	const char *program; /* base name */
	const char *words;   /* its first arguments, "" */
	int64_t start_ns, end_ns;
	bool ended;
	int status; /* wait status */
	bool is_server;
};

struct timeline_message {
	int64_t at_ns;
	bool from_client;
	const char *name;
	const char *text; /* what it says to people, "" */
	size_t bytes;
};

struct timeline {
	const char *server;    /* base name, "" none was started */
	const char *workspace; /* "" unknown */
	int64_t start_ns, end_ns;
	struct phase phases[PHASE_COUNT];
	size_t phase_count;
	struct timeline_process *processes; /* by start */
	size_t process_count;
	struct timeline_message *messages; /* by time */
	size_t message_count;
	struct episodes episodes;
	uint64_t lost;
};

/* "runtime", a stable word. */
const char *phase_name(enum phase_kind kind);

/* After the testimony's last event. In the arena. */
struct timeline *timeline_make(struct arena *arena, struct testimony *testimony);

/* A second pass over the same events fills what phases count. */
struct event_sink timeline_sink(struct timeline *timeline);

/* Where two starts part. */
struct divergence {
	bool found;
	const char *what; /* a sentence about both, in the arena */
	int64_t at_ns;    /* since the start of the second */
};

/* Phases against each other, then processes in their order, then episodes: the first that is not alike. */
struct divergence timeline_compare(struct arena *arena, const struct timeline *a,
                                   const struct timeline *b);

#endif
