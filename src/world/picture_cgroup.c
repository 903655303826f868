/* SPDX-License-Identifier: MIT
 * What a control group allows and what it has in use. Source: Documentation/admin-guide/cgroup-v1 and cgroup-v2.rst.
 */
#include "world/picture.h"

#include "base/path.h"
#include "world/cgroup_path.h"
#include "world/context.h"

#include <fcntl.h>

#define SMALL_CAP     ((size_t)16 * 1024)
#define MOUNTINFO_CAP ((size_t)4 * 1024 * 1024)

static struct slice text_at(struct arena *arena, int dir_fd, const char *path, size_t cap) {
	struct look_reply reply = {.state = EV_FAILED};

	strbuf_init(&reply.bytes, arena);
	return look_read_file(dir_fd, path, cap, &reply) == 0
	               ? slice_of(reply.bytes.data, reply.bytes.len)
	               : slice_of("", 0);
}

static void put_file(struct strbuf *out, const char *dir, const char *name, const char *key) {
	struct slice text = slice_trim(
		text_at(out->arena, AT_FDCWD, path_join(out->arena, dir, name), SMALL_CAP));

	if (text.len > 0) {
		keyline_put(out, key, arena_slicedup(out->arena, text));
	}
}

static void put_controller(struct strbuf *out, const char *controller, struct slice cgroup,
                           struct slice mountinfo) {
	static const struct {
		const char *controller;
		int version;
		const char *name, *key;
	} files[] = {
		{"memory", 2, "memory.current", "memory_now"},
		{"memory", 2, "memory.events", "memory_events"},
		{"memory", 1, "memory.usage_in_bytes", "memory_now"},
		{"memory", 1, "memory.limit_in_bytes", "memory_limit"},
		{"pids", 2, "pids.current", "pids_now"},
		{"pids", 1, "pids.current", "pids_now"},
		{"pids", 1, "pids.max", "pids_limit"},
		{"cpu", 2, "cpu.stat", "cpu_stat"},
		{"cpu", 1, "cpu.stat", "cpu_stat"},
		{"cpu", 1, "cpu.cfs_quota_us", "cpu_quota_us"},
		{"freezer", 2, "cgroup.freeze", "frozen"},
		{"freezer", 1, "freezer.state", "frozen"},
	};
	struct cgroup_place place = cgroup_place_of(out->arena, controller, cgroup, mountinfo);

	for (size_t i = 0; place.version > 0 && i < sizeof files / sizeof *files; i++) {
		if (place.version == files[i].version && streq(files[i].controller, controller)) {
			put_file(out, place.dir, files[i].name, files[i].key);
		}
	}
}

void picture_put_cgroup(struct picture_work *w, struct slice text) {
	static const char *const controllers[] = {"memory", "pids", "cpu", "freezer"};
	struct slice mountinfo = text_at(w->arena, w->proc_fd, "self/mountinfo", MOUNTINFO_CAP);
	const char *path = arena_slicedup(w->arena, context_cgroup(text));

	if (path[0] == '/') {
		keyline_put(w->out, "path", path);
		context_cgroup_limits(w->out, path);
	}
	for (size_t i = 0; i < sizeof controllers / sizeof *controllers; i++) {
		put_controller(w->out, controllers[i], text, mountinfo);
	}
}
