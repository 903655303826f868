/* SPDX-License-Identifier: MIT
 */
#include "base/fd.h"
#include "base/path.h"
#include "world/waits.h"

#include <fcntl.h>
#include <inttypes.h>
#include <unistd.h>

#define DEPTH_MAX 24

static bool text_of(struct waits *w, const char *path, struct slice *ret) {
	struct look_reply reply = {.state = EV_FAILED};

	strbuf_init(&reply.bytes, w->arena);
	if (look_read_file(AT_FDCWD, path, WAITS_TEXT_CAP, &reply) != 0) {
		return false;
	}
	*ret = slice_trim(slice_of(reply.bytes.data, reply.bytes.len));
	return true;
}

static int64_t number_of(struct waits *w, struct slice text) {
	int64_t value;

	return str_to_int64(arena_slicedup(w->arena, slice_trim(text)), &value) == 0 ? value : -1;
}

/* "key VALUE" in lines; -1 when it is not there. */
static int64_t value_of(struct waits *w, struct slice text, const char *key) {
	struct slice line, name;

	while (slice_line(&text, &line)) {
		if (slice_cut(&line, ' ', &name) && slice_eq(name, key)) {
			return number_of(w, line);
		}
	}
	return -1;
}

static bool file_in(struct waits *w, const char *dir, const char *name, struct slice *ret) {
	return text_of(w, path_join(w->arena, dir, name), ret);
}

/* One group of either version: frozen by itself or from above (then the files above say so too). */
static bool put_frozen(struct waits *w, const char *dir) {
	struct slice text;

	if (file_in(w, dir, "freezer.state", &text) && !slice_eq(text, "THAWED") &&
	    !(file_in(w, dir, "freezer.self_freezing", &text) && slice_eq(text, "0"))) {
		strbuf_printf(w->out, "frozen_by=v1\n");
		keyline_put(w->out, "frozen", dir);
		return true;
	}
	if (file_in(w, dir, "cgroup.events", &text) && value_of(w, text, "frozen") == 1 &&
	    file_in(w, dir, "cgroup.freeze", &text) && slice_eq(text, "1")) {
		int64_t us = -1;

		if (file_in(w, dir, "cgroup.stat.local", &text)) {
			us = value_of(w, text, "frozen_usec");
		}
		strbuf_printf(w->out, "frozen_by=v2\nfrozen_ms=%" PRId64 "\n",
		              us < 0 ? -1 : us / 1000);
		keyline_put(w->out, "frozen", dir);
		return true;
	}
	return false;
}

/* The quota of a group that has one, with how often it ran out. */
static bool put_quota(struct waits *w, const char *dir) {
	struct slice text, quota;
	int64_t quota_us = -1, period_us = -1;

	if (file_in(w, dir, "cpu.max", &text) && slice_cut(&text, ' ', &quota)) {
		quota_us = number_of(w, quota);
		period_us = number_of(w, text);
	} else if (file_in(w, dir, "cpu.cfs_quota_us", &text)) {
		quota_us = number_of(w, text);
		period_us = file_in(w, dir, "cpu.cfs_period_us", &text) ? number_of(w, text) : -1;
	}
	if (quota_us <= 0 || period_us <= 0 || !file_in(w, dir, "cpu.stat", &text)) {
		return false;
	}
	strbuf_printf(w->out,
	              "quota_us=%" PRId64 "\nperiod_us=%" PRId64 "\nperiods=%" PRId64
	              "\nthrottled=%" PRId64 "\n",
	              quota_us, period_us, value_of(w, text, "nr_periods"),
	              value_of(w, text, "nr_throttled"));
	keyline_put(w->out, "quota", dir);
	return true;
}

/* A group that may have no more processes. */
static bool put_pids(struct waits *w, const char *dir) {
	struct slice text;
	int64_t most = file_in(w, dir, "pids.max", &text) ? number_of(w, text) : -1;
	int64_t now = file_in(w, dir, "pids.current", &text) ? number_of(w, text) : -1;

	if (most < 0 || now < most) {
		return false;
	}
	strbuf_printf(w->out, "pids_max=%" PRId64 "\npids_now=%" PRId64 "\n", most, now);
	keyline_put(w->out, "pids_full", dir);
	return true;
}

/* How much of the last ten seconds all of the group stood still for want of memory, in hundredths of
 * a percent; and its limit. */
static bool put_memory(struct waits *w, const char *dir) {
	struct slice text, line, word;
	int64_t full = -1;

	if (!file_in(w, dir, "memory.pressure", &text)) {
		return false;
	}
	while (slice_line(&text, &line)) {
		if (!slice_starts(line, "full avg10=")) {
			continue;
		}
		line = slice_of(line.data + 11, line.len - 11);
		if (slice_cut(&line, '.', &word)) {
			full = number_of(w, word) * 100;
		}
	}
	if (full < 1000) {
		return false;
	}
	strbuf_printf(w->out, "memory_full=%" PRId64 "\n", full);
	keyline_put(w->out, "memory_group", dir);
	return true;
}

/* Version 1: out of memory, and the killer is switched off (memory.oom_control), so that all who want some wait. */
static bool put_starved(struct waits *w, const char *dir) {
	struct slice text;

	if (!file_in(w, dir, "memory.oom_control", &text) || value_of(w, text, "under_oom") != 1 ||
	    value_of(w, text, "oom_kill_disable") != 1) {
		return false;
	}
	keyline_put(w->out, "starved", dir);
	return true;
}

typedef bool put_fn(struct waits *w, const char *dir);

/* Asks the group and those above it, nearest first, until one has something to say. */
static void climb(struct waits *w, const char *root, const char *group, put_fn *put) {
	const char *dir = path_clean(w->arena, arena_printf(w->arena, "%s%s", root, group));

	for (int i = 0; i < DEPTH_MAX && path_below(dir, root); i++) {
		if (put(w, dir) || streq(dir, root)) {
			return;
		}
		dir = path_parent(w->arena, dir);
	}
}

static bool has_word(struct slice list, const char *word) {
	struct slice part;

	while (slice_cut(&list, ',', &part)) {
		if (slice_eq(part, word)) {
			return true;
		}
	}
	return false;
}

/* Where groups of this hierarchy are mounted: a line of our own mountinfo. root: the group that is
 * the top of what we see. */
struct group_mount {
	const char *point;
	const char *root;
};

static bool mount_of(struct waits *w, const char *controller, struct group_mount *ret) {
	struct slice text = w->mounts, line;

	while (slice_line(&text, &line)) {
		struct slice fields[24], field;
		size_t count = 0, dash = 0;

		while (count < 24 && slice_cut(&line, ' ', &field)) {
			dash = !dash && count >= 6 && slice_eq(field, "-") ? count : dash;
			fields[count++] = field;
		}
		if (dash == 0 || dash + 3 >= count) {
			continue;
		}
		bool fits = *controller ? slice_eq(fields[dash + 1], "cgroup") &&
		                                  has_word(fields[dash + 3], controller)
		                        : slice_eq(fields[dash + 1], "cgroup2");
		if (fits) {
			ret->root = arena_slicedup(w->arena, fields[3]);
			ret->point = arena_slicedup(w->arena, fields[4]);
			return true;
		}
	}
	return false;
}

static void ask(struct waits *w, struct slice controllers, struct slice path,
                const char *controller, put_fn *put) {
	struct group_mount m;
	const char *group = arena_slicedup(w->arena, path);

	if (!(*controller ? has_word(controllers, controller) : controllers.len == 0) ||
	    !mount_of(w, controller, &m)) {
		return;
	}
	if (!streq(m.root, "/") && path_below(group, m.root)) {
		group += strlen(m.root);
	}
	climb(w, m.point, *group ? group : "/", put);
}

static void put_groups(struct waits *w, struct slice text) {
	struct slice line, id, controllers;
	static const struct {
		const char *controller; /* "" is version 2 */
		put_fn *put;
	} questions[] = {
		{"freezer", put_frozen}, {"", put_frozen},   {"cpu", put_quota},
		{"", put_quota},         {"pids", put_pids}, {"", put_pids},
		{"memory", put_memory},  {"", put_memory},   {"memory", put_starved},
	};

	while (slice_line(&text, &line)) {
		if (!slice_cut(&line, ':', &id) || !slice_cut(&line, ':', &controllers)) {
			continue;
		}
		for (size_t i = 0; i < sizeof questions / sizeof *questions; i++) {
			ask(w, controllers, line, questions[i].controller, questions[i].put);
		}
	}
}

/* Processes of one group are asked about once. */
void waits_put_cgroup(struct waits *w, int64_t pid) {
	struct slice text;
	struct strbuf *out = w->out;

	if (proc_read(w->arena, w->proc_fd, pid, "cgroup", WAITS_TEXT_CAP, &text) != 0) {
		return;
	}
	const char *key = arena_slicedup(w->arena, text);

	for (size_t i = 0; i < w->group_count; i++) {
		if (streq(w->groups[i].key, key)) {
			strbuf_add(out, w->groups[i].answer);
			return;
		}
	}
	struct strbuf answer;

	if (w->mounts.len == 0 && !text_of(w, "/proc/self/mountinfo", &w->mounts)) {
		return;
	}
	strbuf_init(&answer, w->arena);
	w->out = &answer;
	put_groups(w, text);
	w->out = out;
	strbuf_add(out, answer.data);
	if (w->group_count < WAITS_GROUPS_MAX) {
		w->groups[w->group_count++] = (struct waits_group){key, answer.data};
	}
}
