/* SPDX-License-Identifier: MIT
 * What confines the processes: limits, cgroup, namespaces, mounts, umask.
 */
#include "report/compare.h"

#include "base/path.h"
#include "core/world.h"

#include <stdlib.h>

#define NO_LIMIT INT64_MAX

/* Below this much go and gopls feel it. INT64_MAX: any limit at all. */
struct limit {
	const char *name;
	int64_t enough;
	unsigned rank;
	bool of_cgroup;
	bool hard; /* Go raises the soft one to it (os/rlimit.go) */
};

static const struct limit limits[] = {
	{"nofile", 8192, 51, false, true},
	{"nproc", 2048, 51, false, false},
	{"as", NO_LIMIT, 45, false, false},
	{"data", NO_LIMIT, 45, false, false},
	{"fsize", NO_LIMIT, 45, false, false},
	{"cpu", NO_LIMIT, 45, false, false},
	{"memory_max", (int64_t)4 << 30, 45, true, false},
	{"pids_max", 1024, 52, true, false},
	{"cpu_percent", 100, 56, true, false},
};

static const char *context_get(struct arena *arena, const struct side *side, const char *key) {
	return side->has_context ? keyline_get(arena, side->context, key) : NULL;
}

static int64_t limit_value(struct arena *arena, const struct limit *limit, const char *text) {
	int64_t value = NO_LIMIT;
	const char *colon = strchr(text, ':');
	const char *part = text;
	if (!limit->of_cgroup && colon) {
		part = limit->hard ? colon + 1 : arena_strndup(arena, text, (size_t)(colon - text));
	}
	return str_to_int64(part, &value) == 0 ? value : NO_LIMIT;
}

static void compare_limit(struct comparison *c, struct arena *arena, const struct limit *limit,
                          bool everything) {
	struct difference *d = compare_add(c, arena, DIFF_LIMIT, limit->name);
	const char *key =
		limit->of_cgroup ? limit->name : arena_printf(arena, "limit_%s", limit->name);
	int64_t least = NO_LIMIT;
	for (size_t i = 0; i < c->sides->count; i++) {
		const struct side *side = &c->sides->items[i];
		const char *text = context_get(arena, side, key);
		struct cell *cell = &d->cells[i];
		if (!side->has_context || (!text && !limit->of_cgroup)) {
			continue;
		}
		int64_t value = text ? limit_value(arena, limit, text) : NO_LIMIT;
		cell->state = value == NO_LIMIT ? CELL_UNSET : CELL_SET;
		cell->key = value == NO_LIMIT ? "" : arena_printf(arena, "%lld", (long long)value);
		cell->value = cell->key;
		cell->detail = text && strchr(text, ':') ? text : "";
		least = value < least ? value : least;
	}
	if (compare_keep(c, everything)) {
		d->rank = limit->rank;
		d->matters = !d->equal && least < limit->enough;
	}
}

/* A line of LOOK_CONTEXT as it is. rank 0: never matters by itself. */
static void compare_line(struct comparison *c, struct arena *arena, enum difference_what what,
                         const char *name, const char *key, unsigned rank, bool everything) {
	struct difference *d = compare_add(c, arena, what, name);
	for (size_t i = 0; i < c->sides->count; i++) {
		const char *text = context_get(arena, &c->sides->items[i], key);
		if (text) {
			d->cells[i].state = CELL_SET;
			d->cells[i].key = text;
			d->cells[i].value = text;
		}
	}
	if (compare_keep(c, everything)) {
		d->rank = rank ? rank : 95;
		d->matters = rank > 0 && !d->equal;
	}
}

/* Files that even their owner cannot read; other bits concern other people. */
static void weigh_umask(struct comparison *c) {
	struct difference *d = c->count > 0 ? &c->items[c->count - 1] : NULL;
	if (!d || !streq(d->name, "umask") || d->what != DIFF_PROCESS) {
		return;
	}
	bool owner = false;
	for (size_t i = 0; i < c->sides->count; i++) {
		owner = owner || (strtoul(d->cells[i].value, NULL, 8) & 0700) != 0;
	}
	d->rank = 40;
	d->matters = owner && !d->equal;
}

/* ---- mounts ---- */

struct mount {
	bool found;
	struct slice point, read_only, fstype, source, root;
};

static const char *unescape(struct arena *arena, struct slice text) {
	char *out = arena_slicedup(arena, text);
	char *to = out;
	for (const char *p = out; *p; p++) {
		if (p[0] == '\\' && strncmp(p + 1, "040", 3) == 0) {
			*to++ = ' ';
			p += 3;
		} else {
			*to++ = *p;
		}
	}
	*to = '\0';
	return out;
}

/* The mount that path is on: the last of those with the longest point. */
static struct mount mount_of(struct arena *arena, struct slice text, const char *path) {
	struct mount best = {.found = false};
	size_t best_len = 0;
	struct slice line;
	while (slice_line(&text, &line)) {
		struct mount m = {.found = true};
		if (!slice_cut(&line, ' ', &m.read_only) || !slice_cut(&line, ' ', &m.fstype) ||
		    !slice_cut(&line, ' ', &m.source) || !slice_cut(&line, ' ', &m.root)) {
			continue;
		}
		m.point = line;
		const char *point = unescape(arena, line);
		if (path_below(path, point) && strlen(point) >= best_len) {
			best = m;
			best_len = strlen(point);
		}
	}
	return best;
}

static void compare_mount(struct comparison *c, struct arena *arena, const char *path,
                          bool everything) {
	struct difference *d = compare_add(c, arena, DIFF_MOUNT, path);
	const struct side *self = &c->sides->items[0];
	for (size_t i = 0; i < c->sides->count; i++) {
		const struct side *side = &c->sides->items[i];
		/* Without mounts of its own a process sees ours. */
		struct slice text = side->mounts.len > 0 ? side->mounts : self->mounts;
		if (!side->has_context || text.len == 0) {
			continue;
		}
		struct mount m = mount_of(arena, text, path);
		if (!m.found) {
			d->cells[i].state = CELL_UNSET;
			continue;
		}
		d->cells[i].state = CELL_SET;
		d->cells[i].value =
			arena_printf(arena, "%.*s%s, %.*s %.*s on %.*s", (int)m.fstype.len,
		                     m.fstype.data, slice_eq(m.read_only, "1") ? ", read-only" : "",
		                     (int)m.source.len, m.source.data, (int)m.root.len, m.root.data,
		                     (int)m.point.len, m.point.data);
		d->cells[i].key = d->cells[i].value;
	}
	if (compare_keep(c, everything)) {
		d->rank = 37;
		d->matters = !d->equal;
	}
}

static bool any_other_mounts(const struct sides *sides) {
	for (size_t i = 1; i < sides->count; i++) {
		if (sides->items[i].mounts.len > 0) {
			return true;
		}
	}
	return false;
}

static void add_place(const char **places, size_t *count, size_t max, const char *path) {
	if (str_empty(path) || path[0] != '/') {
		return;
	}
	for (size_t i = 0; i < *count; i++) {
		if (streq(places[i], path)) {
			return;
		}
	}
	if (*count < max) {
		places[(*count)++] = path;
	}
}

static void compare_mounts(struct comparison *c, struct arena *arena, const char *workspace,
                           bool everything) {
	static const char *const vars[] = {"GOROOT", "GOPATH", "GOMODCACHE", "GOCACHE"};
	const struct side *self = &c->sides->items[0];
	const char *places[16];
	size_t count = 0;
	if (!any_other_mounts(c->sides)) {
		return;
	}
	add_place(places, &count, 16, workspace);
	add_place(places, &count, 16, envset_get(&self->env, "HOME"));
	for (size_t i = 0; i < sizeof(vars) / sizeof(*vars); i++) {
		const struct side_govar *v = side_govar_find(self, vars[i]);
		add_place(places, &count, 16, v ? v->value : "");
	}
	add_place(places, &count, 16, self->tools[TOOL_GO].real);
	add_place(places, &count, 16, "/tmp");
	add_place(places, &count, 16, "/usr/bin");
	for (size_t i = 0; i < count; i++) {
		compare_mount(c, arena, places[i], everything);
	}
}

void compare_context(struct comparison *c, struct arena *arena, const char *workspace,
                     bool everything) {
	static const char *const spaces[] = {"mnt", "net", "pid",    "user",
	                                     "ipc", "uts", "cgroup", "time"};
	for (size_t i = 0; i < sizeof(limits) / sizeof(*limits); i++) {
		compare_limit(c, arena, &limits[i], everything);
	}
	for (size_t i = 0; i < sizeof(spaces) / sizeof(*spaces); i++) {
		compare_line(c, arena, DIFF_NAMESPACE, spaces[i],
		             arena_printf(arena, "ns_%s", spaces[i]),
		             streq(spaces[i], "net") ? 25 : 0, everything);
	}
	compare_mounts(c, arena, workspace, everything);
	compare_line(c, arena, DIFF_CGROUP, "cgroup", "cgroup", 0, everything);
	compare_line(c, arena, DIFF_PROCESS, "root", "root", 36, everything);
	compare_line(c, arena, DIFF_PROCESS, "seccomp", "seccomp", 0, everything);
	compare_line(c, arena, DIFF_PROCESS, "no_new_privs", "no_new_privs", 0, everything);
	compare_line(c, arena, DIFF_PROCESS, "umask", "umask", 0, everything);
	weigh_umask(c);
}
