/* SPDX-License-Identifier: MIT */
#include "apply/protection.h"

#include "apply/edit.h"
#include "apply/place.h"
#include "base/path.h"
#include "base/str.h"

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

static void open_one(struct plan *plan, const char *path, mode_t type) {
	mode_t mode;
	if (!is_protected(path, type, &mode) || has_mode_step(plan, path) ||
	    plan->step_count + 2 > PLAN_STEPS_MAX) {
		return;
	}
	struct step open = {.kind = STEP_MODE, .path = path, .mode = 0200, .passing = true};
	open.what =
		arena_printf(plan->arena, "let %s be written to (mode %04o)", path, (unsigned)mode);
	struct step shut = {.kind = STEP_MODE, .path = path, .mode_off = 0200, .passing = true};
	shut.what = arena_printf(plan->arena, "write-protect %s again (mode %04o)", path,
	                         (unsigned)mode);
	put_first(plan, open);
	plan->steps[plan->step_count++] = shut;
}

void protection_open(struct plan *plan) {
	size_t count = plan->step_count;
	const char *paths[PLAN_STEPS_MAX];
	for (size_t i = 0; i < count; i++) {
		paths[i] = edit_is(plan->steps[i].kind) ? plan->steps[i].path : NULL;
	}
	for (size_t i = 0; i < count; i++) {
		const char *real;
		struct err ignored;
		if (!paths[i] || place_resolve(plan->arena, paths[i], plan->workspace, true, &real,
		                               &ignored) < 0) {
			continue;
		}
		/* The file first: what is put before it later, its directory, is opened earlier. */
		open_one(plan, real, S_IFREG);
		open_one(plan, path_parent(plan->arena, real), S_IFDIR);
	}
}
