/* SPDX-License-Identifier: MIT
 * Is the opened path a way through symbolic links, and does go miss something because of that? go
 * walks up the path as it was given (os.Getwd with PWD, cmd/go/internal/base/path.go), and so do
 * gopls and this program; what lies beside or above the real directory is then not found.
 */
#include "base/path.h"
#include "base/str.h"
#include "probes/modules/modules_view.h"

#define PARENTS_MAX  64
#define REPLACES_MAX 64

static const char *find_above(struct exam *exam, const char *dir, const char *name) {
	for (int i = 0; i < PARENTS_MAX; i++) {
		const char *path = path_join(exam->arena, dir, name);
		struct file_stat st = world_stat(exam->world, path);
		if (st.exists && !st.is_dir) {
			return path;
		}
		if (streq(dir, "/")) {
			break;
		}
		dir = path_parent(exam->arena, dir);
	}
	return NULL;
}

static void state_gomod(const struct modules_view *view, const char *real) {
	struct exam *exam = view->exam;
	const char *there = find_above(exam, real, "go.mod");
	if (!view->file && there) {
		FACTS_ADD(exam->facts, symlinked, world_stat(exam->world, view->file_dir).ev,
		          .path = view->file_dir, .real = real, .what = "gomod",
		          .missing = path_join(exam->arena, view->file_dir, "go.mod"),
		          .there = there);
	}
}

/* A go.work above the real module that uses it, and none above the path that was given. */
static void state_gowork(const struct modules_view *view, const char *real) {
	struct exam *exam = view->exam;
	const char *there = view->work_path ? NULL : find_above(exam, real, "go.work");
	const struct evidence *ev =
		there ? world_look(exam->world, LOOK_FILE, there, LOOK_CAP_MODULE) : NULL;
	if (!ev || !evidence_has_bytes(ev)) {
		return;
	}
	struct gowork work = gowork_parse(exam->arena, ev->bytes);
	for (size_t i = 0; i < work.use_count; i++) {
		const char *dir = path_clean(
			exam->arena,
			path_join(exam->arena, path_parent(exam->arena, there), work.uses[i].path));
		if (streq(dir, real)) {
			FACTS_ADD(exam->facts, symlinked, ev, .path = view->file->dir, .real = real,
			          .what = "gowork",
			          .missing = path_join(exam->arena, view->file->dir, "go.work"),
			          .there = there);
			return;
		}
	}
}

static void state_replaces(const struct modules_view *view, const char *real) {
	struct exam *exam = view->exam;
	const struct gomod *mod = &view->file->mod;
	for (size_t i = 0; i < mod->replace_count && i < REPLACES_MAX; i++) {
		const struct modfile_replace *r = &mod->replaces[i];
		if (!str_empty(r->new_version) || r->new_path[0] == '/') {
			continue;
		}
		const char *missing = path_clean(
			exam->arena, path_join(exam->arena, view->file->dir, r->new_path));
		const char *there =
			path_clean(exam->arena, path_join(exam->arena, real, r->new_path));
		struct file_stat st = world_stat(exam->world, missing);
		if (st.known && !st.exists && world_stat(exam->world, there).is_dir) {
			FACTS_ADD(exam->facts, symlinked, view->file->ev, .path = view->file->dir,
			          .real = real, .what = "replace", .missing = missing,
			          .there = there, .module = r->old_path);
		}
	}
}

static int look(struct exam *exam, struct err *err) {
	struct modules_view view;
	(void)err;
	modules_view_init(&view, exam);
	struct file_stat st = world_stat(exam->world, view.file_dir);
	if (str_empty(st.real) || streq(st.real, view.file_dir) || view.modules_off) {
		return 0;
	}
	state_gomod(&view, st.real);
	if (view.file && view.file->exists) {
		const char *real = world_stat(exam->world, view.file->dir).real;
		if (!str_empty(real) && !streq(real, view.file->dir)) {
			state_gowork(&view, real);
			state_replaces(&view, real);
		}
	}
	return 0;
}

const struct probe probe_symlinks = {
	.id = "symlinks",
	.title = "what go does not find because the opened path leads through a symbolic link",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(symlinked),
	.look = look,
};
