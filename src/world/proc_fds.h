/* SPDX-License-Identifier: MIT
 * The descriptors of a process, with as few system calls as there can be: a look that goes over all processes of a
 * machine does this thousands of times.
 *
 * Sources: getdents64(2); proc(5), /proc/PID/fd. That directory is read to its end unless the buffer is full
 * (fs/proc/fd.c, proc_readfd_common), so an answer that leaves room was the last.
 */
#ifndef WORLD_PROC_FDS_H
#define WORLD_PROC_FDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proc_fds {
	int dir_fd;       /* for readlinkat and the like */
	int number;       /* of the descriptor that is at hand */
	const char *name; /* the same as text */
	size_t at, have;
	bool last;
	_Alignas(8) char buffer[4096];
};

/* 0, or a positive errno: EACCES (not ours to see), ENOENT (it has gone) … */
int proc_fds_open(struct proc_fds *fds, int proc_fd, int64_t pid);
/* The next one, in the order of their numbers; false at the end. */
bool proc_fds_next(struct proc_fds *fds);
/* What it leads to, cut to size - 1 bytes and NUL-terminated; false when it has been closed. */
bool proc_fds_link(const struct proc_fds *fds, char *ret, size_t size);
void proc_fds_close(struct proc_fds *fds);

#endif
