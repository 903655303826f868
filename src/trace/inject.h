/* SPDX-License-Identifier: MIT
 * Faults put into system calls of a launched program: `--inject
 * openat:path=*go.mod:errno=EACCES:when=3`. Ours to prove rules with; nobody's process is touched
 * but the one that was asked for.
 */
#ifndef TRACE_INJECT_H
#define TRACE_INJECT_H

#include "base/err.h"
#include "trace/event.h"

#include <stdbool.h>

struct arena;

struct inject {
	const char *call;    /* its name */
	const char *path;    /* fnmatch(3) pattern on its first path, or NULL for any */
	const char *program; /* fnmatch(3) pattern on the program's file name, or NULL */
	int error;           /* errno that the call returns without being made; 0 none */
	int64_t delay_ns;    /* before the call is made; 0 none */
	int kill_signal;     /* sent instead of making the call; 0 none */
	int64_t short_bytes; /* a read or write is made with at most so many bytes; 0 none */
	uint64_t first;      /* of the matching calls of the whole tree, counted from 1 */
	uint64_t every;      /* and then each so many; 0: only that one, 1: from there on all */
};

/* CALL[:path=PATTERN][:program=PATTERN][:errno=NAME|:delay=TIME|:kill=SIGNAL|:short=BYTES][:when=N|N+|N+STEP].
 * -EINVAL with a sentence that names the part. */
int inject_parse(struct arena *arena, const char *text, struct inject *ret_inject, struct err *err);

/* A call about to be made, as a fault is chosen for it. */
struct inject_call {
	const char *name;
	struct slice path;   /* its first path; no data: it has none */
	const char *program; /* path of the file its process runs */
};

/* Does any of them name the call at all? */
bool inject_names(const struct inject *injects, size_t count, const char *call);
/* The first path among what was copied of a call. */
struct slice inject_path(const struct payload *payloads, size_t count);
/* Does the fault match the call, and is it its turn? *seen counts the matching calls. */
bool inject_is_due(const struct inject *inject, const struct inject_call *call, uint64_t *seen);

#endif
