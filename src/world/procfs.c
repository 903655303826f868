/* SPDX-License-Identifier: MIT
 */
#include "world/procfs.h"

#include "base/clock.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define STAT_CAP      ((size_t)4096)
#define CMDLINE_CAP   ((size_t)128 * 1024)
#define BOOT_STAT_CAP ((size_t)1024 * 1024)
#define PIECE_SIZE    ((size_t)4096)
#define TICKS_MAX     ((uint64_t)100000000000) /* thirty years: keeps the sum below INT64_MAX */

/* The decimal number at the front of *rest, which is moved behind it and one blank. */
static bool number_take(struct slice *rest, uint64_t *ret) {
	struct slice word;
	uint64_t value = 0;

	if (!slice_cut(rest, ' ', &word) || word.len == 0 || word.len > 19) {
		return false;
	}
	for (size_t i = 0; i < word.len; i++) {
		if (word.data[i] < '0' || word.data[i] > '9') {
			return false;
		}
		value = value * 10 + (uint64_t)(word.data[i] - '0');
	}
	*ret = value;
	return true;
}

bool proc_stat_parse(struct slice text, struct proc_stat *ret) {
	const char *open = memchr(text.data, '(', text.len);
	const char *close = open ? memrchr(text.data, ')', text.len) : NULL;
	struct slice head, rest, word;
	uint64_t number;
	size_t comm_len;

	if (!open || !close || close < open || text.len - (size_t)(close - text.data) < 5) {
		return false;
	}
	*ret = (struct proc_stat){.state = close[2]};
	head = slice_of(text.data, (size_t)(open - text.data));
	if (!number_take(&head, &number)) {
		return false;
	}
	ret->pid = (int64_t)number;
	comm_len = (size_t)(close - open - 1);
	comm_len = comm_len < sizeof ret->comm ? comm_len : sizeof ret->comm - 1;
	memcpy(ret->comm, open + 1, comm_len);
	ret->comm[comm_len] = '\0';
	rest = slice_of(close + 4, text.len - (size_t)(close + 4 - text.data));
	if (!number_take(&rest, &number)) {
		return false;
	}
	ret->ppid = (int64_t)number;
	/* Fields 5 to 21 lie between ppid (4) and starttime (22): session is 6; utime, stime, cutime
	 * and cstime are 14 to 17; num_threads is 20. */
	for (int field = 5; field < 22; field++) {
		struct slice before = rest;

		if (!slice_cut(&rest, ' ', &word)) {
			return false;
		}
		if ((field == 6 || field == 20) && number_take(&before, &number)) {
			*(field == 6 ? &ret->session : &ret->threads) = (int64_t)number;
		}
		if (field >= 14 && field <= 17 && number_take(&before, &number) &&
		    number < TICKS_MAX) {
			ret->cpu_ticks += number;
			ret->own_ticks += field <= 15 ? number : 0;
		}
	}
	if (!number_take(&rest, &ret->start_ticks)) {
		return false;
	}
	/* vsize (23), rss (24) */
	if (slice_cut(&rest, ' ', &word) && number_take(&rest, &number) && number <= UINT32_MAX) {
		ret->rss_pages = number;
	}
	return true;
}

int64_t proc_btime_parse(struct slice text) {
	struct slice line, key;
	uint64_t value;

	while (slice_line(&text, &line)) {
		if (slice_cut(&line, ' ', &key) && slice_eq(key, "btime")) {
			return number_take(&line, &value) && value < (uint64_t)INT64_MAX / NS_PER_S
			               ? (int64_t)value
			               : 0;
		}
	}
	return 0;
}

int proc_open(void) {
	int fd = open("/proc", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0 && faccessat(fd, "self/stat", F_OK, 0) < 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

bool proc_in_one_piece(const char *name) {
	const char *at = strrchr(name, '/');

	return STR_IN(at ? at + 1 : name, "stat", "status", "comm", "io", "schedstat", "syscall",
	              "wchan", "limits", "smaps_rollup", "cgroup", "oom_score_adj");
}

/* 0, a positive errno, or -1: it is longer than expected. */
static int read_piece(struct arena *arena, int proc_fd, const char *path, size_t cap,
                      struct slice *ret) {
	CLEANUP(fd_closep) int fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	char piece[PIECE_SIZE];
	ssize_t n = fd < 0 ? -1 : read(fd, piece, sizeof piece);

	if (n < 0) {
		return errno;
	}
	if ((size_t)n == sizeof piece || (size_t)n > cap) {
		return -1;
	}
	*ret = slice_of(arena_strndup(arena, piece, (size_t)n), (size_t)n);
	return 0;
}

int proc_read(struct arena *arena, int proc_fd, int64_t pid, const char *name, size_t cap,
              struct slice *ret) {
	struct look_reply reply = {.state = EV_FAILED};
	char path[64];
	int error = -1;

	snprintf(path, sizeof path, "%" PRId64 "/%s", pid, name);
	*ret = slice_of("", 0);
	if (proc_in_one_piece(name)) {
		error = read_piece(arena, proc_fd, path, cap, ret);
	}
	if (error < 0) {
		strbuf_init(&reply.bytes, arena);
		error = look_read_file(proc_fd, path, cap, &reply);
		*ret = slice_of(reply.bytes.data, reply.bytes.len);
	}
	return error;
}

const char *proc_link(struct arena *arena, int proc_fd, int64_t pid, const char *name) {
	char path[64], target[PATH_MAX];
	ssize_t n;

	snprintf(path, sizeof path, "%" PRId64 "/%s", pid, name);
	n = readlinkat(proc_fd, path, target, sizeof target);
	return n < 0 ? NULL : arena_strndup(arena, target, (size_t)n);
}

int64_t proc_pid_of(const struct looker *looker, const char *arg) {
	int64_t pid;

	if (streq(arg, "self")) {
		return looker->self;
	}
	return str_to_int64(arg, &pid) == 0 && pid > 0 && pid <= INT_MAX ? pid : -1;
}

static void environ_of_self(struct look_reply *reply) {
	for (char **var = environ; var && *var; var++) {
		strbuf_add(&reply->bytes, *var);
		strbuf_add_char(&reply->bytes, '\0');
	}
	reply->state = EV_READ;
	reply->error = 0;
}

void look_environ(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply) {
	int64_t pid = proc_pid_of(looker, request->arg);
	CLEANUP(fd_closep) int proc_fd = -1;
	char path[64];

	if (pid == looker->self) {
		environ_of_self(reply); /* the child has the environment it was forked with */
		return;
	}
	proc_fd = proc_open();
	if (pid < 0 || proc_fd < 0) {
		look_reply_errno(reply, pid < 0 ? EINVAL : ENOSYS);
		return;
	}
	snprintf(path, sizeof path, "%" PRId64 "/environ", pid);
	look_read_file(proc_fd, path, request->cap, reply);
}

void proc_put_cmdline_as(struct strbuf *out, const char *key, struct arena *arena,
                         struct slice cmdline) {
	char *text = arena_slicedup(arena, cmdline);
	size_t len = cmdline.len;

	while (len > 0 && text[len - 1] == '\0') {
		len--;
	}
	for (size_t i = 0; i < len; i++) {
		text[i] = text[i] == '\0' ? '\x1f' : text[i];
	}
	keyline_put(out, key, text);
}

void proc_put_cmdline(struct strbuf *out, struct arena *arena, struct slice cmdline) {
	proc_put_cmdline_as(out, "cmdline", arena, cmdline);
}

/* The moment of boot by the wall clock as it is now; btime of /proc/stat has whole seconds only,
 * which is too coarse to tell whether a file is younger than a process. */
int64_t proc_boot_wall_ns(struct arena *arena, int proc_fd) {
	struct look_reply reply = {.state = EV_FAILED};
	struct timespec since_boot;

	if (clock_gettime(CLOCK_BOOTTIME, &since_boot) == 0) {
		return clock_wall_ns() -
		       ((int64_t)since_boot.tv_sec * NS_PER_S + since_boot.tv_nsec);
	}
	strbuf_init(&reply.bytes, arena);
	look_read_file(proc_fd, "stat", BOOT_STAT_CAP, &reply);
	return proc_btime_parse(slice_of(reply.bytes.data, reply.bytes.len)) * NS_PER_S;
}

int64_t proc_start_wall_ns(int64_t boot_wall_ns, uint64_t start_ticks) {
	int64_t ticks_per_s = sysconf(_SC_CLK_TCK);

	if (boot_wall_ns <= 0 || ticks_per_s <= 0 || start_ticks > TICKS_MAX) {
		return 0;
	}
	return boot_wall_ns + (int64_t)start_ticks / ticks_per_s * NS_PER_S +
	       (int64_t)start_ticks % ticks_per_s * (NS_PER_S / ticks_per_s);
}

/* What we know about ourselves when there is no /proc. */
static void process_of_self(struct looker const *looker, struct look_reply *reply) {
	char cwd[PATH_MAX];

	strbuf_printf(&reply->bytes, "pid=%d\nuid=%u\n", (int)looker->self, looker->uid);
	keyline_put(&reply->bytes, "comm", "dialtone");
	if (getcwd(cwd, sizeof cwd)) {
		keyline_put(&reply->bytes, "cwd", cwd);
	}
	reply->state = EV_READ;
	reply->error = 0;
}

static void put_optional(struct strbuf *out, const char *key, const char *value) {
	if (value) {
		keyline_put(out, key, value);
	}
}

void look_process(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply) {
	struct arena *arena = request->arena;
	CLEANUP(fd_closep) int proc_fd = proc_open();
	int64_t pid = proc_pid_of(looker, request->arg);
	struct proc_stat ps;
	struct slice text;
	struct stat st;
	char path[32];
	int error;

	if (pid < 0 || proc_fd < 0) {
		if (pid == looker->self) {
			process_of_self(looker, reply);
		} else {
			look_reply_errno(reply, pid < 0 ? EINVAL : ENOSYS);
		}
		return;
	}
	snprintf(path, sizeof path, "%" PRId64, pid);
	error = proc_read(arena, proc_fd, pid, "stat", STAT_CAP, &text);
	if (error || fstatat(proc_fd, path, &st, 0) < 0 || !proc_stat_parse(text, &ps)) {
		look_reply_errno(reply, error == ESRCH || !error ? ENOENT : error);
		return;
	}
	strbuf_printf(&reply->bytes, "pid=%" PRId64 "\nppid=%" PRId64 "\nuid=%u\n", pid, ps.ppid,
	              st.st_uid);
	strbuf_printf(&reply->bytes, "start_wall_ns=%" PRId64 "\n",
	              proc_start_wall_ns(proc_boot_wall_ns(arena, proc_fd), ps.start_ticks));
	keyline_put(&reply->bytes, "comm", ps.comm);
	put_optional(&reply->bytes, "exe", proc_link(arena, proc_fd, pid, "exe"));
	put_optional(&reply->bytes, "cwd", proc_link(arena, proc_fd, pid, "cwd"));
	strbuf_printf(&reply->bytes, "state=%c\n", ps.state);
	if (proc_read(arena, proc_fd, pid, "cmdline", CMDLINE_CAP, &text) == 0) {
		proc_put_cmdline(&reply->bytes, arena, text);
	}
	reply->state = EV_READ;
	reply->error = 0;
}

int proc_fd_share(int64_t pid, int fd) {
	CLEANUP(fd_closep) int process = (int)syscall(SYS_pidfd_open, (pid_t)pid, 0);

	return process < 0 ? -1 : (int)syscall(SYS_pidfd_getfd, process, fd, 0);
}

#define STATUS_CAP ((size_t)64 * 1024)

/* The number behind a title of /proc/PID/status, 0 when it is not there. */
static int64_t status_number(struct arena *arena, int proc_fd, int64_t pid, const char *title) {
	size_t len = strlen(title);
	struct slice text, line;
	int64_t number = 0;

	if (proc_read(arena, proc_fd, pid, "status", STATUS_CAP, &text) != 0) {
		return 0;
	}
	while (slice_line(&text, &line)) {
		if (slice_starts(line, title)) {
			struct slice value = slice_trim(slice_of(line.data + len, line.len - len));

			return str_to_int64(arena_slicedup(arena, value), &number) == 0 ? number
			                                                                : 0;
		}
	}
	return 0;
}

int64_t proc_tracer(struct arena *arena, int proc_fd, int64_t pid) {
	int64_t thread = status_number(arena, proc_fd, pid, "TracerPid:");

	return thread > 0 ? status_number(arena, proc_fd, thread, "Tgid:") : 0;
}
