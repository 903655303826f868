/* SPDX-License-Identifier: MIT
 * Whoever is below has its signal, and not only the children.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "world/warden.h"

#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define LIMIT_MS 20000
#define ALIVE_S  120 /* whatever happens, they end */

/* A child that has a child, whose number it tells; both stay. */
static pid_t start_two(pid_t *ret_grandchild) {
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	pid_t child = fork();

	if (child == 0) {
		pid_t grandchild = fork();

		if (grandchild != 0 &&
		    write(ends[1], &grandchild, sizeof grandchild) != sizeof grandchild) {
			_exit(1);
		}
		alarm(ALIVE_S);
		for (;;) {
			pause();
		}
	}
	close(ends[1]);
	assert_int_equal(read(ends[0], ret_grandchild, sizeof *ret_grandchild),
	                 sizeof *ret_grandchild);
	close(ends[0]);
	return child;
}

static void expect_ended(int pidfd) {
	struct pollfd end = {.fd = pidfd, .events = POLLIN};

	assert_int_equal(poll(&end, 1, LIMIT_MS), 1);
}

static void test_below(void **state) {
	pid_t grandchild = 0;
	pid_t child;

	(void)state;
	prctl(PR_SET_CHILD_SUBREAPER, 1); /* as a warden is */
	child = start_two(&grandchild);
	int fd = (int)syscall(SYS_pidfd_open, grandchild, 0);

	assert_true(fd >= 0);
	if (!warden_kill_below()) {
		kill(child, SIGKILL);
		kill(grandchild, SIGKILL);
		skip(); /* this kernel does not list children */
	}
	/* Nobody has asked for the child, which is its parent as long as it is there: the signal was its own. */
	expect_ended(fd);
	close(fd);
	assert_int_equal(waitpid(child, NULL, 0), child);
	waitpid(grandchild, NULL, 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_below)};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
