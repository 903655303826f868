/* SPDX-License-Identifier: MIT
 * The processes that run already, below those that recording is attached to. Source: proc(5).
 */
#ifndef TRACE_EBPF_TREE_H
#define TRACE_EBPF_TREE_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define TREE_MAX 8192 /* processes of a machine that are looked at */

struct tree_process {
	pid_t pid, parent;
};

/* All processes of the machine; how many, at most TREE_MAX; negative errno without /proc. */
ssize_t tree_list(struct tree_process processes[TREE_MAX]);
/* Is it there, and more than what is left of one that ended? */
bool tree_is_running(pid_t pid);

#endif
