/* SPDX-License-Identifier: MIT
 */
#include "world/rehearsal_inside.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "world/selfcare.h"
#include "world/view.h"
#include "world/warden.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mount.h>
#include <sys/pidfd.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <sys/wait.h>
#include <unistd.h>

#define TEMPORARY     "/tmp"
#define CAP_BYTES_MIN ((size_t)32 << 20)

enum { CONTROL_FD = SELFCARE_FIRST_FD, REPORT_FD, OUT_FD, ERR_FD };

struct inside {
	struct arena *arena;
	const struct rehearsal_spec *spec;
	struct rehearsal facts;
	struct view view;
	const char *roots[REHEARSAL_ROOTS_MAX + 2]; /* links resolved; NULL-terminated */
	size_t root_count;
};

static void tell(enum inside_kind kind, int value, const char *text) {
	struct inside_report report = {.kind = kind, .value = value, .at_ns = clock_now_ns()};

	snprintf(report.text, sizeof report.text, "%s", text ? text : "");
	fd_write_all(REPORT_FD, &report, sizeof report);
}

static _Noreturn void refuse(int r, const char *sentence) {
	tell(INSIDE_REFUSED, r, sentence);
	_exit(0);
}

/* ---- which directories ---- */

static void add_root(struct inside *in, const char *path) {
	char resolved[PATH_MAX];

	while (!realpath(path, resolved)) {
		if (streq(path, "/") || path[0] != '/') {
			return;
		}
		path = path_parent(in->arena, path);
	}
	struct stat st;
	const char *root = arena_strdup(in->arena, resolved);
	if (stat(root, &st) == 0 && !S_ISDIR(st.st_mode)) {
		root = path_parent(in->arena, root);
	}
	/* The root directory itself cannot be covered: what we stand on would be below it. */
	if (!streq(root, "/") && in->root_count < REHEARSAL_ROOTS_MAX + 1) {
		in->roots[in->root_count++] = root;
	}
}

static int by_length(const void *a, const void *b) {
	size_t x = strlen(*(const char *const *)a);
	size_t y = strlen(*(const char *const *)b);

	return x < y ? -1 : x > y;
}

static void find_roots(struct inside *in) {
	for (const char *const *path = in->spec->writable; *path; path++) {
		add_root(in, *path);
	}
	add_root(in, TEMPORARY);
	qsort(in->roots, in->root_count, sizeof *in->roots, by_length);
}

static bool is_below_root(const struct inside *in, const char *path) {
	for (size_t i = 0; i < in->root_count; i++) {
		if (path_below(in->roots[i], path)) {
			return true;
		}
	}
	return false;
}

/* ---- the view ---- */

static size_t cap_bytes(const struct rehearsal_spec *spec) {
	size_t cap = spec->cap_bytes > 0 ? spec->cap_bytes : REHEARSAL_BYTES;
	struct sysinfo info;

	if (sysinfo(&info) == 0) {
		size_t share = (size_t)info.totalram * info.mem_unit / 4;
		cap = cap < share ? cap : share;
	}
	return cap < CAP_BYTES_MIN ? CAP_BYTES_MIN : cap;
}

/* Empty in here: what lies there is the business of processes outside. */
static void hide(struct inside *in, const char *dir, unsigned mode) {
	char resolved[PATH_MAX];

	if (dir && realpath(dir, resolved) && !is_below_root(in, resolved)) {
		view_fresh(resolved,
		           arena_printf(in->arena, "mode=%04o,size=%zu", mode, in->view.cap_bytes));
	}
}

static int make_view(struct inside *in, struct err *err) {
	int r = view_begin(&in->view, cap_bytes(in->spec), in->roots, err);

	for (size_t i = 0; r == 0 && i < in->root_count; i++) {
		r = view_overlay(&in->view, in->roots[i], err);
		if (r == -EMFILE && streq(in->roots[i], TEMPORARY)) {
			r = view_bare(&in->view, TEMPORARY, in->roots, err);
		}
		r = r > 0 ? 0 : r;
	}
	if (r == 0) {
		r = view_show(&in->view, err);
	}
	if (r < 0) {
		return r;
	}
	view_end(&in->view);
	hide(in, "/dev/shm", 01777);
	hide(in, arena_printf(in->arena, "/run/user/%u", geteuid()), 0700);
	return 0;
}

/* The files of /proc by which root changes the whole machine. */
static void protect_kernel(void) {
	static const char *const paths[] = {"/proc/sys", "/proc/sysrq-trigger", "/proc/irq",
	                                    "/proc/bus"};

	for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
		if (mount(paths[i], paths[i], NULL, MS_BIND | MS_REC, NULL) == 0) {
			mount(NULL, paths[i], NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL);
		}
	}
}

static bool mount_proc(void) {
	if (mount("proc", "/proc", "proc", MS_NOSUID | MS_NODEV | MS_NOEXEC, NULL) < 0) {
		return false;
	}
	if (geteuid() == 0) {
		protect_kernel();
	}
	return true;
}

/* ---- the process that does it ---- */

static void limit_set(int resource, struct limit_pair pair) {
	struct rlimit limit = {.rlim_cur = (rlim_t)pair.soft, .rlim_max = (rlim_t)pair.hard};

	if (pair.hard != 0) {
		setrlimit((__rlimit_resource_t)resource, &limit);
	}
}

static _Noreturn void become_program(const struct rehearsal_spec *spec) {
	limit_set(RLIMIT_NOFILE, spec->nofile);
	limit_set(RLIMIT_NPROC, spec->nproc);
	dup2(OUT_FD, STDOUT_FILENO);
	dup2(ERR_FD, STDERR_FILENO);
	selfcare_reset_signals();
	if (spec->main) {
		_exit(spec->main(spec->context));
	}
	const char **argv = arena_array_of(arena_new(), const char *, spec->argc + 1);
	memcpy(argv, spec->argv, spec->argc * sizeof *argv);
	const char *program = argv[0] ? argv[0] : "/proc/self/exe";
	argv[0] = argv[0] ? argv[0] : "dialtone";
	execve(program, (char *const *)(uintptr_t)argv, spec->envp);
	tell(INSIDE_REFUSED, -errno, "the program cannot be started");
	_exit(127);
}

static _Noreturn void perform(struct inside *in) {
	const struct rehearsal_spec *spec = in->spec;
	struct err err = {.msg = ""};
	int r = view_drop_rights(&in->view);

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	setsid();
	/* The directory we stood in is the one outside, which is read-only. */
	if (r < 0 || (chdir(spec->cwd) < 0 && chdir("/") < 0)) {
		refuse(-EPERM, "no directory to stand in");
	}
	r = spec->act ? spec->act(spec->context, &in->facts, &err) : 0;
	if (r < 0) {
		tell(INSIDE_NOT_DONE, r, err.msg);
		_exit(0);
	}
	tell(INSIDE_ACTED, 0, NULL);
	if (chdir(spec->cwd) < 0) {
		refuse(-errno, arena_printf(in->arena, "'%s' cannot be entered: %s", spec->cwd,
		                            strerror(errno)));
	}
	become_program(spec);
}

/* ---- the first process inside ---- */

static _Noreturn void preside(struct inside *in) {
	struct err err = {.msg = ""};
	int status = 0;
	pid_t pid, ended;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (make_view(in, &err) < 0) {
		refuse(err.code, err.msg);
	}
	if (in->facts.own_processes && !mount_proc()) {
		tell(INSIDE_NO_PROC, -errno, NULL);
		_exit(0);
	}
	tell(INSIDE_ENTERED, 0, NULL);
	pid = fork();
	if (pid == 0) {
		perform(in);
	}
	while (pid > 0) {
		ended = waitpid(-1, &status, 0);
		if (ended == pid) {
			tell(INSIDE_ENDED, status, NULL);
			break;
		}
		if (ended < 0 && errno != EINTR) {
			break;
		}
	}
	_exit(0);
}

/* ---- the one outside ---- */

/* Until the first process inside has ended, or the control pipe. */
static void attend(pid_t first) {
	struct pollfd fds[] = {{.fd = CONTROL_FD, .events = POLLIN}, {.events = POLLIN}};

	fds[1].fd = pidfd_open(first, 0);
	while (poll(fds, 2, fds[1].fd < 0 ? 20 : -1) >= 0 || errno == EINTR) {
		if (fds[0].revents != 0) {
			kill(first, SIGKILL);
			break;
		}
		if (waitpid(first, NULL, WNOHANG) == first) {
			return;
		}
	}
	waitpid(first, NULL, 0);
}

_Noreturn void inside_main(const struct inside_job *job) {
	const int keep[] = {job->control_fd, job->report_fd, job->out_fd, job->err_fd};
	struct inside in = {.arena = arena_new(),
	                    .spec = job->spec,
	                    .facts = {.own_processes = job->own_processes,
	                              .own_network = job->spec->no_network}};
	int flags = CLONE_NEWNS | CLONE_NEWIPC | (job->own_processes ? CLONE_NEWPID : 0) |
	            (job->spec->no_network ? CLONE_NEWNET : 0);
	struct err err;

	selfcare_settle("dialtone-stage", keep, sizeof keep / sizeof *keep);
	prctl(PR_SET_CHILD_SUBREAPER, 1);
	signal(SIGCHLD, SIG_DFL);
	find_roots(&in);
	if (view_enter(&in.view, in.arena, flags, &err) < 0) {
		refuse(err.code, err.msg);
	}
	pid_t first = fork();
	if (first == 0) {
		preside(&in);
	}
	if (first < 0) {
		refuse(-errno, "no process can be started");
	}
	attend(first);
	/* Without processes of its own some may have been left behind; they are ours now. */
	for (int64_t until_ns = clock_now_ns() + NS_PER_S;
	     waitpid(-1, NULL, WNOHANG) >= 0 && clock_now_ns() < until_ns;) {
		warden_kill_below();
		poll(NULL, 0, 1);
	}
	_exit(0);
}
