/* SPDX-License-Identifier: MIT */
#include "cmd/check_window.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/registry.h"
#include "probes/editors/vscode_state.h"
#include "world/live.h"

#include <errno.h>
#include <stdlib.h>

#define LEVELS_ABOVE 2

enum opened { OPENED_UNKNOWN, OPENED_FOLDER, OPENED_WINDOW };

/* When VS Code last had it open, going by what it keeps of it; 0: never, or not known. */
static int64_t opened_ns(struct exam *exam, const char *window_file) {
	bool known = false;
	exam->target->window_file = window_file;
	const char *dir = vscode_storage_dir(exam, &known);
	if (!dir) {
		return 0;
	}
	int64_t state =
		world_stat(exam->world, path_join(exam->arena, dir, "state.vscdb")).mtime_ns;
	int64_t note =
		world_stat(exam->world, path_join(exam->arena, dir, "workspace.json")).mtime_ns;
	return state > note ? state : note;
}

/* Was it the folder or the window that was opened last? */
static enum opened opened_as(struct arena *arena, struct world *world, const char *folder,
                             const char *file) {
	static const char *const names[] = {"HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME"};
	struct facts facts;
	struct target target;
	struct exam exam;
	exam_init(&exam, arena, &facts, &target);
	exam.world = world;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const char *value = getenv(names[i]);
		if (!str_empty(value)) {
			envset_set(&target.judged, names[i], value);
		}
	}
	const char *home = getenv("HOME");
	target.workspace = folder;
	target.home = home ? home : "";
	target.passwd_home = target.home;
	int64_t as_window = opened_ns(&exam, file);
	int64_t as_folder = opened_ns(&exam, NULL);
	return as_window > as_folder ? OPENED_WINDOW
	       : as_folder > 0       ? OPENED_FOLDER
	                             : OPENED_UNKNOWN;
}

static bool names_folder(const struct vscode_window *window, const char *dir, bool or_below) {
	for (size_t i = 0; i < window->count; i++) {
		if (streq(window->folders[i], dir) ||
		    (or_below && path_below(window->folders[i], dir))) {
			return true;
		}
	}
	return false;
}

bool check_window_find(struct arena *arena, struct world *world, const char *path,
                       struct vscode_window *ret) {
	if (str_ends(path, ".code-workspace")) {
		return world_stat(world, path).is_file &&
		       vscode_window_read(arena, world, path, ret);
	}
	const char *dir = path;
	for (int above = 0; above <= LEVELS_ABOVE && !streq(dir, "/"); above++) {
		const char *file = vscode_window_in(arena, world, dir);
		dir = path_parent(arena, dir);
		if (!file || !vscode_window_read(arena, world, file, ret) ||
		    !names_folder(ret, path, above == 0)) {
			continue;
		}
		enum opened opened = opened_as(arena, world, path, file);
		return opened == OPENED_WINDOW || (opened == OPENED_UNKNOWN && above == 0);
	}
	return false;
}

bool check_window_counts(struct world *world, const char *editor, const char *path,
                         const struct vscode_window *window) {
	if (editor || streq(path, window->file)) {
		return !editor || streq(editor, "vscode") || streq(editor, "code-server");
	}
	const struct evidence *ev = world_look(world, LOOK_EDITORS, path, LOOK_CAP_SMALL);
	struct slice rest = ev->bytes;
	struct slice line;
	bool any = evidence_has_bytes(ev) && slice_line(&rest, &line);
	return !any || slice_has(line, " vscode") || slice_has(line, " code-server");
}

static bool has_go(struct arena *arena, struct world *world, const char *folder) {
	const struct evidence *ev = world_look(world, LOOK_WALK, folder, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line;
	(void)arena;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		if (slice_starts(line, "go ") || slice_starts(line, "mod ") ||
		    slice_starts(line, "work ")) {
			return true;
		}
	}
	return !evidence_has_bytes(ev) || ev->state == EV_TRUNCATED;
}

struct part {
	struct evidence_store store;
	struct facts facts;
	struct target target;
	struct exam exam;
	struct diagnosis diagnosis;
};

/* The rest of the time is shared by the folders that are still to come. */
static int64_t share(int64_t deadline_ns, size_t left) {
	int64_t now = clock_now_ns();
	return deadline_ns > now ? now + (deadline_ns - now) / (int64_t)left : now;
}

static int examine(struct arena *arena, struct window_check *c, size_t index, struct part *p,
                   struct err *err) {
	const char *folder = c->window->folders[index];
	const char *file = c->target->file;
	exam_init(&p->exam, arena, &p->facts, &p->target);
	evidence_store_init(&p->store, arena);
	p->target.workspace = folder;
	p->target.window_file = c->window->file;
	p->target.window_folders = c->window->folders;
	p->target.window_missing = c->window->missing;
	p->target.file = file && path_below(file, folder) ? file : NULL;
	p->target.environment = c->target->environment;
	p->target.editor_name = c->target->editor_name;
	p->target.trusted = c->target->trusted;
	p->target.no_server = c->target->no_server;
	p->target.logs = c->target->logs;
	p->target.environment_change = c->target->environment_change;
	p->exam.rules = registry_rules;
	p->exam.deadline_ns = share(c->deadline_ns, c->window->count - index);
	p->exam.world = world_live_open(arena, &p->store, c->interrupt_fd, err);
	if (!p->exam.world) {
		return err->code;
	}
	c->folders[index].skipped = !has_go(arena, p->exam.world, folder) && !p->target.file;
	int r = c->folders[index].skipped ? 0 : exam_run(&p->exam, &c->plan, err);
	world_close(p->exam.world);
	if (r == 0 && !c->folders[index].skipped) {
		p->diagnosis = infer(registry_rules, &p->facts);
		fix_advise(registry_fixes, &p->facts, &p->diagnosis.all, c->window->file);
	} else {
		p->diagnosis = infer_merge(arena, NULL, 0);
	}
	return r;
}

/* What is wrong in one folder shows in the others: the server loads them all. */
static void relate(struct window_check *c) {
	const struct finding *first = c->diagnosis.causes[0];
	for (size_t i = 0; first && i < c->count; i++) {
		const struct diagnosis *d = c->folders[i].diagnosis;
		bool hurt = d->verdict == VERDICT_DEGRADED || d->verdict == VERDICT_BROKEN;
		for (size_t k = 0; hurt && d->cause_count == 0 && k < c->count; k++) {
			const struct diagnosis *other = c->folders[k].diagnosis;
			if (other->cause_count > 0 && other->causes[0] == first) {
				c->folders[i].suffers_from = c->folders[k].target->workspace;
			}
		}
	}
}

/* The folder whose cause comes first, else the first that is as bad as the whole. */
static size_t worst_of(const struct window_check *c) {
	for (size_t i = 0; c->diagnosis.cause_count > 0 && i < c->count; i++) {
		const struct diagnosis *d = c->folders[i].diagnosis;
		if (d->cause_count > 0 && d->causes[0] == c->diagnosis.causes[0]) {
			return i;
		}
	}
	for (size_t i = 0; i < c->count; i++) {
		if (c->folders[i].diagnosis->verdict == c->diagnosis.verdict &&
		    !c->folders[i].skipped) {
			return i;
		}
	}
	return 0;
}

int check_window_run(struct arena *arena, struct window_check *c, struct err *err) {
	size_t count = c->window->count;
	struct part *parts = arena_array_of(arena, struct part, count);
	struct diagnosis *all = arena_array_of(arena, struct diagnosis, count);
	bool any = false;
	c->folders = arena_array_of(arena, struct report_folder, count);
	c->count = count;
	for (size_t i = 0; i < count; i++) {
		int r = examine(arena, c, i, &parts[i], err);
		if (r < 0) {
			return r;
		}
		c->folders[i].target = &parts[i].target;
		c->folders[i].facts = &parts[i].facts;
		c->folders[i].diagnosis = &parts[i].diagnosis;
		all[i] = parts[i].diagnosis;
		any = any || !c->folders[i].skipped;
	}
	c->diagnosis = infer_merge(arena, all, count);
	if (!any) {
		c->diagnosis.verdict = VERDICT_UNKNOWN;
	}
	c->worst = worst_of(c);
	relate(c);
	return 0;
}
