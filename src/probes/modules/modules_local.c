/* SPDX-License-Identifier: MIT
 */
#include "probes/modules/modules_local.h"

#include "base/path.h"
#include "base/str.h"

#define LOCAL_MAX    64 /* go.mod files tried */
#define SIBLINGS_MAX 64
#define PARENTS_MAX  4

const char *modules_local_between(const struct modules_view *view, const char *module_dir,
                                  const char *dir) {
	struct exam *exam = view->exam;
	for (; path_below(dir, module_dir) && !streq(dir, module_dir);
	     dir = path_parent(exam->arena, dir)) {
		if (world_stat(exam->world, path_join(exam->arena, dir, "go.mod")).is_file) {
			return dir;
		}
	}
	return NULL;
}

static bool in_force(const struct modules_view *view, const char *dir) {
	for (size_t i = 0; i < view->main_count; i++) {
		if (streq(view->mains[i]->dir, dir)) {
			return true;
		}
	}
	return false;
}

/* dir itself when its module has the import, with a longer path than the best so far. */
static void try_dir(const struct modules_view *view, const char *dir, const char *import,
                    const char **best, size_t *best_len) {
	if (in_force(view, dir)) {
		return;
	}
	struct modules_file *file = modules_file_read(view->exam, dir);
	const char *module = file->exists ? file->mod.module : NULL;
	if (module && modules_covers(module, import) && strlen(module) > *best_len) {
		*best = dir;
		*best_len = strlen(module);
	}
}

struct slice modules_local_walk(struct exam *exam, const char *dir) {
	const struct evidence *ev = world_look(exam->world, LOOK_WALK, dir, LOOK_CAP_DIR);
	if (ev->state == EV_TRUNCATED) {
		facts_refuse(exam->facts, FACT_gomod_gap,
		             arena_printf(exam->arena,
		                          "the walk below %s was cut short; it has too many files",
		                          dir),
		             "the folder of one module as DIR");
	}
	return evidence_has_bytes(ev) ? ev->bytes : slice_of(NULL, 0);
}

static void try_below(const struct modules_view *view, const char *import, const char **best,
                      size_t *best_len) {
	struct exam *exam = view->exam;
	struct slice rest = modules_local_walk(exam, view->workspace);
	struct slice line;
	size_t tried = 0;
	while (slice_line(&rest, &line) && tried < LOCAL_MAX) {
		if (slice_starts(line, "mod ")) {
			const char *path = arena_strndup(exam->arena, line.data + 4, line.len - 4);
			try_dir(view, path_parent(exam->arena, path), import, best, best_len);
			tried++;
		}
	}
}

static void try_siblings(const struct modules_view *view, const char *import, const char **best,
                         size_t *best_len) {
	struct exam *exam = view->exam;
	const char *parent = path_parent(exam->arena, view->file->dir);
	const struct evidence *ev = world_look(exam->world, LOOK_DIR, parent, LOOK_CAP_DIR);
	struct slice rest = evidence_has_bytes(ev) ? ev->bytes : slice_of(NULL, 0);
	struct slice line;
	size_t tried = 0;
	while (slice_line(&rest, &line) && tried < SIBLINGS_MAX) {
		if (slice_starts(line, "d ") && line.data[2] != '.') {
			const char *name = arena_strndup(exam->arena, line.data + 2, line.len - 2);
			try_dir(view, path_join(exam->arena, parent, name), import, best, best_len);
			tried++;
		}
	}
}

const char *modules_local_provider(const struct modules_view *view, const char *import,
                                   bool beside) {
	const char *best = NULL;
	size_t best_len = 0;
	if (!view->file) {
		return NULL;
	}
	const char *dir = view->file->dir;
	for (int i = 0; i < PARENTS_MAX && !streq(dir, "/"); i++) {
		dir = path_parent(view->exam->arena, dir);
		try_dir(view, dir, import, &best, &best_len);
	}
	try_below(view, import, &best, &best_len);
	if (beside) {
		try_siblings(view, import, &best, &best_len);
	}
	return best;
}
