/* SPDX-License-Identifier: MIT
 */
#include "world/selfcare.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#define CLOSE_FD_MAX 65536

/* close_range(2) is Linux 5.9; some container filters still refuse it. */
static void close_from(unsigned first) {
	struct rlimit limit;
	unsigned last = CLOSE_FD_MAX;

	if (close_range(first, ~0U, 0) == 0) {
		return;
	}
	if (getrlimit(RLIMIT_NOFILE, &limit) == 0 && limit.rlim_cur < last) {
		last = (unsigned)limit.rlim_cur;
	}
	for (unsigned fd = first; fd < last; fd++) {
		close((int)fd);
	}
}

/* /dev/null, or where there is none the reading end of a pipe nobody writes to. */
static int null_open(void) {
	int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	int ends[2];

	if (fd < 0 && pipe2(ends, O_CLOEXEC) == 0) {
		close(ends[1]);
		fd = ends[0];
	}
	return fd;
}

void selfcare_settle(const char *name, const int *keep, size_t count) {
	static const int ignored[] = {SIGINT,  SIGTERM, SIGHUP,  SIGQUIT,
	                              SIGPIPE, SIGTSTP, SIGTTIN, SIGTTOU};
	int high[16];
	int null_fd;

	for (size_t i = 0; i < sizeof ignored / sizeof *ignored; i++) {
		signal(ignored[i], SIG_IGN);
	}
	setpgid(0, 0);
	prctl(PR_SET_NAME, name);
	for (size_t i = 0; i < count; i++) {
		/* Above every number we hand out here, and no higher: the limit may be low. */
		int first = SELFCARE_FIRST_FD + (int)count;

		high[i] = keep[i] < 0 ? -1 : fcntl(keep[i], F_DUPFD_CLOEXEC, first);
	}
	null_fd = null_open();
	for (int fd = 0; fd < SELFCARE_FIRST_FD && null_fd >= 0; fd++) {
		dup2(null_fd, fd);
	}
	for (size_t i = 0; i < count; i++) {
		int target = SELFCARE_FIRST_FD + (int)i;

		dup3(high[i] >= 0 ? high[i] : 0, target, O_CLOEXEC);
	}
	close_from(SELFCARE_FIRST_FD + (unsigned)count);
}

void selfcare_reset_signals(void) {
	sigset_t none;

	for (int sig = 1; sig < NSIG; sig++) {
		signal(sig, SIG_DFL);
	}
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}
