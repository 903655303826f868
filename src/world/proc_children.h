/* SPDX-License-Identifier: MIT
 * The processes below one. Source: proc(5), /proc/PID/task/TID/children (CONFIG_PROC_CHILDREN, Linux 3.5).
 */
#ifndef WORLD_PROC_CHILDREN_H
#define WORLD_PROC_CHILDREN_H

#include "base/arena.h"

#include <stdint.h>

#define PROC_CHILDREN_MAX 512

struct proc_children {
	int64_t pids[PROC_CHILDREN_MAX]; /* a parent before its children */
	size_t count;
};

/* The descendants of root as they are now, at most PROC_CHILDREN_MAX; in the arena, never NULL. */
const struct proc_children *proc_descendants(struct arena *arena, int proc_fd, int64_t root);

#endif
