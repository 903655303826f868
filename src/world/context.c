/* SPDX-License-Identifier: MIT
 */
#include "world/context.h"

#include "base/fd.h"
#include "base/path.h"
#include "world/mounts.h"
#include "world/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define SMALL_CAP     ((size_t)64 * 1024)
#define MOUNTINFO_CAP ((size_t)4 * 1024 * 1024)
#define CGROUP_ROOT   "/sys/fs/cgroup"
#define CGROUP_DEPTH  32

/* The word at the front of *rest, which is moved behind it. */
static struct slice word_take(struct slice *rest) {
	struct slice word;

	*rest = slice_trim(*rest);
	if (!slice_cut(rest, ' ', &word)) {
		return slice_of("", 0);
	}
	return word;
}

void context_limits(struct strbuf *out, struct slice text) {
	static const struct {
		const char *title;
		const char *name;
	} limits[] = {
		{"Max open files", "nofile"}, {"Max processes", "nproc"},
		{"Max address space", "as"},  {"Max data size", "data"},
		{"Max file size", "fsize"},   {"Max cpu time", "cpu"},
		{"Max stack size", "stack"},  {"Max locked memory", "memlock"},
		{"Max resident set", "rss"},  {"Max core file size", "core"},
	};
	struct slice line;

	while (slice_line(&text, &line)) {
		for (size_t i = 0; i < sizeof limits / sizeof *limits; i++) {
			size_t len = strlen(limits[i].title);
			struct slice rest, soft, hard;

			if (!slice_starts(line, limits[i].title)) {
				continue;
			}
			rest = slice_of(line.data + len, line.len - len);
			soft = word_take(&rest);
			hard = word_take(&rest);
			if (hard.len > 0) {
				strbuf_printf(out, "limit_%s=%.*s:%.*s\n", limits[i].name,
				              (int)soft.len, soft.data, (int)hard.len, hard.data);
			}
		}
	}
}

struct slice context_cgroup(struct slice text) {
	struct slice unified = slice_of("", 0), other = unified;
	bool of_systemd = false;
	struct slice line, id, controllers;

	while (slice_line(&text, &line)) {
		if (!slice_cut(&line, ':', &id) || !slice_cut(&line, ':', &controllers)) {
			continue;
		}
		if (slice_eq(id, "0") && controllers.len == 0) {
			unified = line;
		} else if (slice_eq(controllers, "name=systemd") && !slice_eq(line, "/")) {
			other = line;
			of_systemd = true;
		} else if (slice_eq(controllers, "memory") && !of_systemd) {
			other = line;
		}
	}
	return unified.len == 0 || (slice_eq(unified, "/") && other.len > 0) ? other : unified;
}

static bool file_text(struct arena *arena, const char *path, struct slice *ret) {
	struct look_reply reply = {.state = EV_FAILED};

	strbuf_init(&reply.bytes, arena);
	if (look_read_file(AT_FDCWD, path, SMALL_CAP, &reply) != 0) {
		return false;
	}
	*ret = slice_trim(slice_of(reply.bytes.data, reply.bytes.len));
	return true;
}

static void lower(int64_t *least, int64_t value) {
	if (value >= 0 && (*least < 0 || value < *least)) {
		*least = value;
	}
}

static int64_t number_of(struct arena *arena, struct slice text) {
	int64_t value;

	return str_to_int64(arena_slicedup(arena, text), &value) == 0 ? value : -1;
}

/* "QUOTA PERIOD" of cpu.max in percent of one processor, -1 without a limit. */
static int64_t cpu_percent(struct arena *arena, struct slice text) {
	int64_t quota = number_of(arena, word_take(&text));
	int64_t period = number_of(arena, word_take(&text));

	return quota < 0 || period <= 0 || quota > INT64_MAX / 100 ? -1 : quota * 100 / period;
}

void context_cgroup_limits(struct strbuf *out, const char *cgroup) {
	struct arena *arena = out->arena;
	const char *dir = path_clean(arena, arena_printf(arena, CGROUP_ROOT "%s", cgroup));
	int64_t memory = -1, pids = -1, cpu = -1;
	struct slice text;

	for (int i = 0; i < CGROUP_DEPTH && path_below(dir, CGROUP_ROOT); i++) {
		if (file_text(arena, path_join(arena, dir, "memory.max"), &text)) {
			lower(&memory, number_of(arena, text));
		}
		if (file_text(arena, path_join(arena, dir, "pids.max"), &text)) {
			lower(&pids, number_of(arena, text));
		}
		if (file_text(arena, path_join(arena, dir, "cpu.max"), &text)) {
			lower(&cpu, cpu_percent(arena, text));
		}
		dir = path_parent(arena, dir);
	}
	if (memory >= 0) {
		strbuf_printf(out, "memory_max=%" PRId64 "\n", memory);
	}
	if (pids >= 0) {
		strbuf_printf(out, "pids_max=%" PRId64 "\n", pids);
	}
	if (cpu >= 0) {
		strbuf_printf(out, "cpu_percent=%" PRId64 "\n", cpu);
	}
}

static void put_status(struct strbuf *out, struct slice text) {
	static const struct {
		const char *title;
		const char *key;
	} lines[] = {{"Umask:", "umask"}, {"NoNewPrivs:", "no_new_privs"}, {"Seccomp:", "seccomp"}};
	struct slice line;

	while (slice_line(&text, &line)) {
		for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
			size_t len = strlen(lines[i].title);

			if (slice_starts(line, lines[i].title)) {
				struct slice value =
					slice_trim(slice_of(line.data + len, line.len - len));

				strbuf_printf(out, "%s=%.*s\n", lines[i].key, (int)value.len,
				              value.data);
			}
		}
	}
}

static void put_namespaces(struct strbuf *out, int proc_fd, int64_t pid) {
	static const char *const names[] = {"mnt", "net", "pid",    "user",
	                                    "ipc", "uts", "cgroup", "time"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		char path[64];
		struct stat st;

		snprintf(path, sizeof path, "%" PRId64 "/ns/%s", pid, names[i]);
		if (fstatat(proc_fd, path, &st, 0) == 0) {
			strbuf_printf(out, "ns_%s=%" PRIu64 "\n", names[i], (uint64_t)st.st_ino);
		}
	}
}

void look_context(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	int64_t pid = proc_pid_of(looker, request->arg);
	struct strbuf *out = &reply->bytes;
	struct arena *arena = request->arena;
	const char *root;
	struct slice text;
	int error;

	if (pid < 0 || proc_fd < 0) {
		look_reply_errno(reply, pid < 0 ? EINVAL : ENOSYS);
		return;
	}
	error = proc_read(arena, proc_fd, pid, "status", SMALL_CAP, &text);
	if (error) {
		look_reply_errno(reply, error == ESRCH ? ENOENT : error);
		return;
	}
	put_status(out, text);
	if (proc_read(arena, proc_fd, pid, "limits", SMALL_CAP, &text) == 0) {
		context_limits(out, text);
	}
	if (proc_read(arena, proc_fd, pid, "cgroup", SMALL_CAP, &text) == 0) {
		const char *cgroup = arena_slicedup(arena, context_cgroup(text));

		if (cgroup[0] == '/') {
			keyline_put(out, "cgroup", cgroup);
			context_cgroup_limits(out, cgroup);
		}
	}
	put_namespaces(out, proc_fd, pid);
	root = proc_link(arena, proc_fd, pid, "root");
	if (root) {
		keyline_put(out, "root", root);
	}
	reply->state = EV_READ;
	reply->error = 0;
}

bool context_mount(struct strbuf *out, struct slice line) {
	struct mount_fields cut;

	if (!mount_fields_cut(line, &cut)) {
		return false;
	}
	const struct slice *fields = cut.at;
	size_t dash = cut.dash;
	strbuf_printf(out, "%d %.*s %.*s %.*s %.*s\n", mount_options_ro(fields[5]),
	              (int)fields[dash + 1].len, fields[dash + 1].data, (int)fields[dash + 2].len,
	              fields[dash + 2].data, (int)fields[3].len, fields[3].data, (int)fields[4].len,
	              fields[4].data);
	return true;
}

void look_mounts_of(const struct looker *looker, const struct look_request *request,
                    struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	int64_t pid = proc_pid_of(looker, request->arg);
	struct slice text, line;
	int error;

	if (pid < 0 || proc_fd < 0) {
		look_reply_errno(reply, pid < 0 ? EINVAL : ENOSYS);
		return;
	}
	error = proc_read(request->arena, proc_fd, pid, "mountinfo", MOUNTINFO_CAP, &text);
	while (slice_line(&text, &line) && reply->bytes.len < request->cap) {
		context_mount(&reply->bytes, line);
	}
	look_reply_errno(reply, error == ESRCH ? ENOENT : error);
	if (!error && text.len > 0) {
		reply->state = EV_TRUNCATED;
	}
}
