/* SPDX-License-Identifier: MIT
 * The answers of LOOK_MEMORY.
 */
#ifndef PROBES_SERVER_MEMORY_GROUPS_H
#define PROBES_SERVER_MEMORY_GROUPS_H

#include "core/probe.h"

/* The second word of the look's argument: when it was made, seen from the trial. */
#define MEMORY_BEFORE "before"
#define MEMORY_DURING "during"
#define MEMORY_AFTER  "after"

/* Instead of a process, of a recording only: where one that was killed had been. */
#define MEMORY_VICTIM "victim"

#define MEMORY_GROUPS_MAX 16

struct memory_group {
	const char *path, *file;
	int64_t version, limit, usage, reclaimable, peak, kills;
	bool whole;
};

struct memory_seen {
	const struct evidence *ev; /* of no use unless known */
	bool known;
	int64_t kills, available, total, swap_free, overcommit, commit_limit, committed;
	struct memory_group groups[MEMORY_GROUPS_MAX];
	size_t count;
};

/* Looks (or gives what was seen) and reads; pid is "self" or a number; in the arena, never NULL. */
const struct memory_seen *memory_look(struct exam *exam, const char *pid, const char *when);
/* The answer's bytes; any bytes will do. */
void memory_parse(struct arena *arena, struct slice bytes, struct memory_seen *ret);

#endif
