/* SPDX-License-Identifier: MIT
 */
#include "world/cgroup_path.h"

#include "base/path.h"
#include "base/str.h"

#define FIELDS_MAX 24

static bool list_has(struct slice list, const char *word) {
	struct slice part;

	while (slice_cut(&list, ',', &part)) {
		if (slice_eq(part, word)) {
			return true;
		}
	}
	return false;
}

/* The path of the line with this controller, or (controller NULL) of the unified hierarchy. */
static bool path_of(struct slice text, const char *controller, struct slice *ret) {
	struct slice line, id, list;

	while (slice_line(&text, &line)) {
		if (!slice_cut(&line, ':', &id) || !slice_cut(&line, ':', &list)) {
			continue;
		}
		if (controller ? list_has(list, controller) : slice_eq(id, "0") && list.len == 0) {
			*ret = line;
			return line.len > 0 && line.data[0] == '/';
		}
	}
	return false;
}

struct mounted {
	struct slice root, point;
	bool is_v2;
};

/* One line of mountinfo, when it is the hierarchy that is meant. */
static bool mount_is(struct slice line, const char *controller, struct mounted *ret) {
	struct slice fields[FIELDS_MAX], field;
	size_t count = 0, dash = 0;

	while (count < FIELDS_MAX && slice_cut(&line, ' ', &field)) {
		if (count >= 6 && !dash && slice_eq(field, "-")) {
			dash = count;
		}
		fields[count++] = field;
	}
	if (!dash || dash + 3 >= count || !slice_starts(fields[4], "/")) {
		return false;
	}
	ret->root = fields[3];
	ret->point = fields[4];
	ret->is_v2 = slice_eq(fields[dash + 1], "cgroup2");
	return controller ? slice_eq(fields[dash + 1], "cgroup") &&
	                            list_has(fields[count - 1], controller)
	                  : ret->is_v2;
}

static bool find_mount(struct slice mountinfo, const char *controller, struct mounted *ret) {
	struct slice line;

	while (slice_line(&mountinfo, &line)) {
		if (mount_is(line, controller, ret)) {
			return true;
		}
	}
	return false;
}

/* path below what the mount shows of the hierarchy; what lies outside is not to be seen, and then the
 * mount itself is the nearest there is. */
static const char *dir_of(struct arena *arena, struct slice path, const struct mounted *m) {
	const char *whole = arena_slicedup(arena, path);
	const char *root = arena_slicedup(arena, m->root);
	const char *point = arena_slicedup(arena, m->point);

	if (str_starts(whole, "/..")) {
		return point;
	}
	if (!streq(root, "/") && path_below(whole, root)) {
		whole += strlen(root);
	}
	return path_clean(arena, arena_printf(arena, "%s/%s", point, whole));
}

struct cgroup_place cgroup_place_of(struct arena *arena, const char *controller,
                                    struct slice cgroup, struct slice mountinfo) {
	struct cgroup_place place = {0};
	struct mounted m;
	struct slice path;
	bool v1 = path_of(cgroup, controller, &path) && find_mount(mountinfo, controller, &m);

	if (!v1 && (!path_of(cgroup, NULL, &path) || !find_mount(mountinfo, NULL, &m))) {
		return place;
	}
	place.version = v1 ? 1 : 2;
	place.path = arena_slicedup(arena, path);
	place.top = path_clean(arena, arena_slicedup(arena, m.point));
	place.dir = dir_of(arena, path, &m);
	return place;
}
