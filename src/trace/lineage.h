/* SPDX-License-Identifier: MIT
 * Whose thread it is, whose child, and what it runs now: for a backend that sees calls begin and is told
 * nothing else. A task is known from its first call on; /proc says the rest.
 */
#ifndef TRACE_LINEAGE_H
#define TRACE_LINEAGE_H

#include "trace/tracee.h"

struct lineage {
	const struct event_sink *sink;
	struct tracee_table table;
	pid_t launched;
	bool told_state; /* of the launched program */
	uint64_t events;
	int code; /* of the sink */
};

void lineage_tell(struct lineage *lineage, const struct event *event);

/* The thread that makes a call: tells of its fork when it is new, and of its exec when one has
 * succeeded since. NULL when it is gone already, or without memory. */
struct tracee *lineage_seen(struct lineage *lineage, pid_t tid, int64_t now_ns);

/* After its call was told: what follows from an execve, an exit, an exit_group. */
void lineage_called(struct lineage *lineage, struct tracee *task, const char *call,
                    uint64_t argument, int64_t now_ns);

/* Tells of the processes that ended without a call: killed. */
void lineage_sweep(struct lineage *lineage, int64_t now_ns);

#endif
