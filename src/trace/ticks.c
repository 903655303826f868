/* SPDX-License-Identifier: MIT */
#include "trace/ticks.h"

#include <stddef.h>

#define TICK_US 50000

static void tick(int signal) {
	(void)signal;
}

void ticks_begin(struct ticks *before) {
	struct sigaction action = {.sa_handler = tick}; /* no SA_RESTART */
	/* A tracer's child stops at every call: that is for wait(2) to tell, not for a signal each time. */
	struct sigaction child = {.sa_handler = tick, .sa_flags = SA_NOCLDSTOP};
	struct itimerval timer = {{.tv_usec = TICK_US}, {.tv_usec = TICK_US}};
	sigset_t both;

	sigemptyset(&both);
	sigaddset(&both, SIGALRM);
	sigaddset(&both, SIGCHLD);
	sigaction(SIGALRM, &action, &before->alarm);
	sigaction(SIGCHLD, &child, &before->child);
	setitimer(ITIMER_REAL, &timer, &before->timer);
	sigprocmask(SIG_UNBLOCK, &both, NULL);
}

void ticks_end(const struct ticks *before) {
	setitimer(ITIMER_REAL, &before->timer, NULL);
	sigaction(SIGALRM, &before->alarm, NULL);
	sigaction(SIGCHLD, &before->child, NULL);
}
