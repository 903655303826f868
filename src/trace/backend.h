/* SPDX-License-Identifier: MIT
 * A way of recording: one file src/trace/backends/x.c, ending in `const struct backend backend_x`;
 * the table is made from the file names. The pre-flight asks each, in order of `cost`, whether it
 * can serve the request here and why not.
 */
#ifndef TRACE_BACKEND_H
#define TRACE_BACKEND_H

#include "base/err.h"
#include "trace/event.h"

#include <stdbool.h>

struct call_set; /* trace/call.h */
struct inject;   /* trace/inject.h */

struct trace_request {
	char *const *argv; /* to launch, NULL-terminated, argv[0] found in PATH; or NULL */
	const pid_t *pids; /* to attach to, with all they have started and will start */
	size_t pid_count;
	const struct call_set *set;
	size_t string_bytes; /* of a path or string kept at most */
	size_t data_bytes;   /* of a read or written buffer kept at most; 0 none */
	size_t stdio_bytes;  /* the same for descriptors 0, 1 and 2 */
	bool stacks;         /* keep user stacks by frame pointers */
	const struct inject *injects;
	size_t inject_count;
	bool thorough; /* of `can` alone: try what is loaded when it records, too; takes a tenth of a second */
	int stop_fd;         /* readable: end the recording and detach; -1 none */
	int64_t deadline_ns; /* CLOCK_MONOTONIC, 0 none */
};

/* What the recorder can say of itself when it has ended. */
struct trace_outcome {
	int status; /* wait status of the launched program; 0 when attached */
	uint64_t events;
	uint64_t lost; /* events that could not be kept; each loss is an EVENT_LOST too */
	uint64_t calls_failed_to_read; /* payloads that could not be copied out of the process */
	bool refused; /* with an error: nothing was begun, no event told; another backend may try */
};

struct backend {
	const char *name;    /* "ebpf", "ptrace", "notify" */
	const char *summary; /* one line: what it costs the traced, what it cannot see */
	bool blind;          /* it sees calls begin, not what they are answered */
	int cost;            /* for the traced; the least that can serve is taken by "auto" */
	/* 0, or -errno with a sentence why not, and what would make it possible. Looks only; a trial on a
	 * child of ours is allowed, since a capability is tested rather than believed. */
	int (*can)(const struct trace_request *request, struct err *err);
	/* Records until the tree is gone, stop_fd is readable or the deadline is over; then everything is
	 * as it was before, for the processes that live on. -errno with a sentence. */
	int (*record)(const struct trace_request *request, const struct event_sink *sink,
	              struct trace_outcome *ret_outcome, struct err *err);
};

/* By name, NULL at the end; made by tools/registry. */
extern const struct backend *const registry_backends[];

#endif
