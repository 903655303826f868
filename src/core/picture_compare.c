/* SPDX-License-Identifier: MIT
 * What differs between two pictures. What changes all the time and says nothing (processor time, positions, which thread
 * runs) is left out; numbers that swing count from a part of themselves on.
 */
#include "core/picture.h"

#include "base/str.h"
#include "base/vec.h"
#include "core/usage.h"
#include "core/world.h"

#include <inttypes.h>
#include <stdlib.h>

#define LINES_MAX    ((size_t)8192) /* of one kind, of one process */
#define PATTERNS_MAX ((size_t)512)
#define RSS_LEAST    ((int64_t)16 * 1024 * 1024)

struct comparing {
	struct arena *arena;
	const struct picture *pictures[2];
	struct picture_changes *changes;
	const struct picture_process *before, *after; /* at hand */
};

const char *picture_change_name(enum picture_change_kind kind) {
	static const char *const names[CHANGE_KIND_COUNT] = {
		[CHANGE_GONE] = "gone",         [CHANGE_NEW] = "new",
		[CHANGE_REPLACED] = "replaced", [CHANGE_STATE] = "state",
		[CHANGE_PARENT] = "parent",     [CHANGE_PLACE] = "place",
		[CHANGE_LIMIT] = "limit",       [CHANGE_VARIABLE] = "variable",
		[CHANGE_CGROUP] = "cgroup",     [CHANGE_SPACE] = "namespace",
		[CHANGE_MOUNT] = "mount",       [CHANGE_RIGHTS] = "rights",
		[CHANGE_FILES] = "files",       [CHANGE_NUMBER] = "number",
		[CHANGE_WAIT] = "wait",         [CHANGE_UNREAD] = "unread",
	};

	return kind < CHANGE_KIND_COUNT ? names[kind] : "";
}

static void add(struct comparing *c, enum picture_change_kind kind, const char *name,
                const char *from, const char *to) {
	struct picture_changes *all = c->changes;

	VEC_ROOM(c->arena, all->items, all->count, &all->slots);
	all->items[all->count++] = (struct picture_change){
		.kind = kind,
		.before = c->before,
		.after = c->after,
		.name = name,
		.from = from,
		.to = to,
	};
}

/* ---- lists of lines: what is in one and not in the other ---- */

struct line {
	struct slice name; /* by which it is found again */
	struct slice value;
};

struct lines {
	struct line *list;
	size_t count, slots;
};

static int by_name(const void *a, const void *b) {
	return slice_compare(((const struct line *)a)->name, ((const struct line *)b)->name);
}

/* The lines that begin so, sorted; the name ends at the next '=', or is all of it. */
static struct lines lines_of(struct comparing *c, struct slice text, const char *prefix) {
	struct lines lines = {.list = NULL};
	struct slice line;

	while (slice_line(&text, &line) && lines.count < LINES_MAX) {
		if (!slice_starts(line, prefix)) {
			continue;
		}
		line = slice_from(line, strlen(prefix));
		const char *equals = memchr(line.data, '=', line.len);
		size_t len = equals ? (size_t)(equals - line.data) : line.len;

		VEC_ROOM(c->arena, lines.list, lines.count, &lines.slots);
		lines.list[lines.count++] = (struct line){
			.name = slice_of(line.data, len),
			.value = equals ? slice_from(line, len + 1) : slice_of("", 0),
		};
	}
	if (lines.count > 1) {
		qsort(lines.list, lines.count, sizeof *lines.list, by_name);
	}
	return lines;
}

typedef void differs_fn(struct comparing *c, struct slice name, const struct line *before,
                        const struct line *after);

/* Calls fn for each name whose value differs, or that only one of them has (the other is NULL then). */
static void compare_lines(struct comparing *c, const struct lines *a, const struct lines *b,
                          differs_fn *fn) {
	size_t i = 0, k = 0;

	while (i < a->count || k < b->count) {
		int order = i == a->count   ? 1
		            : k == b->count ? -1
		                            : by_name(&a->list[i], &b->list[k]);

		if (order < 0) {
			fn(c, a->list[i].name, &a->list[i], NULL);
			i++;
		} else if (order > 0) {
			fn(c, b->list[k].name, NULL, &b->list[k]);
			k++;
		} else {
			if (slice_compare(a->list[i].value, b->list[k].value) != 0) {
				fn(c, a->list[i].name, &a->list[i], &b->list[k]);
			}
			i++;
			k++;
		}
	}
}

static void add_lines(struct comparing *c, enum picture_change_kind kind, struct slice name,
                      const struct line *before, const struct line *after) {

	add(c, kind, arena_slicedup(c->arena, name),
	    before ? arena_slicedup(c->arena, before->value) : NULL,
	    after ? arena_slicedup(c->arena, after->value) : NULL);
}

static void variable_differs(struct comparing *c, struct slice name, const struct line *before,
                             const struct line *after) {
	add_lines(c, CHANGE_VARIABLE, name, before, after);
}

static void limit_differs(struct comparing *c, struct slice name, const struct line *before,
                          const struct line *after) {
	add_lines(c, CHANGE_LIMIT, name, before, after);
}

static void space_differs(struct comparing *c, struct slice name, const struct line *before,
                          const struct line *after) {
	add_lines(c, CHANGE_SPACE, name, before, after);
}

/* What a group has in use swings; what it allows does not. */
static void cgroup_differs(struct comparing *c, struct slice name, const struct line *before,
                           const struct line *after) {
	if (!STR_IN(arena_slicedup(c->arena, name), "id", "record", "memory_now", "memory_events",
	            "pids_now", "cpu_stat")) {
		add_lines(c, CHANGE_CGROUP, name, before, after);
	}
}

/* A line of mounts is its own name: "READ_ONLY FSTYPE SOURCE ROOT POINT". */
static void mount_differs(struct comparing *c, struct slice name, const struct line *before,
                          const struct line *after) {
	const struct slice *rest = before ? &before->value : after ? &after->value : NULL;
	const char *text = arena_slicedup(c->arena, name);

	if (rest && rest->len > 0) {
		text = arena_printf(c->arena, "%s=%s", text, arena_slicedup(c->arena, *rest));
	}
	add(c, CHANGE_MOUNT, text, before ? "there" : NULL, after ? "there" : NULL);
}

static void compare_blocks(struct comparing *c, struct slice a, struct slice b, const char *prefix,
                           differs_fn *fn) {
	/* What was not to be seen on one side is no difference. */
	if (a.len == 0 || b.len == 0 || slice_compare(a, b) == 0) {
		return;
	}
	struct lines before = lines_of(c, a, prefix), after = lines_of(c, b, prefix);

	compare_lines(c, &before, &after, fn);
}

/* ---- single values ---- */

static void compare_text(struct comparing *c, enum picture_change_kind kind, const char *key,
                         const char *name) {
	const char *from = keyline_get(c->arena, c->before->text, key);
	const char *to = keyline_get(c->arena, c->after->text, key);

	if (from && to && !streq(from, to)) {
		add(c, kind, name, from, to);
	}
}

static bool is_noise(const char *key, int64_t from, int64_t to) {
	int64_t change = llabs(to - from), larger = from > to ? from : to;

	if (streq(key, "rss_bytes")) {
		return change < RSS_LEAST || change < larger / 5;
	}
	if (streq(key, "fds")) {
		return change == 0;
	}
	return change < 4 || change < larger / 5;
}

static void compare_numbers(struct comparing *c) {
	static const char *const keys[] = {"fds", "threads", "maps", "rss_bytes"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		int64_t from = keyline_number(c->arena, c->before->text, keys[i], -1);
		int64_t to = keyline_number(c->arena, c->after->text, keys[i], -1);

		if (from >= 0 && to >= 0 && !is_noise(keys[i], from, to)) {
			add(c, CHANGE_NUMBER, keys[i], arena_printf(c->arena, "%" PRId64, from),
			    arena_printf(c->arena, "%" PRId64, to));
		}
	}
}

static void compare_rights(struct comparing *c) {
	static const char *const names[] = {
		"Uid",    "Gid",    "Groups",     "TracerPid",        "Umask",
		"CapEff", "CapBnd", "NoNewPrivs", "Seccomp",          "SigBlk",
		"SigIgn", "SigPnd", "ShdPnd",     "Cpus_allowed_list"};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		compare_text(c, CHANGE_RIGHTS, arena_printf(c->arena, "status_%s", names[i]),
		             names[i]);
	}
	compare_text(c, CHANGE_RIGHTS, "oom_score_adj", "oom_score_adj");
}

static void compare_state(struct comparing *c) {
	static const char usual[] = "RSI";
	char from = c->before->state, to = c->after->state;

	if (from != to && !(strchr(usual, from) && strchr(usual, to))) {
		add(c, CHANGE_STATE, NULL, arena_printf(c->arena, "%c", from),
		    arena_printf(c->arena, "%c", to));
	}
}

/* Of "TID STATE TICKS WCHAN CALL COMM": the call without its argument, else the function. */
static const char *wait_of(struct comparing *c, const struct picture_process *p) {
	const char *line = keyline_get(c->arena, p->text, "thread");
	struct slice rest = slice_str(line), words[5];

	for (size_t i = 0; i < 5; i++) {
		if (!slice_cut(&rest, ' ', &words[i])) {
			return "";
		}
	}
	struct slice call = words[4], name;
	bool has_call = !slice_eq(call, "-") && slice_cut(&call, '(', &name);

	return arena_slicedup(c->arena, has_call                  ? name
	                                : slice_eq(words[3], "-") ? slice_of("", 0)
	                                                          : words[3]);
}

static void compare_wait(struct comparing *c) {
	const char *from = wait_of(c, c->before), *to = wait_of(c, c->after);

	if (from[0] && to[0] && !streq(from, to) && !streq(from, "running") &&
	    !streq(to, "running")) {
		add(c, CHANGE_WAIT, NULL, from, to);
	}
}

/* ---- descriptors ---- */

struct pattern {
	const char *text;
	int64_t counts[2];
};

static struct pattern *pattern_of(struct comparing *c, struct pattern *list, size_t *count,
                                  const char *text) {
	for (size_t i = 0; i < *count; i++) {
		if (streq(list[i].text, text)) {
			return &list[i];
		}
	}
	if (*count == PATTERNS_MAX) {
		return NULL;
	}
	list[*count] = (struct pattern){.text = arena_strdup(c->arena, text)};
	return &list[(*count)++];
}

/* "fd=NUMBER FLAGS POS MOUNT TARGET" */
static void count_files(struct comparing *c, struct slice text, struct pattern *list, size_t *count,
                        int side) {
	struct slice line, word;

	while (slice_line(&text, &line)) {
		bool whole = slice_starts(line, "fd=");

		for (int i = 0; whole && i < 4; i++) {
			whole = slice_cut(&line, ' ', &word);
		}
		if (whole && line.len > 0) {
			struct pattern *p =
				pattern_of(c, list, count,
			                   usage_pattern(c->arena, arena_slicedup(c->arena, line)));

			if (p) {
				p->counts[side]++;
			}
		}
	}
}

static void compare_files(struct comparing *c) {
	struct pattern *list = arena_array_of(c->arena, struct pattern, PATTERNS_MAX);
	size_t count = 0;

	count_files(c, c->before->text, list, &count, 0);
	count_files(c, c->after->text, list, &count, 1);
	for (size_t i = 0; i < count; i++) {
		const struct pattern *p = &list[i];

		if (p->counts[0] != p->counts[1]) {
			add(c, CHANGE_FILES, p->text,
			    arena_printf(c->arena, "%" PRId64, p->counts[0]),
			    arena_printf(c->arena, "%" PRId64, p->counts[1]));
		}
	}
}

/* ---- sockets: "socket=INODE KIND STATE UNREAD UNSENT PEER NAME" ---- */

static bool socket_find(struct slice sockets, struct slice inode, int64_t *ret_unread,
                        const char **ret_name, struct arena *arena) {
	struct slice line, words[6];

	while (slice_line(&sockets, &line)) {
		bool whole = slice_starts(line, "socket=");

		line = whole ? slice_from(line, strlen("socket=")) : line;
		for (size_t i = 0; whole && i < 6; i++) {
			whole = slice_cut(&line, ' ', &words[i]);
		}
		if (whole && slice_compare(words[0], inode) == 0) {
			*ret_name = arena_printf(arena, "%.*s %.*s", (int)words[1].len,
			                         words[1].data, (int)line.len, line.data);
			return str_to_int64(arena_slicedup(arena, words[3]), ret_unread) == 0;
		}
	}
	return false;
}

/* What lies unread now and did not, in a socket that was there before. */
static void compare_sockets(struct comparing *c) {
	struct slice text = c->after->text, line;
	static const char target[] = " socket:[";

	while (slice_line(&text, &line)) {
		const char *at = slice_starts(line, "fd=")
		                         ? memmem(line.data, line.len, target, strlen(target))
		                         : NULL;
		int64_t from = 0, to = 0;
		const char *name;

		if (!at) {
			continue;
		}
		at += strlen(target);
		struct slice inode =
			slice_of(at, strspn(at, "0123456789")); /* ends with ']' or the line */

		if (socket_find(c->pictures[1]->sockets, inode, &to, &name, c->arena) && to > 0 &&
		    socket_find(c->pictures[0]->sockets, inode, &from, &name, c->arena) &&
		    to > from) {
			add(c, CHANGE_UNREAD, name, arena_printf(c->arena, "%" PRId64, from),
			    arena_printf(c->arena, "%" PRId64, to));
		}
	}
}

/* ---- processes ---- */

static void compare_processes(struct comparing *c) {
	compare_state(c);
	if (c->before->pid == c->after->pid) {
		compare_text(c, CHANGE_PARENT, "ppid", NULL);
	}
	compare_text(c, CHANGE_PLACE, "exe", "exe");
	compare_text(c, CHANGE_PLACE, "cwd", "cwd");
	compare_text(c, CHANGE_PLACE, "root", "root");
	compare_blocks(c, c->before->limits, c->after->limits, "limit_", limit_differs);
	compare_blocks(c, c->before->environ, c->after->environ, "env=", variable_differs);
	compare_blocks(c, c->before->cgroup, c->after->cgroup, "", cgroup_differs);
	compare_blocks(c, c->before->spaces, c->after->spaces, "ns_", space_differs);
	compare_blocks(c, c->before->mounts, c->after->mounts, "mount=", mount_differs);
	compare_rights(c);
	compare_numbers(c);
	compare_files(c);
	compare_wait(c);
	if (c->before->pid == c->after->pid) {
		compare_sockets(c);
	}
}

static bool is_same(const struct picture_process *a, const struct picture_process *b) {
	return a->pid == b->pid && a->start_ticks == b->start_ticks;
}

static bool is_alike(const struct picture_process *a, const struct picture_process *b) {
	return streq(a->comm, b->comm) && streq(a->cmdline, b->cmdline) && streq(a->cwd, b->cwd);
}

/* pairs[i]: the index in `after` that is process i of `before`, or -1. */
static void pair(const struct picture *before, const struct picture *after, int *pairs,
                 bool *is_taken,
                 bool (*is_it)(const struct picture_process *, const struct picture_process *)) {
	for (size_t i = 0; i < before->count; i++) {
		for (size_t k = 0; pairs[i] < 0 && k < after->count; k++) {
			if (!is_taken[k] && is_it(&before->processes[i], &after->processes[k])) {
				pairs[i] = (int)k;
				is_taken[k] = true;
			}
		}
	}
}

struct picture_changes *picture_compare(struct arena *arena, const struct picture *before,
                                        const struct picture *after) {
	struct comparing c = {.arena = arena, .pictures = {before, after}};
	int *pairs = arena_array_of(arena, int, before->count);
	bool *is_taken = arena_array_of(arena, bool, after->count);

	c.changes = arena_new_of(arena, struct picture_changes);
	for (size_t i = 0; i < before->count; i++) {
		pairs[i] = -1;
	}
	pair(before, after, pairs, is_taken, is_same);
	pair(before, after, pairs, is_taken, is_alike);
	for (size_t i = 0; i < before->count; i++) {
		c.before = &before->processes[i];
		c.after = pairs[i] < 0 ? NULL : &after->processes[pairs[i]];
		if (!c.after) {
			add(&c, CHANGE_GONE, NULL, NULL, NULL);
			continue;
		}
		if (!is_same(c.before, c.after)) {
			add(&c, CHANGE_REPLACED, NULL, NULL, NULL);
		}
		compare_processes(&c);
	}
	for (size_t k = 0; k < after->count; k++) {
		if (!is_taken[k]) {
			c.before = NULL;
			c.after = &after->processes[k];
			add(&c, CHANGE_NEW, NULL, NULL, NULL);
		}
	}
	return c.changes;
}
