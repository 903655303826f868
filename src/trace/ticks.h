/* SPDX-License-Identifier: MIT
 * A clock that makes a waiting call return (EINTR): 20 times a second, and when a child ends. So a loop
 * can wait in the call that is quickest and still notice a wish to end.
 */
#ifndef TRACE_TICKS_H
#define TRACE_TICKS_H

#include <signal.h>
#include <sys/time.h>

struct ticks {
	struct sigaction alarm, child;
	struct itimerval timer;
};

/* Uses SIGALRM, SIGCHLD and ITIMER_REAL; ticks_end gives them back. */
void ticks_begin(struct ticks *before);
void ticks_end(const struct ticks *before);

#endif
