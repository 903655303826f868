/* SPDX-License-Identifier: MIT */
#include "apply/protection.h"

#include "apply/edit.h"
#include "apply/modes.h"
#include "apply/place.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static bool has_mode_step(const struct plan *plan, const char *path) {
	for (size_t i = 0; i < plan->step_count; i++) {
		if (plan->steps[i].kind == STEP_MODE && streq(plan->steps[i].path, path)) {
			return true;
		}
	}
	return false;
}

static bool is_protected(const char *path, mode_t type, mode_t *ret_mode) {
	struct stat st;
	if (lstat(path, &st) < 0 || (st.st_mode & S_IFMT) != type || st.st_uid != geteuid() ||
	    (st.st_mode & 0200)) {
		return false;
	}
	*ret_mode = st.st_mode & 07777;
	return true;
}

static void put_first(struct plan *plan, struct step step) {
	memmove(plan->steps + 1, plan->steps, plan->step_count * sizeof(*plan->steps));
	plan->steps[0] = step;
	plan->step_count++;
}

static struct step mode_step(struct plan *plan, const char *path, mode_t on, mode_t off) {
	return (struct step){.kind = STEP_MODE,
	                     .path = arena_strdup(plan->arena, path),
	                     .mode = on,
	                     .mode_off = off,
	                     .passing = true};
}

static bool has_room(const struct plan *plan, const char *path) {
	return !has_mode_step(plan, path) && plan->step_count + 2 <= PLAN_STEPS_MAX;
}

static void open_one(struct plan *plan, const char *path, mode_t type) {
	mode_t mode;
	if (!is_protected(path, type, &mode) || !has_room(plan, path)) {
		return;
	}
	struct step open = mode_step(plan, path, 0200, 0);
	open.what =
		arena_printf(plan->arena, "let %s be written to (mode %04o)", path, (unsigned)mode);
	struct step shut = mode_step(plan, path, 0, 0200);
	shut.what = arena_printf(plan->arena, "write-protect %s again (mode %04o)", path,
	                         (unsigned)mode);
	put_first(plan, open);
	plan->steps[plan->step_count++] = shut;
}

/* The directory in which a name is to come, to go or to change, or the nearest there is above it. */
static void open_directory_of(struct plan *plan, const char *path) {
	struct stat st;
	const char *dir = path_parent(plan->arena, path);
	while (lstat(dir, &st) < 0 && errno == ENOENT && !streq(dir, "/")) {
		dir = path_parent(plan->arena, dir);
	}
	open_one(plan, dir, S_IFDIR);
}

/* ---- what programs announced ---- */

/* What stands there now is put elsewhere before the program begins. */
static bool is_moved_before(const struct step *first, const struct step *until, const char *path) {
	for (const struct step *s = first; s < until; s++) {
		if ((s->kind == STEP_MOVE || s->kind == STEP_REMOVE) && path_below(path, s->path)) {
			return true;
		}
	}
	return false;
}

/* Is everything there protected, files too? */
static bool is_all_protected(struct arena *arena, const char *path) {
	struct slice writable;
	struct err ignored;
	size_t count = 0;
	return modes_list(arena, path, true, 0, 0200, &writable, &count, &ignored) == 0 &&
	       count == 0;
}

/* A directory that programs empty and fill, when it or one below is protected. What they put there is protected like
 * what was there: all, or the directory itself. */
static void open_tree(struct plan *plan, const char *path) {
	mode_t mode;
	bool itself = is_protected(path, S_IFDIR, &mode);
	bool all = itself && is_all_protected(plan->arena, path);
	if (!modes_any_directory(plan->arena, path, 0200) || !has_room(plan, path)) {
		return;
	}
	struct step open = mode_step(plan, path, 0200, 0);
	open.below = true;
	open.what = arena_printf(plan->arena, "let %s and all below be written to", path);
	struct step shut = mode_step(plan, path, 0, 0200);
	shut.below = all;
	shut.what = arena_printf(plan->arena, "write-protect %s%s again", path,
	                         all ? " and all below" : "");
	put_first(plan, open);
	if (itself) {
		plan->steps[plan->step_count++] = shut;
	}
}

/* go writes into a file itself; what gives it back is written beside it. */
static void open_announced(struct plan *plan, const char *path) {
	struct stat st;
	if (lstat(path, &st) == 0 && S_ISDIR(st.st_mode)) {
		open_tree(plan, path);
	} else {
		open_one(plan, path, S_IFREG);
	}
	open_directory_of(plan, path);
}

/* ---- any step ---- */

static const char *resolved(const struct plan *plan, const char *path, bool follow_last) {
	const char *real;
	struct err ignored;
	size_t len = path ? strlen(path) : 0;
	while (len > 1 && path[len - 1] == '/') {
		len--;
	}
	return path && place_resolve(plan->arena, arena_strndup(plan->arena, path, len),
	                             plan->workspace, follow_last, &real, &ignored) == 0
	               ? real
	               : NULL;
}

static void open_run(struct plan *plan, const struct step *first, const struct step *step) {
	for (size_t i = 0; step->announces && step->announces[i]; i++) {
		const char *real = resolved(plan, step->announces[i], !step->anew);
		if (real && !is_moved_before(first, step, real)) {
			open_announced(plan, real);
		}
	}
}

static void open_step(struct plan *plan, const struct step *first, const struct step *step) {
	const char *real;
	if (step->kind == STEP_RUN) {
		open_run(plan, first, step);
	} else if (edit_is(step->kind) && (real = resolved(plan, step->path, true))) {
		/* The file first: what is put before it later, its directory, is opened earlier. */
		open_one(plan, real, S_IFREG);
		open_one(plan, path_parent(plan->arena, real), S_IFDIR);
	}
}

void protection_open(struct plan *plan) {
	struct plan given = *plan; /* the steps move while others are put before them */
	for (size_t i = 0; i < given.step_count; i++) {
		open_step(plan, given.steps, &given.steps[i]);
	}
}
