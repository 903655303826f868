/* SPDX-License-Identifier: MIT
 * A line of /proc/PID/maps. Source: proc_pid_maps(5), fs/proc/task_mmu.c (show_map_vma).
 */
#ifndef WIRE_PROCMAPS_H
#define WIRE_PROCMAPS_H

#include "base/slice.h"

#include <stdbool.h>
#include <stdint.h>

struct procmap {
	uint64_t start, end; /* addresses; start < end */
	uint64_t offset;     /* of start, in the file */
	bool readable, writable, executable, shared;
	struct slice path; /* of the line; "[heap]" and the like too; empty: anonymous */
};

/* "55d0a1000000-55d0a1200000 r-xp 00001000 fe:01 1234   /usr/bin/x"; false when it is no such line. */
bool procmap_parse(struct slice line, struct procmap *ret);

#endif
