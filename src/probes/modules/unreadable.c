/* SPDX-License-Identifier: MIT
 * Directories of the module that go cannot list. `go list ./...`, which gopls loads a module with,
 * stops at the first one: packages that come behind it stay unknown to the server, without a word
 * (go 1.24 to 1.27, gopls v0.16 to v0.24). The order is that of names, level by level.
 */
#include "base/path.h"
#include "base/str.h"
#include "probes/modules/modules_local.h"
#include "probes/modules/modules_view.h"

#define DENIED_MAX 12

/* Path a is met before b: elements compared one by one, a directory before what is in it. */
static bool comes_before(const char *a, const char *b) {
	for (; *a && *a == *b; a++, b++) {
	}
	unsigned char x = *a == '/' ? 1 : (unsigned char)*a;
	unsigned char y = *b == '/' ? 1 : (unsigned char)*b;
	return x < y;
}

static bool is_ignored(const struct modules_view *view, const char *path) {
	const struct gomod *mod = &view->file->mod;
	const char *below = path + strlen(view->file->dir) + 1;
	for (size_t i = 0; i < mod->ignore_count; i++) {
		const char *entry = mod->ignores[i].path;
		bool rooted = str_starts(entry, "./");
		entry += rooted ? 2 : 0;
		if (path_below(below, entry)) {
			return true;
		}
		const char *inner = arena_printf(view->exam->arena, "/%s/", entry);
		if (!rooted && str_has(arena_printf(view->exam->arena, "/%s/", below), inner)) {
			return true;
		}
	}
	return false;
}

/* The first Go file of this module behind the directory, "" when there is none. */
static const char *first_lost(const struct modules_view *view, struct slice walk,
                              const char *denied) {
	struct arena *arena = view->exam->arena;
	const char *best = "";
	struct slice line;
	while (slice_line(&walk, &line)) {
		if (!slice_starts(line, "go ")) {
			continue;
		}
		const char *file = arena_strndup(arena, line.data + 3, line.len - strlen("go "));
		const char *dir = path_parent(arena, file);
		bool own = path_below(dir, view->file->dir) &&
		           !modules_local_between(view, view->file->dir, dir) &&
		           !is_ignored(view, file);
		if (own && comes_before(denied, dir) && !str_ends(file, "_test.go") &&
		    (str_empty(best) || comes_before(file, best))) {
			best = file;
		}
	}
	return best;
}

/* In a directory that can be listed and not entered nothing has an owner that could be known: it is what keeps out. */
static const char *what_keeps_out(struct world *world, struct arena *arena, const char *path,
                                  const char *root) {
	const char *at = path;
	while (!world_stat(world, at).known && !streq(at, root)) {
		at = path_parent(arena, at);
	}
	return streq(at, root) ? path : at;
}

static bool is_stated(const struct facts *facts, const char *path) {
	facts_each (unreadable, u, facts) {
		if (streq(u->path, path)) {
			return true;
		}
	}
	return false;
}

static void state_walk(const struct modules_view *view) {
	struct exam *exam = view->exam;
	const char *root = view->file->dir;
	const struct evidence *ev = world_look(exam->world, LOOK_WALK, root, LOOK_CAP_DIR);
	struct slice all = evidence_has_bytes(ev) ? ev->bytes : slice_of(NULL, 0);
	struct slice line;
	size_t count = 0;
	for (struct slice rest = all; slice_line(&rest, &line) && count < DENIED_MAX;) {
		if (!slice_starts(line, "denied ")) {
			continue;
		}
		const char *path =
			arena_strndup(exam->arena, line.data + 7, line.len - strlen("denied "));
		if (!path_below(path, root) || streq(path, root) || is_ignored(view, path) ||
		    modules_local_between(view, root, path)) {
			continue;
		}
		path = what_keeps_out(exam->world, exam->arena, path, root);
		if (is_stated(exam->facts, path)) {
			continue;
		}
		struct file_stat st = world_stat(exam->world, path);
		count++;
		FACTS_ADD(exam->facts, unreadable, ev, .path = path, .what = "walk",
		          .module_dir = root, .uid = st.uid, .mode = (int64_t)st.mode,
		          .lost = first_lost(view, all, path));
	}
}

static void state_named(const struct modules_view *view, const char *name, const char *what) {
	struct exam *exam = view->exam;
	const char *path = path_join(exam->arena, view->file->dir, name);
	struct file_stat st = world_stat(exam->world, path);
	if (st.known && st.is_dir && !(st.can_read && st.can_exec)) {
		FACTS_ADD(exam->facts, unreadable, st.ev, .path = path, .what = what,
		          .module_dir = view->file->dir, .uid = st.uid, .mode = (int64_t)st.mode,
		          .lost = streq(what, "walk")
		                          ? first_lost(view,
		                                       world_look(exam->world, LOOK_WALK,
		                                                  view->file->dir, LOOK_CAP_DIR)
		                                               ->bytes,
		                                       path)
		                          : "");
	}
}

static int look(struct exam *exam, struct err *err) {
	struct modules_view view;
	(void)err;
	modules_view_init(&view, exam);
	if (!view.file || !view.file->exists || view.modules_off) {
		return 0;
	}
	/* HOME or / as a module: walking it is what tree.c is for. */
	state_walk(&view);
	state_named(&view, "node_modules", "walk");
	if (view.flag != MODULES_FLAG_MOD && view.flag != MODULES_FLAG_READONLY &&
	    !view.is_member) {
		state_named(&view, "vendor", "vendor");
	}
	return 0;
}

const struct probe probe_unreadable = {
	.id = "unreadable",
	.title = "directories of the module that this user cannot list",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(unreadable),
	.look = look,
};
