/* SPDX-License-Identifier: MIT
 * The descriptors of a process and the processes of a machine, which are directories of /proc with numbers for names,
 * with as few system calls as there can be: a look that goes over all processes does this thousands of times.
 *
 * Sources: getdents64(2); proc(5). /proc/PID/fd is read to its end unless the buffer is full (fs/proc/fd.c,
 * proc_readfd_common), so an answer that leaves room was the last. Of processes few are taken at a time: what the kernel
 * has just touched to name one is still in the cache of the processor when it is asked about it (5,000 processes
 * by readlink of exe: 17.1 ms with 32 KiB at a time, 15.3 ms with 1 KiB).
 */
#ifndef WORLD_PROC_NUMBERS_H
#define WORLD_PROC_NUMBERS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct proc_numbers {
	int dir_fd;       /* for readlinkat and the like */
	int number;       /* of the descriptor that is at hand */
	const char *name; /* the same as text */
	size_t at, have;
	size_t room;
	bool ends_short; /* an answer that leaves room is the last */
	bool last;
	_Alignas(8) char buffer[4096];
};

/* 0, or a positive errno: EACCES (not ours to see), ENOENT (it has gone) … */
int proc_fds_open(struct proc_numbers *fds, int proc_fd, int64_t pid);
/* The same of a directory of /proc/PID that is open: "fd", "task" … */
int proc_numbers_open(struct proc_numbers *numbers, int dir_fd, const char *name);
/* All processes: name is that of the directory, number the pid. */
int proc_pids_open(struct proc_numbers *pids, int proc_fd);
/* The next one, in the order of their numbers; false at the end. */
bool proc_numbers_next(struct proc_numbers *fds);
/* What it leads to, cut to size - 1 bytes and NUL-terminated; false when it has been closed. Of descriptors only. */
bool proc_numbers_link(const struct proc_numbers *fds, char *ret, size_t size);
void proc_numbers_close(struct proc_numbers *fds);

#endif
