/* SPDX-License-Identifier: MIT
 * File descriptors as locals that close themselves.
 */
#ifndef BASE_FD_H
#define BASE_FD_H

#include <stddef.h>
#include <sys/types.h>

#define CLEANUP(fn) __attribute__((cleanup(fn)))

/* Closes *fd unless it is negative, keeps errno. For CLEANUP. */
void fd_closep(int *fd);

/* Hands a descriptor over: gives its number and leaves -1 behind. */
static inline int fd_take(int *fd) {
	int taken = *fd;
	*fd = -1;
	return taken;
}

/* 0 or negative errno. */
int fd_set_nonblock(int fd);
int fd_set_cloexec(int fd);

/* Writes everything, retrying on EINTR and short writes; 0 or negative errno. */
int fd_write_all(int fd, const void *data, size_t len);

#endif
