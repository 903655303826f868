/* SPDX-License-Identifier: MIT */
#include "trace/launch.h"

#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* Linux 5.19, seccomp_unotify(2); not in Debian 12's headers. A call that we have begun to look at is not taken back for a
 * signal: Go sends its threads many (SIGURG), and each time the call would begin, and be told, once more. */
#define WAIT_KILLABLE (1u << 5)

/* Once the filter is in force a call of the child may wait for us, so it tells its listener's number
 * through memory. */
struct launch_shared {
	_Atomic int listener; /* 0 not yet, -1 failed */
	_Atomic int taken;    /* we have our own copy */
};

#define STATUS_NOT_EXECUTED 127

enum stage { STAGE_FILTER, STAGE_EXEC };

struct complaint {
	int stage;
	int error;
};

static bool is_program(const char *path) {
	struct stat st;

	return stat(path, &st) == 0 && S_ISREG(st.st_mode) && access(path, X_OK) == 0;
}

/* The file `name` means: itself when it has a slash, else the first executable one in PATH; into
 * path. -ENOENT, -EACCES, -ENAMETOOLONG with a sentence. */
static int find_program(const char *name, char *path, size_t path_bytes, struct err *err) {
	const char *search = getenv("PATH");
	struct slice rest = slice_str(search ? search : "/usr/local/bin:/usr/bin:/bin"), dir;

	if (strchr(name, '/')) {
		int n = snprintf(path, path_bytes, "%s", name);

		return n >= 0 && (size_t)n < path_bytes
		               ? 0
		               : err_set(err, -ENAMETOOLONG, "the path '%.60s…' is too long", name);
	}
	while (slice_cut(&rest, ':', &dir)) {
		int n = snprintf(path, path_bytes, "%.*s/%s", dir.len > 0 ? (int)dir.len : 1,
		                 dir.len > 0 ? dir.data : ".", name);

		if (n >= 0 && (size_t)n < path_bytes && is_program(path)) {
			return 0;
		}
	}
	return err_set(err, -ENOENT, "there is no program '%s' in PATH", name);
}

/* ---- in the child ---- */

static _Noreturn void child_fail(int fd, enum stage stage) {
	struct complaint complaint = {.stage = stage, .error = errno};

	(void)fd_write_all(fd, &complaint, sizeof(complaint));
	_exit(STATUS_NOT_EXECUTED);
}

static long filter_install(const struct filter *filter, unsigned flags) {
	struct sock_filter steps[FILTER_MAX];
	struct sock_fprog program = {.len = (unsigned short)filter->count, .filter = steps};

	memcpy(steps, filter->steps, filter->count * sizeof(steps[0]));
	long fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);

	if (fd < 0 && errno == EACCES && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0) {
		fd = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, &program);
	}
	return fd;
}

static void child_filter(const struct launch *launch, const struct filter *filter, bool listens,
                         int error_fd) {
	unsigned listener = listens ? SECCOMP_FILTER_FLAG_NEW_LISTENER : 0;
	long fd = filter_install(filter, listens ? listener | WAIT_KILLABLE : 0);

	if (fd < 0 && errno == EINVAL && listens) {
		fd = filter_install(filter, listener);
	}
	if (fd < 0) {
		atomic_store(&launch->shared->listener, -1);
		child_fail(error_fd, STAGE_FILTER);
	}
	if (listens) {
		atomic_store(&launch->shared->listener, (int)fd);
		while (!atomic_load(&launch->shared->taken)) {
			/* Any call, even sched_yield, may be one that waits for the listener. */
		}
	}
}

static _Noreturn void child_run(const struct launch *launch, const char *path, char *const *argv,
                                const struct filter *filter, bool listens, int go_fd,
                                int error_fd) {
	sigset_t none;
	char c;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGPIPE, SIG_DFL); /* dialtone ignores it, its children shall not */
	/* Without a listener every call of the filter would fail: then rather none of us. */
	if (read(go_fd, &c, 1) != 1 || (listens && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)) {
		_exit(STATUS_NOT_EXECUTED);
	}
	if (filter) {
		child_filter(launch, filter, listens, error_fd);
	}
	execve(path, argv, environ);
	child_fail(error_fd, STAGE_EXEC);
}

/* ---- in the parent ---- */

int launch_start(char *const *argv, const struct filter *filter, bool listens,
                 struct launch *ret_launch, struct err *err) {
	int go[2] = {-1, -1}, error[2] = {-1, -1};
	struct launch launch = {.go_fd = -1, .error_fd = -1};
	char path[PATH_MAX];
	int code = find_program(argv[0], path, sizeof(path), err);

	if (code < 0) {
		return code;
	}
	launch.shared = mmap(NULL, sizeof(*launch.shared), PROT_READ | PROT_WRITE,
	                     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (launch.shared == MAP_FAILED) {
		return err_set(err, -errno, "no memory to share with the program: %s",
		               strerror(errno));
	}
	if (pipe2(go, O_CLOEXEC) < 0 || pipe2(error, O_CLOEXEC) < 0 || (launch.pid = fork()) < 0) {
		code = err_set(err, -errno, "'%s' cannot be started: %s", argv[0], strerror(errno));
	} else if (launch.pid == 0) {
		fd_closep(&go[1]);
		child_run(&launch, path, argv, filter, listens, go[0], error[1]);
	}
	fd_closep(&go[0]);
	fd_closep(&error[1]);
	launch.go_fd = go[1];
	launch.error_fd = error[0];
	if (code < 0) {
		launch_close(&launch);
		return code;
	}
	*ret_launch = launch;
	return 0;
}

void launch_go(struct launch *launch) {
	(void)fd_write_all(launch->go_fd, "g", 1);
	fd_closep(&launch->go_fd);
}

int launch_listener(struct launch *launch, struct err *err) {
	const struct timespec moment = {.tv_nsec = 200000};
	int number;

	while ((number = atomic_load(&launch->shared->listener)) == 0) {
		siginfo_t info = {0};

		if (waitid(P_PID, (id_t)launch->pid, &info, WEXITED | WNOHANG | WNOWAIT) < 0 ||
		    info.si_pid != 0) {
			return err_set(err, -ECHILD, "the program ended before it was started");
		}
		nanosleep(&moment, NULL);
	}
	if (number < 0) {
		return err_set(
			err, -EINVAL,
			"the kernel refuses a seccomp filter with a listener (it may have one "
			"already)");
	}
	int pidfd CLEANUP(fd_closep) = (int)syscall(SYS_pidfd_open, launch->pid, 0);
	int fd = pidfd < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, pidfd, number, 0);
	int code = errno;

	atomic_store(&launch->shared->taken, 1);
	return fd >= 0 ? fd
	               : err_set(err, -code, "the filter's listener cannot be had: %s",
	                         strerror(code));
}

void launch_wait(const struct launch *launch, int *status) {
	while (waitpid(launch->pid, status, 0) < 0 && errno == EINTR) {
	}
}

int launch_result(const struct launch *launch, const char *name, struct err *err) {
	struct complaint complaint;

	if (read(launch->error_fd, &complaint, sizeof(complaint)) != sizeof(complaint)) {
		return 0;
	}
	return err_set(err, -complaint.error,
	               complaint.stage == STAGE_FILTER
	                       ? "no seccomp filter can be installed for '%s': %s"
	                       : "'%s' cannot be executed: %s",
	               name, strerror(complaint.error));
}

void launch_close(struct launch *launch) {
	fd_closep(&launch->go_fd);
	fd_closep(&launch->error_fd);
	if (launch->shared) {
		munmap(launch->shared, sizeof(*launch->shared));
		launch->shared = NULL;
	}
}
