/* SPDX-License-Identifier: MIT
 * The open descriptors of all processes of a machine, for who has the other end of something that a descriptor shows by
 * its link only.
 */
#ifndef WORLD_PROC_OPENED_H
#define WORLD_PROC_OPENED_H

#include "world/proc_numbers.h"

struct proc_opened {
	struct proc_numbers pids, fds;
	int proc_fd;
	bool in_process; /* fds is open */
	char link[512];  /* what the descriptor leads to, cut there */
};

/* proc_fd: an open /proc. 0, or a positive errno. */
int proc_opened_open(struct proc_opened *o, int proc_fd);
/* The next descriptor: fds.number of the process pids.number. Those of processes that are not ours to see, and what is
 * closed meanwhile, are passed over. False at the end. */
bool proc_opened_next(struct proc_opened *o);
void proc_opened_close(struct proc_opened *o);

#endif
