/* SPDX-License-Identifier: MIT
 * How much memory a process may have, and whether the kernel has taken it back by force. Sources:
 * Documentation/admin-guide/cgroup-v1/memory.rst, cgroup-v2.rst (memory.events counts the groups below
 * too; oom_kill of version 1, since 4.13, does not), proc(5): meminfo, vmstat (oom_kill: 4.13).
 */
#include "base/fd.h"
#include "base/path.h"
#include "world/cgroup_path.h"
#include "world/procfs.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define SMALL_CAP     ((size_t)64 * 1024)
#define MOUNTINFO_CAP ((size_t)4 * 1024 * 1024)
#define DEPTH_MAX     32
/* Version 1 writes "no limit" as the largest number of whole pages. */
#define NO_LIMIT ((int64_t)1 << 62)

static struct slice file_text(struct arena *arena, const char *path) {
	struct look_reply reply = {.state = EV_FAILED};

	strbuf_init(&reply.bytes, arena);
	return look_read_file(AT_FDCWD, path, SMALL_CAP, &reply) == 0
	               ? slice_of(reply.bytes.data, reply.bytes.len)
	               : slice_of("", 0);
}

/* The number behind key in lines "key number" or "key: number kB"; -1 when there is none. */
static int64_t number_at(struct arena *arena, struct slice text, const char *key) {
	struct slice line, word;
	int64_t number;

	while (slice_line(&text, &line)) {
		if (!slice_cut(&line, ' ', &word)) {
			continue;
		}
		word.len -= word.len > 0 && word.data[word.len - 1] == ':';
		if (!slice_eq(word, key)) {
			continue;
		}
		line = slice_trim(line);
		slice_cut(&line, ' ', &word);
		if (str_to_int64(arena_slicedup(arena, word), &number) != 0) {
			return -1;
		}
		return slice_eq(slice_trim(line), "kB") && number < INT64_MAX / 1024 ? number * 1024
		                                                                     : number;
	}
	return -1;
}

static int64_t number_in(struct arena *arena, const char *dir, const char *name) {
	struct slice text = slice_trim(file_text(arena, path_join(arena, dir, name)));
	int64_t number;

	return str_to_int64(arena_slicedup(arena, text), &number) == 0 ? number : -1;
}

static void put(struct strbuf *out, const char *key, int64_t value) {
	strbuf_printf(out, "%s=%" PRId64 "\n", key, value);
}

static void put_machine(struct strbuf *out, struct arena *arena) {
	static const struct {
		const char *title, *key;
	} lines[] = {{"MemAvailable", "available"},
	             {"MemTotal", "total"},
	             {"SwapFree", "swap_free"},
	             {"CommitLimit", "commit_limit"},
	             {"Committed_AS", "committed"}};
	struct slice text = file_text(arena, "/proc/meminfo");

	put(out, "kills", number_at(arena, file_text(arena, "/proc/vmstat"), "oom_kill"));
	for (size_t i = 0; i < sizeof lines / sizeof *lines; i++) {
		put(out, lines[i].key, number_at(arena, text, lines[i].title));
	}
	put(out, "overcommit", number_in(arena, "/proc/sys/vm", "overcommit_memory"));
	strbuf_add_char(out, '\n');
}

static bool put_group(struct strbuf *out, struct arena *arena, const struct cgroup_place *place,
                      const char *dir) {
	bool v1 = place->version == 1;
	const char *file = path_join(arena, dir, v1 ? "memory.limit_in_bytes" : "memory.max");
	const char *events = v1 ? "memory.oom_control" : "memory.events";
	struct slice counts = file_text(arena, path_join(arena, dir, events));
	struct slice stat = file_text(arena, path_join(arena, dir, "memory.stat"));
	int64_t limit = number_in(arena, dir, v1 ? "memory.limit_in_bytes" : "memory.max");

	if (counts.len == 0 && limit < 0) {
		return false;
	}
	put(out, "version", place->version);
	keyline_put(out, "path",
	            streq(dir, place->dir) ? place->path
	            : path_below(dir, place->top) && strlen(dir) > strlen(place->top)
	                    ? dir + strlen(place->top)
	                    : "/");
	keyline_put(out, "dir", dir);
	keyline_put(out, "file", file);
	put(out, "limit", limit >= NO_LIMIT ? -1 : limit);
	put(out, "usage", number_in(arena, dir, v1 ? "memory.usage_in_bytes" : "memory.current"));
	put(out, "reclaimable",
	    number_at(arena, stat, v1 ? "total_inactive_file" : "inactive_file"));
	put(out, "peak", number_in(arena, dir, v1 ? "memory.max_usage_in_bytes" : "memory.peak"));
	put(out, "kills", number_at(arena, counts, "oom_kill"));
	put(out, "group", v1 ? 0 : number_in(arena, dir, "memory.oom.group") > 0);
	strbuf_add_char(out, '\n');
	return true;
}

/* A group and those above it, for whom no process need be there any more. */
static void put_groups_of(struct look_reply *reply, struct arena *arena, const char *dir) {
	struct cgroup_place place = {.path = dir, .dir = dir, .top = "/"};
	const char *old = path_join(arena, dir, "memory.limit_in_bytes");

	place.version = access(old, F_OK) == 0 ? 1 : 2;
	for (int i = 0; i < DEPTH_MAX && put_group(&reply->bytes, arena, &place, dir); i++) {
		dir = path_parent(arena, dir);
	}
}

void look_memory(const struct looker *looker, const struct look_request *request,
                 struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct arena *arena = request->arena;
	struct slice arg = slice_str(request->arg), word, cgroup, mountinfo;
	const char *behind = strrchr(request->arg, ' ');

	if (request->arg[0] == '/' && behind) {
		put_machine(&reply->bytes, arena);
		put_groups_of(reply, arena,
		              arena_strndup(arena, request->arg, (size_t)(behind - request->arg)));
		look_reply_errno(reply, 0);
		return;
	}
	int64_t pid =
		slice_cut(&arg, ' ', &word) ? proc_pid_of(looker, arena_slicedup(arena, word)) : -1;
	int error;

	if (pid < 0 || proc_fd < 0) {
		look_reply_errno(reply, pid < 0 ? EINVAL : ENOSYS);
		return;
	}
	error = proc_read(arena, proc_fd, pid, "cgroup", SMALL_CAP, &cgroup);
	if (!error) {
		error = proc_read(arena, proc_fd, (int64_t)looker->self, "mountinfo", MOUNTINFO_CAP,
		                  &mountinfo);
	}
	if (error) {
		look_reply_errno(reply, error == ESRCH ? ENOENT : error);
		return;
	}
	put_machine(&reply->bytes, arena);
	struct cgroup_place place = cgroup_place_of(arena, "memory", cgroup, mountinfo);
	const char *dir = place.dir;

	for (int i = 0; place.version && i < DEPTH_MAX && path_below(dir, place.top); i++) {
		if (!put_group(&reply->bytes, arena, &place, dir) && i == 0) {
			dir = place.top; /* a group this mount does not show */
			put_group(&reply->bytes, arena, &place, dir);
			break;
		}
		dir = path_parent(arena, dir);
	}
	look_reply_errno(reply, 0);
}
