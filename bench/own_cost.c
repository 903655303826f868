/* SPDX-License-Identifier: MIT
 * What a program costs by itself, without the programs it starts: runs it, follows every process it
 * forks with ptrace(2), lets go of those that execute another file, and reads of each that stays
 * its processor time and its greatest resident size while it is ending, when both are complete.
 *
 *   own_cost PROGRAM [ARGUMENT...]        standard output of PROGRAM goes to standard error
 *
 * One line per process, "NAME CPU_NS PEAK_KIB WALL_NS", the first one first started; then "STATUS
 * N". Processor time is that of the scheduler (the first field of /proc/PID/schedstat, nanoseconds)
 * and contains the stops that being followed causes, so it is rather too great than too small. What
 * a process takes between fork and execve counts for the program that forked. Source: ptrace(2),
 * proc(5); PTRACE_EVENT_EXIT stops a process before its memory is given back.
 */
#include <inttypes.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PROCESSES_MAX 4096
#define FOLLOW                                                                                     \
	(PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK | PTRACE_O_TRACECLONE | PTRACE_O_TRACEEXEC |     \
	 PTRACE_O_TRACEEXIT | PTRACE_O_EXITKILL)

struct process {
	pid_t pid;
	int64_t start_ns;
	bool settled; /* its first stop is behind it */
	char name[32];
	int64_t cpu_ns, wall_ns;
	long peak_kib;
	bool ended, left; /* left: it is another program now */
};

struct run {
	pid_t first;
	bool first_executed;
	int status;
	size_t count, followed;
	struct process processes[PROCESSES_MAX];
};

static int64_t now_ns(void) {
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static void fail(const char *what) {
	perror(what);
	exit(2);
}

static struct process *process_of(struct run *run, pid_t pid) {
	/* A number may come back, so the newest counts. */
	for (size_t i = run->count; i > 0; i--) {
		if (run->processes[i - 1].pid == pid && !run->processes[i - 1].ended) {
			return &run->processes[i - 1];
		}
	}
	if (run->count == PROCESSES_MAX) {
		fputs("too many processes\n", stderr);
		exit(2);
	}
	run->followed++;
	run->processes[run->count] = (struct process){.pid = pid, .start_ns = now_ns()};
	return &run->processes[run->count++];
}

static FILE *proc_file(pid_t pid, const char *name) {
	char path[64];

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	return fopen(path, "re");
}

static int64_t cpu_of(pid_t pid) {
	FILE *file = proc_file(pid, "schedstat");
	int64_t cpu_ns = 0;

	if (file) {
		if (fscanf(file, "%" SCNd64, &cpu_ns) != 1) {
			cpu_ns = 0;
		}
		fclose(file);
	}
	return cpu_ns;
}

static void measure(struct process *p) {
	FILE *file = proc_file(p->pid, "status");
	char line[256];

	p->cpu_ns = cpu_of(p->pid);
	p->wall_ns = now_ns() - p->start_ns;
	while (file && fgets(line, sizeof line, file)) {
		if (sscanf(line, "Name: %31s", p->name) == 1) {
			continue;
		}
		if (sscanf(line, "VmHWM: %ld", &p->peak_kib) == 1) {
			break;
		}
	}
	if (file) {
		fclose(file);
	}
}

/* It runs another program now: what it took until here was ours, and it is let go. */
static bool let_go(struct run *run, struct process *p) {
	if (p->pid == run->first && !run->first_executed) {
		run->first_executed = true;
		return false;
	}
	p->cpu_ns = cpu_of(p->pid);
	p->wall_ns = now_ns() - p->start_ns;
	snprintf(p->name, sizeof p->name, "before-exec");
	p->ended = p->left = true;
	run->followed--;
	ptrace(PTRACE_DETACH, p->pid, NULL, NULL);
	return true;
}

/* One stop of one process: what signal it gets when it goes on, or -1 when it is gone. */
static int serve_stop(struct run *run, struct process *p, int status) {
	int sig = WSTOPSIG(status);
	int event = status >> 16;

	if (event == PTRACE_EVENT_EXEC) {
		return let_go(run, p) ? -1 : 0;
	}
	if (event == PTRACE_EVENT_EXIT) {
		measure(p);
		return 0;
	}
	if (event != 0) {
		return 0;
	}
	if (!p->settled) {
		p->settled = true;
		if (sig == SIGSTOP || (p->pid == run->first && sig == SIGTRAP)) {
			return 0;
		}
	}
	return sig;
}

static void follow(struct run *run) {
	while (run->followed > 0) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0) {
			return;
		}
		struct process *p = process_of(run, pid);

		if (!WIFSTOPPED(status)) {
			p->ended = true;
			run->followed--;
			if (pid == run->first) {
				run->status = WIFEXITED(status) ? WEXITSTATUS(status)
				                                : 128 + WTERMSIG(status);
			}
			continue;
		}
		int sig = serve_stop(run, p, status);

		if (sig >= 0) {
			ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)sig);
		}
	}
}

int main(int argc, char **argv) {
	static struct run run;

	if (argc < 2) {
		fputs("usage: own_cost PROGRAM [ARGUMENT...]\n", stderr);
		return 2;
	}
	run.first = fork();
	if (run.first < 0) {
		fail("fork");
	}
	if (run.first == 0) {
		dup2(2, 1);
		raise(SIGSTOP);
		execvp(argv[1], argv + 1);
		_exit(127);
	}
	if (waitpid(run.first, NULL, WUNTRACED) < 0 ||
	    ptrace(PTRACE_SEIZE, run.first, NULL, (void *)(intptr_t)FOLLOW) < 0) {
		fail("ptrace");
	}
	process_of(&run, run.first);
	kill(run.first, SIGCONT);
	follow(&run);
	for (size_t i = 0; i < run.count; i++) {
		const struct process *p = &run.processes[i];

		printf("%s %" PRId64 " %ld %" PRId64 "\n", p->name[0] ? p->name : "killed",
		       p->cpu_ns, p->peak_kib, p->wall_ns);
	}
	printf("STATUS %d\n", run.status);
	return 0;
}
