/* SPDX-License-Identifier: MIT */
#include "cmd/interrupt.h"

#include "base/clock.h"
#include "base/fd.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <unistd.h>

static void watch(const struct interrupt *interrupt, int fd) {
	struct epoll_event event = {.events = EPOLLIN, .data.fd = fd};
	if (interrupt->fd >= 0 && fd >= 0) {
		(void)epoll_ctl(interrupt->fd, EPOLL_CTL_ADD, fd, &event);
	}
}

static int timer_open(int64_t deadline_ns) {
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	struct itimerspec at = {
		.it_value = {.tv_sec = deadline_ns / NS_PER_S, .tv_nsec = deadline_ns % NS_PER_S},
	};
	if (fd >= 0) {
		(void)timerfd_settime(fd, TFD_TIMER_ABSTIME, &at, NULL);
	}
	return fd;
}

void interrupt_open(struct interrupt *interrupt, int64_t deadline_ns) {
	static const int signals[] = {SIGINT, SIGTERM, SIGHUP};
	sigset_t wanted;
	sigemptyset(&wanted);
	for (size_t i = 0; i < sizeof(signals) / sizeof(signals[0]); i++) {
		struct sigaction now;
		if (sigaction(signals[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN) {
			sigaddset(&wanted, signals[i]);
		}
	}
	sigprocmask(SIG_BLOCK, &wanted, &interrupt->before);
	interrupt->fd = epoll_create1(EPOLL_CLOEXEC);
	interrupt->signal_fd = signalfd(-1, &wanted, SFD_CLOEXEC | SFD_NONBLOCK);
	interrupt->timer_fd = timer_open(deadline_ns);
	if (interrupt->fd < 0 || interrupt->signal_fd < 0) {
		/* Better ended the hard way than not at all. */
		sigprocmask(SIG_SETMASK, &interrupt->before, NULL);
	}
	watch(interrupt, interrupt->signal_fd);
	watch(interrupt, interrupt->timer_fd);
}

int interrupt_signal(const struct interrupt *interrupt) {
	struct signalfd_siginfo info;
	if (interrupt->signal_fd < 0) {
		return 0;
	}
	ssize_t n;
	do {
		n = read(interrupt->signal_fd, &info, sizeof(info));
	} while (n < 0 && errno == EINTR);
	return n == (ssize_t)sizeof(info) ? (int)info.ssi_signo : 0;
}

bool interrupt_came(int fd) {
	struct pollfd one = {.fd = fd, .events = POLLIN};

	return fd >= 0 && poll(&one, 1, 0) > 0;
}

void interrupt_close(struct interrupt *interrupt) {
	if (interrupt->signal_fd >= 0) {
		while (interrupt_signal(interrupt) != 0) {
		}
		sigprocmask(SIG_SETMASK, &interrupt->before, NULL);
	}
	fd_closep(&interrupt->signal_fd);
	fd_closep(&interrupt->timer_fd);
	fd_closep(&interrupt->fd);
}
