/* SPDX-License-Identifier: MIT
 * What is hard for a tracer, one thing a run; each prints what it has done, to be compared with what
 * was recorded: threads N, exec, vfork N, signals N, stop, int80, spin.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define AT_ONCE 16

/* Under ptrace the sanitizers' search for leaks gives up, and says so with a status. */
const char *__asan_default_options(void);
const char *__asan_default_options(void) {
	return "detect_leaks=0";
}

static void mark(const char *what, long number) {
	char path[64];

	snprintf(path, sizeof(path), "/none/%s/%ld", what, number);
	(void)open(path, O_RDONLY);
}

/* ---- threads that live for one call ---- */

static void *one_call(void *number) {
	mark("thread", (long)number);
	return NULL;
}

static void threads(long count) {
	pthread_t ids[AT_ONCE];

	for (long i = 0; i < count; i += AT_ONCE) {
		for (long k = 0; k < AT_ONCE; k++) {
			if (pthread_create(&ids[k], NULL, one_call, (void *)(i + k)) != 0) {
				exit(1);
			}
		}
		for (long k = 0; k < AT_ONCE; k++) {
			pthread_join(ids[k], NULL);
		}
	}
}

/* ---- another program, executed by a thread that is not the first, while others wait ---- */

static void *wait_for_ever(void *unused) {
	while (pause() < 0) {
	}
	return unused;
}

static void *execute(void *self) {
	execl("/proc/self/exe", self, "executed", (char *)NULL);
	exit(1);
}

static void exec_from_thread(char *self) {
	pthread_t id;

	for (int i = 0; i < 3; i++) {
		pthread_create(&id, NULL, wait_for_ever, NULL);
	}
	pthread_create(&id, NULL, execute, self);
	wait_for_ever(NULL);
}

/* ---- the others ---- */

static void vfork_once(void) {
	pid_t child = vfork();

	if (child == 0) {
		execl("/proc/self/exe", "traced", "executed", (char *)NULL);
		_exit(1);
	}
	waitpid(child, NULL, 0);
}

static void vforks(long count) {
	for (long i = 0; i < count; i++) {
		vfork_once();
	}
}

static void on_signal(int signal) {
	(void)signal;
}

/* Each comes while the thread waits, since only then it is not blocked. */
static void signals(long count) {
	struct sigaction action = {.sa_handler = on_signal};
	struct timespec long_time = {.tv_sec = 100};
	sigset_t usr1, none;
	long got = 0;

	sigemptyset(&none);
	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	sigaction(SIGUSR1, &action, NULL);
	for (long i = 0; i < count; i++) {
		pid_t me = getpid(), child = fork();

		if (child == 0) {
			kill(me, SIGUSR1);
			_exit(0);
		}
		got += ppoll(NULL, 0, &long_time, &none) < 0 && errno == EINTR;
		waitpid(child, NULL, 0);
	}
	printf("interrupted %ld\n", got);
}

static void stop(void) {
	pid_t child = fork();
	int status;

	if (child == 0) {
		mark("before", 0);
		raise(SIGSTOP);
		mark("after", 0);
		_exit(0);
	}
	waitpid(child, &status, WUNTRACED);
	printf("stopped %d\n", WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP);
	kill(child, SIGCONT);
	waitpid(child, &status, 0);
	printf("ended %d\n", WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/* getuid32 of the 32-bit table (199), made from 64-bit code; in the 64-bit table 199 is fremovexattr. */
static void int80(void) {
#ifdef __x86_64__
	long result;

	__asm__ volatile("int $0x80" : "=a"(result) : "a"(199) : "memory");
	printf("uid %ld\n", result);
#else
	printf("none\n");
#endif
}

static void spin(void) {
	struct timespec moment = {.tv_nsec = 2000000};

	printf("ready\n");
	fflush(stdout);
	for (long i = 0;; i++) {
		mark("spin", i);
		if (nanosleep(&moment, NULL) < 0) {
			printf("disturbed\n");
			fflush(stdout);
		}
	}
}

int main(int argc, char **argv) {
	const char *what = argc > 1 ? argv[1] : "";
	long count = argc > 2 ? strtol(argv[2], NULL, 10) : 1;

	if (strcmp(what, "threads") == 0) {
		threads(count);
	} else if (strcmp(what, "exec") == 0) {
		exec_from_thread(argv[0]);
	} else if (strcmp(what, "executed") == 0) {
		mark("executed", getpid());
	} else if (strcmp(what, "vfork") == 0) {
		vforks(count);
	} else if (strcmp(what, "signals") == 0) {
		signals(count);
	} else if (strcmp(what, "stop") == 0) {
		stop();
	} else if (strcmp(what, "int80") == 0) {
		int80();
	} else if (strcmp(what, "spin") == 0) {
		spin();
	} else {
		return 2;
	}
	return 0;
}
