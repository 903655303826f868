/* SPDX-License-Identifier: MIT
 */
#include "world/warden.h"

#include "base/clock.h"
#include "base/fd.h"
#include "world/connect.h"
#include "world/proc_children.h"
#include "world/procfs.h"
#include "world/selfcare.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define GRACE_NS     (50 * NS_PER_MS) /* between SIGTERM and SIGKILL */
#define KILL_NS      NS_PER_S         /* a process in an uninterruptible wait does not die sooner */
#define PID_SPAN_MAX 100000
#define STAT_CAP     ((size_t)4096)

enum { CONTROL_FD = SELFCARE_FIRST_FD, REPORT_FD, STDIN_FD, STDOUT_FD, STDERR_FD };

struct warden {
	pid_t program;
	bool alive; /* the program has not been reaped */
	int sigchld_fd;
	struct last_words last;
};

static void report_send(int32_t kind, int32_t value, const struct last_words *last) {
	struct warden_report report = {.kind = kind, .value = value, .at_ns = clock_now_ns()};

	if (last) {
		report.last = *last;
	}
	fd_write_all(REPORT_FD, &report, sizeof report);
}

static const int fatal_resources[LIMIT_FATAL_COUNT] = {
	[LIMIT_ADDRESS_SPACE] = RLIMIT_AS,
	[LIMIT_DATA] = RLIMIT_DATA,
	[LIMIT_CPU] = RLIMIT_CPU,
	[LIMIT_FILE_SIZE] = RLIMIT_FSIZE,
};

static void limit_set(int resource, struct limit_pair pair) {
	struct rlimit limit = {.rlim_cur = (rlim_t)pair.soft, .rlim_max = (rlim_t)pair.hard};

	if (pair.hard != 0) {
		setrlimit((__rlimit_resource_t)resource, &limit);
	}
}

/* When memory runs out because of the trial, the trial shall be the victim, not the user's editor
 * (proc(5), oom_score_adj: anybody may raise his own). */
static void volunteer(void) {
	int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);

	if (fd >= 0) {
		fd_write_all(fd, "1000", 4);
		close(fd);
	}
}

/* Runs in the program's process; comes back only as an errno through the pipe. */
static _Noreturn void program_exec(const struct child_spec *spec, pid_t warden, int errno_fd) {
	int error;

	/* No controlling terminal, as below an editor: git must not ask there, and an interactive
	 * shell would stop itself until it is in the foreground. */
	setsid();
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	selfcare_reset_signals();
	volunteer();
	if (getppid() != warden) {
		_exit(127);
	}
	dup2(STDIN_FD, 0);
	dup2(STDOUT_FD, 1);
	dup2(STDERR_FD, 2);
	if (spec->address) {
		error = bridge_main(spec->address, errno_fd);
	} else {
		limit_set(RLIMIT_NOFILE, spec->nofile);
		limit_set(RLIMIT_NPROC, spec->nproc);
		for (int i = 0; spec->fatal && i < LIMIT_FATAL_COUNT; i++) {
			limit_set(fatal_resources[i], spec->fatal[i]);
		}
		if (!spec->cwd || chdir(spec->cwd) == 0) {
			execve(spec->argv[0], (char *const *)(uintptr_t)spec->argv, spec->envp);
		}
		error = errno;
	}
	fd_write_all(errno_fd, &error, sizeof error);
	_exit(127);
}

/* The number behind title in a file of /proc/PID: "Max cpu time   5   unlimited seconds". */
static int64_t number_behind(const char *text, const char *title) {
	const char *at = strstr(text, title);

	if (!at) {
		return -2;
	}
	at += strlen(title);
	at += strspn(at, " \t:");
	return strncmp(at, "unlimited", 9) == 0 ? -1 : strtoll(at, NULL, 10);
}

static bool last_file(pid_t pid, const char *name, char *buf, size_t size) {
	char path[64];
	int fd;
	ssize_t n;

	snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, name);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, size - 1);
	if (fd >= 0) {
		close(fd);
	}
	buf[n > 0 ? n : 0] = '\0';
	return n > 0;
}

/* A program that has ended and is not reaped yet still has its limits, its seccomp mode and its own
 * processor time: fs/proc/base.c reads them from what release_task() frees. */
static void warden_peek(struct warden *w) {
	siginfo_t info = {0};
	char text[4096];
	const char *field;
	int64_t ticks = 0;

	if (!w->alive || waitid(P_PID, (id_t)w->program, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
	    info.si_pid != w->program) {
		return;
	}
	if (last_file(w->program, "limits", text, sizeof text)) {
		w->last.limit[LIMIT_ADDRESS_SPACE] = number_behind(text, "Max address space");
		w->last.limit[LIMIT_DATA] = number_behind(text, "Max data size");
		w->last.limit[LIMIT_CPU] = number_behind(text, "Max cpu time");
		w->last.limit[LIMIT_FILE_SIZE] = number_behind(text, "Max file size");
	}
	if (last_file(w->program, "status", text, sizeof text)) {
		w->last.seccomp = number_behind(text, "\nSeccomp");
	}
	if (last_file(w->program, "stat", text, sizeof text)) {
		/* utime and stime are fields 14 and 15; comm, the second, may hold blanks */
		field = strrchr(text, ')');
		for (int i = 2; field && i < 15; i++) {
			field = strchr(field + 1, ' ');
			ticks += field && i >= 13 ? strtoll(field + 1, NULL, 10) : 0;
		}
		w->last.cpu_ms = ticks * 1000 / sysconf(_SC_CLK_TCK);
	}
}

/* Reaps what has ended and reports the program. False when there is no child left. */
static bool warden_reap(struct warden *w) {
	struct signalfd_siginfo info;
	struct rusage usage;
	int status;
	pid_t pid;

	while (read(w->sigchld_fd, &info, sizeof info) > 0) {
	}
	warden_peek(w);
	while ((pid = wait4(-1, &status, WNOHANG, &usage)) > 0) {
		if (pid == w->program && w->alive) {
			w->alive = false;
			w->last.peak_bytes = (int64_t)usage.ru_maxrss * 1024;
			w->last.core_dumped = WIFSIGNALED(status) && WCOREDUMP(status);
			report_send(WARDEN_EXITED, status, &w->last);
		}
	}
	return !(pid < 0 && errno == ECHILD);
}

/* Waits for a child's end or (unless control_fd is -1) the end of the control pipe, or until_ns;
 * true when the control pipe ended. */
static bool warden_wait(const struct warden *w, int control_fd, int64_t until_ns) {
	struct pollfd fds[] = {{.fd = w->sigchld_fd, .events = POLLIN},
	                       {.fd = control_fd, .events = POLLIN}};
	int timeout_ms = -1;

	if (until_ns) {
		int64_t left_ns = until_ns - clock_now_ns();

		timeout_ms = left_ns <= 0 ? 0 : (int)((left_ns + NS_PER_MS - 1) / NS_PER_MS);
	}
	return poll(fds, 2, timeout_ms) > 0 && fds[1].revents != 0;
}

static bool is_listed(const struct proc_children *list, int64_t pid) {
	for (size_t i = 0; i < list->count; i++) {
		if (list->pids[i] == pid) {
			return true;
		}
	}
	return pid == getpid();
}

/* By a descriptor that means this very process: its number may be another's by now, whose parent is none of ours then. */
static void kill_one_of(struct arena *arena, int proc_fd, const struct proc_children *list,
                        int64_t pid) {
	CLEANUP(fd_closep) int fd = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);
	struct slice text;
	struct proc_stat ps;

	if (fd >= 0 && proc_read(arena, proc_fd, pid, "stat", STAT_CAP, &text) == 0 &&
	    proc_stat_parse(text, &ps) && is_listed(list, ps.ppid)) {
		syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
	}
}

/* Those who only wait for their turn on a busy machine die later than their parents: they must have their signal by then,
 * for nobody will send it afterwards. */
static void kill_descendants(void) {
	struct arena *arena = arena_new();
	CLEANUP(fd_closep) int proc_fd = proc_open();
	const struct proc_children *list =
		proc_fd >= 0 ? proc_descendants(arena, proc_fd, getpid()) : NULL;

	for (size_t i = 0; list && i < list->count; i++) {
		kill_one_of(arena, proc_fd, list, list->pids[i]);
	}
	arena_free(arena);
}

bool warden_kill_below(void) {
	char path[64];
	FILE *list;
	int pid;

	snprintf(path, sizeof path, "/proc/self/task/%d/children", (int)getpid());
	list = fopen(path, "re");
	if (!list) {
		return false;
	}
	kill_descendants();
	/* A child that nobody has reaped keeps its number. */
	while (fscanf(list, "%d", &pid) == 1) {
		kill(pid, SIGKILL);
	}
	fclose(list);
	return true;
}

/* waitid(2) answers ECHILD for a pid that is no child of ours: a way to find them where /proc is
 * not mounted. All of them were born after the program, so between its pid and that of a process
 * born now. */
static void kill_probed_children(const struct warden *w) {
	pid_t newest = fork();
	pid_t first = w->program;

	if (newest == 0) {
		_exit(0);
	}
	if (newest < first || newest - first > PID_SPAN_MAX) {
		first = newest > PID_SPAN_MAX ? newest - PID_SPAN_MAX : 2;
	}
	for (pid_t pid = first; pid < newest; pid++) {
		siginfo_t info;

		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0) {
			kill(pid, SIGKILL);
		}
	}
}

/* Killing a child makes its children ours, so this ends with the last descendant. */
static _Noreturn void warden_finish(struct warden *w) {
	int64_t until_ns;

	if (warden_reap(w) && w->alive) {
		kill(w->program, SIGTERM);
		kill(w->program, SIGCONT);
		until_ns = clock_now_ns() + GRACE_NS;
		while (w->alive && clock_now_ns() < until_ns) {
			warden_wait(w, -1, until_ns);
			warden_reap(w);
		}
	}
	until_ns = clock_now_ns() + KILL_NS;
	while (warden_reap(w) && clock_now_ns() < until_ns) {
		if (!warden_kill_below()) {
			kill_probed_children(w);
		}
		warden_wait(w, -1, clock_now_ns() + 5 * NS_PER_MS);
	}
	_exit(0);
}

/* The errno of the exec, 0 when it worked, or -1 when the control pipe ended first. */
static int warden_await_exec(int errno_fd) {
	struct pollfd fds[] = {{.fd = errno_fd, .events = POLLIN},
	                       {.fd = CONTROL_FD, .events = POLLIN}};
	int error = 0;

	while (poll(fds, 2, -1) < 0 && errno == EINTR) {
	}
	if (fds[0].revents == 0) {
		return -1;
	}
	if (read(errno_fd, &error, sizeof error) != (ssize_t)sizeof error) {
		return 0;
	}
	return error;
}

static int sigchld_open(void) {
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	signal(SIGCHLD, SIG_DFL); /* an inherited SIG_IGN would reap behind our back */
	sigprocmask(SIG_SETMASK, &set, NULL);
	return signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
}

_Noreturn void warden_main(const struct warden_job *job) {
	const int keep[] = {job->control_fd, job->report_fd, job->std_fds[0], job->std_fds[1],
	                    job->std_fds[2]};
	struct warden w = {.alive = false, .last = {.limit = {-2, -2, -2, -2}, .seccomp = -1}};
	pid_t self;
	int errno_pipe[2];
	int error;

	selfcare_settle("dialtone-warden", keep, sizeof keep / sizeof *keep);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	self = getpid();
	w.sigchld_fd = sigchld_open();
	if (w.sigchld_fd < 0 || pipe2(errno_pipe, O_CLOEXEC) < 0) {
		report_send(WARDEN_FAILED, errno, NULL);
		_exit(1);
	}
	w.program = fork();
	if (w.program < 0) {
		report_send(WARDEN_FAILED, errno, NULL);
		_exit(1);
	}
	if (w.program == 0) {
		program_exec(job->spec, self, errno_pipe[1]);
	}
	w.alive = true;
	close(errno_pipe[1]);
	close(STDIN_FD);
	close(STDOUT_FD);
	close(STDERR_FD);
	error = warden_await_exec(errno_pipe[0]);
	close(errno_pipe[0]);
	if (error > 0) {
		report_send(WARDEN_FAILED, error, NULL);
		w.alive = false;
	} else if (error == 0) {
		report_send(WARDEN_STARTED, 0, NULL);
		while (w.alive && !warden_wait(&w, CONTROL_FD, 0)) {
			warden_reap(&w);
		}
	}
	warden_finish(&w);
}
