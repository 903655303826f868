/* SPDX-License-Identifier: MIT
 * The user's wish to stop (SIGINT, SIGTERM, SIGHUP) and the end of the time that was given, as one
 * descriptor that becomes readable.
 */
#ifndef CMD_INTERRUPT_H
#define CMD_INTERRUPT_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

struct interrupt {
	int fd; /* epoll(7) over the other two: readable once one of them is; -1: nothing will
	           interrupt */
	int signal_fd;
	int timer_fd;
	sigset_t before;
};

/* From now on these signals end nothing by themselves. One that is ignored (nohup) stays ignored.
 */
void interrupt_open(struct interrupt *interrupt, int64_t deadline_ns);
/* The signal that came, or 0. */
int interrupt_signal(const struct interrupt *interrupt);
/* Has one come, or the time ended? fd: that of an interrupt, -1 for none. */
bool interrupt_came(int fd);
/* Signals do again what they did before; one that came and was not asked for is dropped. */
void interrupt_close(struct interrupt *interrupt);

#endif
