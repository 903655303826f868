/* SPDX-License-Identifier: MIT
 * Starting a program under a seccomp filter, held back before its execve until whoever records is
 * ready. The filter asks for no_new_privs unless we have CAP_SYS_ADMIN (seccomp(2)), so a set-user-id
 * program that is started in the tree of an ordinary user stays without its rights.
 */
#ifndef TRACE_LAUNCH_H
#define TRACE_LAUNCH_H

#include "base/err.h"
#include "trace/filter.h"

#include <stdbool.h>
#include <sys/types.h>

struct launch_shared;

struct launch {
	pid_t pid;
	int go_fd;    /* a byte lets the program go on; closing it ends it */
	int error_fd; /* says why it could not be executed; nothing when it could */
	struct launch_shared *shared;
};

/* Forks a child that waits. With `filter` (NULL: none) it will be under it when it executes;
 * `listens`: the filter has a listener, which launch_listener gives. -errno with a sentence. */
int launch_start(char *const *argv, const struct filter *filter, bool listens,
                 struct launch *ret_launch, struct err *err);

/* Lets the child install its filter and execute. */
void launch_go(struct launch *launch);

/* After launch_go: the descriptor of the filter's listener, ours to close; -errno with a sentence
 * when the child could not install it. Waits until the child has done so. */
int launch_listener(struct launch *launch, struct err *err);

/* Waits for the child's end, whatever signals come meanwhile (ticks.h). *status, which may be NULL, is that of waitpid(2);
 * it stays as it is when the child has been waited for before. */
void launch_wait(const struct launch *launch, int *status);

/* After the child's end: 0 when the program was executed, else -errno with a sentence. */
int launch_result(const struct launch *launch, const char *name, struct err *err);

/* Closes what launch_start opened. A child that was never let go ends; another goes on. */
void launch_close(struct launch *launch);

#endif
