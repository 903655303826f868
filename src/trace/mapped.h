/* SPDX-License-Identifier: MIT
 * Where programs and libraries lie in the memory of recorded processes: what makes an address of a stack one in a file.
 * Source: proc_pid_maps(5).
 */
#ifndef TRACE_MAPPED_H
#define TRACE_MAPPED_H

#include "base/str.h"
#include "trace/event.h"

struct mapped_range {
	uint64_t start, end; /* addresses */
	uint64_t offset;     /* of start, in the file */
	const char *path;
};

struct mapped_process {
	pid_t pid;
	struct arena *arena;
	struct mapped_range *ranges; /* ascending */
	size_t count, slots;
	unsigned looks; /* how often /proc was asked about this program */
};

struct mapped {
	struct mapped_process *processes;
	size_t count, slots;
};

/* Learns from EVENT_MAPPED and forgets what an EVENT_EXEC or EVENT_EXIT has ended; zeros know nothing. */
void mapped_take(struct mapped *mapped, const struct event *event);
/* NULL: nothing executable of a file was seen there. Good until the next mapped_take. */
const struct mapped_range *mapped_find(const struct mapped *mapped, pid_t pid, uint64_t address);
void mapped_free(struct mapped *mapped);

/* Adds lines as of /proc/PID/maps for a program that is always loaded at the same addresses (ET_EXEC); none for others. */
void mapped_program(struct strbuf *out, const char *path);

/* A sink in front of another: after an EVENT_EXEC, and before an event whose stack has an address nobody has told of, it
 * looks at /proc and hands in an EVENT_MAPPED. Of a process that is gone by then what its program's file says is told. */
struct mapped_teller {
	struct event_sink next;
	struct mapped known;
};
int mapped_teller_take(void *data, const struct event *event);

#endif
