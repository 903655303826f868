/* SPDX-License-Identifier: MIT
 * A busy machine: runs a program in a pid namespace of its own in which COUNT more processes sleep.
 *
 *   sleepers COUNT RUNS PROGRAM [ARGUMENT...]     needs root; COUNT 0 is the same without them
 *   sleepers -COUNT RUNS PROGRAM [ARGUMENT...]    PROGRAM stays outside of the namespace: it sees them all the same,
 *                                                 and the table of locks whole
 *
 * They are forked, not executed, and belong to the same user as the program; their names are those
 * of ordinary programs and a few of editors, so that a look for editors has something to sort out.
 * Runs PROGRAM RUNS times, prints the status and the wall time in milliseconds of each, and ends
 * the namespace.
 */
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static double now_ms(void) {
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e3 + (double)t.tv_nsec / 1e6;
}

static void fail(const char *what) {
	perror(what);
	exit(2);
}

static void sleepers_make(long count, int asleep) {
	static const char *const names[] = {"bash", "kworker", "chrome", "postgres", "node",
	                                    "sshd", "python3", "java",   "nginx",    "sleep"};

	int ready[2];

	if (pipe(ready) < 0) {
		fail("pipe");
	}
	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0) {
			fail("fork");
		}
		if (pid == 0) {
			prctl(PR_SET_NAME, names[i % 10]);
			close(ready[0]);
			close(ready[1]);
			close(asleep);
			for (;;) {
				pause();
			}
		}
	}
	/* The pipe ends when the last of them has closed its end and goes to sleep. */
	close(ready[1]);
	char byte;

	if (read(ready[0], &byte, 1) != 0) {
		fail("read");
	}
	close(ready[0]);
}

static void program_run(char **argv) {
	int status;
	double start_ms = now_ms();
	pid_t pid = fork();

	if (pid < 0) {
		fail("fork");
	}
	if (pid == 0) {
		dup2(2, 1);
		execvp(argv[0], argv);
		_exit(127);
	}
	if (waitpid(pid, &status, 0) < 0) {
		fail("waitpid");
	}
	printf("%d %.2f\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status),
	       now_ms() - start_ms);
}

static void programs_run(char **argv) {
	for (long run = atol(argv[2]); run > 0; run--) {
		program_run(argv + 3);
	}
}

int main(int argc, char **argv) {
	int status, asleep[2];
	char byte;

	if (argc < 4) {
		fputs("usage: sleepers [-]COUNT RUNS PROGRAM [ARGUMENT...]\n", stderr);
		return 2;
	}
	long count = atol(argv[1]);
	bool outside = argv[1][0] == '-';

	if (pipe(asleep) < 0 || unshare(CLONE_NEWPID) < 0) {
		fail("unshare");
	}
	pid_t init = fork();

	if (init < 0) {
		fail("fork");
	}
	if (init == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		if (unshare(CLONE_NEWNS) < 0 ||
		    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0 ||
		    mount("proc", "/proc", "proc", 0, NULL) < 0) {
			fail("mount");
		}
		close(asleep[0]);
		sleepers_make(outside ? -count : count, asleep[1]);
		close(asleep[1]);
		if (outside) {
			for (;;) {
				pause();
			}
		}
		programs_run(argv);
		exit(0);
	}
	close(asleep[1]);
	if (outside) {
		int own = open("/proc/self/ns/pid", O_RDONLY | O_CLOEXEC);

		if (own < 0 || setns(own, CLONE_NEWPID) < 0) {
			fail("setns");
		}
		/* Ends when all of them sleep, or the first has failed. */
		if (read(asleep[0], &byte, 1) != 0) {
			fail("read");
		}
		programs_run(argv);
		kill(init, SIGKILL);
	}
	if (waitpid(init, &status, 0) < 0) {
		fail("waitpid");
	}
	return outside || (WIFEXITED(status) && WEXITSTATUS(status) == 0) ? 0 : 2;
}
