/* SPDX-License-Identifier: MIT
 * How many processes and threads somebody may have, and how many there are; and what processor time.
 *
 * Three things bound them: RLIMIT_NPROC against all tasks of the real user id (in a user namespace,
 * of that namespace; CAP_SYS_RESOURCE, CAP_SYS_ADMIN and uid 0 are exempt; kernel/fork.c), pids.max
 * of each cgroup up to the root (kernel/cgroup/pids.c; v1 in a hierarchy of its own, v2 in the only
 * one), and the system (kernel.threads-max, kernel.pid_max).
 */
#include "base/fd.h"
#include "base/path.h"
#include "world/context.h"
#include "world/proc_scan.h"
#include "world/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TEXT_CAP      ((size_t)64 * 1024)
#define CGROUP_ROOT   "/sys/fs/cgroup"
#define CGROUP_DEPTH  32
#define FAR_AWAY      8192 /* a limit beyond that is not worth counting every process */
#define ANCESTORS_MAX 4
#define CAPS_EXEMPT   (UINT64_C(1) << 21 | UINT64_C(1) << 24) /* SYS_ADMIN, SYS_RESOURCE */

struct tally {
	const struct looker *looker;
	struct arena *arena;
	int proc_fd;
	int64_t tasks;
};

static bool file_number(struct arena *arena, const char *path, int64_t *ret) {
	struct look_reply reply = {.state = EV_FAILED};

	strbuf_init(&reply.bytes, arena);
	return look_read_file(AT_FDCWD, path, TEXT_CAP, &reply) == 0 &&
	       str_to_int64(arena_slicedup(arena,
	                                   slice_trim(slice_of(reply.bytes.data, reply.bytes.len))),
	                    ret) == 0;
}

/* ---- the user ---- */

static bool stat_of(const struct tally *t, int64_t pid, struct proc_stat *ret,
                    struct slice *ret_text) {
	return proc_read(t->arena, t->proc_fd, pid, "stat", TEXT_CAP, ret_text) == 0 &&
	       proc_stat_parse(*ret_text, ret);
}

/* Dialtone, its wardens, and what they have started. */
static bool is_ours(const struct tally *t, int64_t pid, int64_t ppid) {
	struct proc_stat ps;
	struct slice text;

	for (int i = 0; i < ANCESTORS_MAX && pid > 1; i++) {
		if (pid == t->looker->self) {
			return true;
		}
		pid = ppid;
		if (pid <= 1 || !stat_of(t, pid, &ps, &text)) {
			return false;
		}
		ppid = ps.ppid;
	}
	return false;
}

/* num_threads, the 20th field of proc(5), /proc/PID/stat: the 18th behind the name. */
static int64_t threads_in(struct arena *arena, struct slice text) {
	const char *close = memrchr(text.data, ')', text.len);
	struct slice rest =
		close ? slice_of(close + 1, text.len - (size_t)(close + 1 - text.data)) : text;
	struct slice word = rest;
	int64_t value = 0;

	rest = slice_trim(rest);
	for (int i = 3; i <= 20; i++) {
		if (!slice_cut(&rest, ' ', &word)) {
			return 1;
		}
	}
	return str_to_int64(arena_slicedup(arena, word), &value) == 0 ? value : 1;
}

static bool process_seen(void *data, int64_t pid, const char *name) {
	struct tally *t = data;
	struct proc_stat ps;
	struct slice text;

	(void)name;
	if (stat_of(t, pid, &ps, &text) && !is_ours(t, pid, ps.ppid)) {
		t->tasks += threads_in(t->arena, text);
	}
	return true;
}

static bool is_exempt(struct slice status) {
	struct slice line;
	bool root = false, capable = false;

	while (slice_line(&status, &line)) {
		char text[64];
		size_t len = line.len < sizeof text - 1 ? line.len : sizeof text - 1;

		memcpy(text, line.data, len);
		text[len] = '\0';
		if (str_starts(text, "Uid:")) {
			root = strtoull(text + 4, NULL, 10) == 0;
		} else if (str_starts(text, "CapEff:")) {
			capable = (strtoull(text + 7, NULL, 16) & CAPS_EXEMPT) != 0;
		}
	}
	return root || capable;
}

static void put_user(struct tally *t, struct strbuf *out, int64_t pid) {
	struct strbuf limits;
	struct slice text;
	int64_t soft = 0;

	if (proc_read(t->arena, t->proc_fd, pid, "status", TEXT_CAP, &text) == 0) {
		strbuf_printf(out, "exempt=%d\n", is_exempt(text));
	}
	if (proc_read(t->arena, t->proc_fd, pid, "limits", TEXT_CAP, &text) != 0) {
		return;
	}
	strbuf_init(&limits, t->arena);
	context_limits(&limits, text);
	const char *value = keyline_get(t->arena, slice_of(limits.data, limits.len), "limit_nproc");

	if (!value) {
		return;
	}
	strbuf_printf(out, "rlimit=%s\n", value);
	const char *colon = strchr(value, ':');

	if (colon &&
	    str_to_int64(arena_strndup(t->arena, value, (size_t)(colon - value)), &soft) == 0 &&
	    soft < FAR_AWAY) {
		proc_scan(t->looker->names, t->proc_fd, t->looker->uid, process_seen, t);
		strbuf_printf(out, "user_tasks=%" PRId64 "\n", t->tasks);
	}
}

/* ---- its cgroups ---- */

/* pids.events: "max N", how often a fork was refused there. */
static int64_t refusals(struct arena *arena, const char *dir) {
	struct look_reply reply = {.state = EV_FAILED};
	struct slice rest, line;
	int64_t value = -1;

	strbuf_init(&reply.bytes, arena);
	if (look_read_file(AT_FDCWD, path_join(arena, dir, "pids.events"), TEXT_CAP, &reply) != 0) {
		return -1;
	}
	rest = slice_of(reply.bytes.data, reply.bytes.len);
	while (slice_line(&rest, &line)) {
		if (slice_starts(line, "max ") &&
		    str_to_int64(arena_strndup(arena, line.data + 4, line.len - 4), &value) == 0) {
			return value;
		}
	}
	return -1;
}

static void put_cgroup(struct strbuf *out, struct arena *arena, const char *mount,
                       const char *cgroup) {
	const char *dir = path_clean(arena, arena_printf(arena, "%s%s", mount, cgroup));

	for (int i = 0; i < CGROUP_DEPTH && path_below(dir, mount); i++) {
		int64_t max = 0, current = 0;

		if (file_number(arena, path_join(arena, dir, "pids.max"), &max) &&
		    file_number(arena, path_join(arena, dir, "pids.current"), &current)) {
			strbuf_printf(out, "cgroup=%" PRId64 " %" PRId64 " %" PRId64 " %s\n", max,
			              current, refusals(arena, dir), keyline_escape(arena, dir));
		}
		dir = path_parent(arena, dir);
	}
}

/* "key VALUE" in the lines of a file of the group; -1 when it is not there. */
static int64_t stat_number(struct arena *arena, const char *path, const char *key) {
	struct look_reply reply = {.state = EV_FAILED};
	struct slice rest, line, name;
	int64_t value = -1;

	strbuf_init(&reply.bytes, arena);
	if (look_read_file(AT_FDCWD, path, TEXT_CAP, &reply) != 0) {
		return -1;
	}
	rest = slice_of(reply.bytes.data, reply.bytes.len);
	while (slice_line(&rest, &line)) {
		if (slice_cut(&line, ' ', &name) && slice_eq(name, key) &&
		    str_to_int64(arena_slicedup(arena, line), &value) == 0) {
			return value;
		}
	}
	return -1;
}

/* "QUOTA PERIOD" or "max PERIOD" of v2 (Documentation/admin-guide/cgroup-v2.rst), two files of v1
 * (Documentation/scheduler/sched-bwc.rst); microseconds. */
static bool quota_of(struct arena *arena, const char *dir, int64_t *ret_quota,
                     int64_t *ret_period) {
	struct look_reply reply = {.state = EV_FAILED};
	struct slice rest, quota;

	strbuf_init(&reply.bytes, arena);
	if (look_read_file(AT_FDCWD, path_join(arena, dir, "cpu.max"), TEXT_CAP, &reply) != 0) {
		return file_number(arena, path_join(arena, dir, "cpu.cfs_quota_us"), ret_quota) &&
		       file_number(arena, path_join(arena, dir, "cpu.cfs_period_us"), ret_period);
	}
	rest = slice_trim(slice_of(reply.bytes.data, reply.bytes.len));
	return slice_cut(&rest, ' ', &quota) &&
	       str_to_int64(arena_slicedup(arena, quota), ret_quota) == 0 &&
	       str_to_int64(arena_slicedup(arena, rest), ret_period) == 0;
}

static void put_quotas(struct strbuf *out, struct arena *arena, const char *mount,
                       const char *cgroup) {
	const char *dir = path_clean(arena, arena_printf(arena, "%s%s", mount, cgroup));

	for (int i = 0; i < CGROUP_DEPTH && path_below(dir, mount); i++) {
		int64_t quota = 0, period = 0;
		const char *stat = path_join(arena, dir, "cpu.stat");

		if (quota_of(arena, dir, &quota, &period) && quota > 0 && period > 0) {
			strbuf_printf(out,
			              "cpu=%" PRId64 " %" PRId64 " %" PRId64 " %" PRId64 " %s\n",
			              quota, period, stat_number(arena, stat, "nr_periods"),
			              stat_number(arena, stat, "nr_throttled"),
			              keyline_escape(arena, dir));
		}
		dir = path_parent(arena, dir);
	}
}

/* "cpu" or "cpu,cpuacct": the directory has that name, or a link from "cpu". */
static bool holds_cpu(struct slice controllers) {
	struct slice word;

	while (slice_cut(&controllers, ',', &word)) {
		if (slice_eq(word, "cpu")) {
			return true;
		}
	}
	return slice_eq(controllers, "cpu");
}

static void put_cgroups(struct tally *t, struct strbuf *out, int64_t pid) {
	struct slice text, line, id, controllers;

	if (proc_read(t->arena, t->proc_fd, pid, "cgroup", TEXT_CAP, &text) != 0) {
		return;
	}
	while (slice_line(&text, &line)) {
		if (!slice_cut(&line, ':', &id) || !slice_cut(&line, ':', &controllers)) {
			continue;
		}
		const char *cgroup = arena_slicedup(t->arena, line);

		if (slice_eq(id, "0") && controllers.len == 0) {
			put_cgroup(out, t->arena, CGROUP_ROOT, cgroup);
			put_cgroup(out, t->arena, CGROUP_ROOT "/unified", cgroup);
			put_quotas(out, t->arena, CGROUP_ROOT, cgroup);
			put_quotas(out, t->arena, CGROUP_ROOT "/unified", cgroup);
		} else if (slice_eq(controllers, "pids")) {
			put_cgroup(out, t->arena, CGROUP_ROOT "/pids", cgroup);
		} else if (holds_cpu(controllers)) {
			put_quotas(out, t->arena, CGROUP_ROOT "/cpu", cgroup);
		}
	}
}

/* ---- the system ---- */

/* "0.20 0.18 0.12 1/523 11206" of /proc/loadavg: 523 tasks exist. */
static void put_system(struct strbuf *out, struct arena *arena) {
	struct look_reply reply = {.state = EV_FAILED};
	int64_t value = 0;

	if (file_number(arena, "/proc/sys/kernel/threads-max", &value)) {
		strbuf_printf(out, "threads_max=%" PRId64 "\n", value);
	}
	if (file_number(arena, "/proc/sys/kernel/pid_max", &value)) {
		strbuf_printf(out, "pid_max=%" PRId64 "\n", value);
	}
	strbuf_init(&reply.bytes, arena);
	if (look_read_file(AT_FDCWD, "/proc/loadavg", TEXT_CAP, &reply) == 0) {
		const char *slash = memchr(reply.bytes.data, '/', reply.bytes.len);

		value = slash ? strtoll(slash + 1, NULL, 10) : 0;
		strbuf_printf(out, "system_tasks=%" PRId64 "\n", value);
	}
}

void look_tasks(const struct looker *looker, const struct look_request *request,
                struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct tally t = {.looker = looker, .arena = request->arena, .proc_fd = proc_fd};
	int64_t pid = proc_pid_of(looker, request->arg);

	if (pid < 0 || proc_fd < 0) {
		look_reply_errno(reply, pid < 0 ? EINVAL : ENOSYS);
		return;
	}
	put_user(&t, &reply->bytes, pid);
	put_cgroups(&t, &reply->bytes, pid);
	put_system(&reply->bytes, request->arena);
	look_reply_errno(reply, reply->bytes.len > 0 ? 0 : ENOENT);
	reply->state = EV_READ;
}
