/* SPDX-License-Identifier: MIT */
#include "cmd/locks_git.h"

#include "base/clock.h"
#include "base/envset.h"
#include "base/path.h"

/* What the start of a process, counted in ticks, and the time of a file may be apart. */
#define SLACK_NS (2 * NS_PER_S)

struct git_lock {
	struct arena *arena;
	struct world *world;
	int64_t mtime_ns;
	const char *top; /* of the work tree; NULL: any git may have made the file */
};

/* "f /path": a lock file in what LOOK_LOCK_FILES says. */
static bool next_file(struct arena *arena, struct slice *rest, const char **ret) {
	struct slice line;

	while (slice_line(rest, &line)) {
		if (slice_starts(line, "f /")) {
			*ret = arena_slicedup(arena, slice_of(line.data + 2, line.len - 2));
			return true;
		}
	}
	return false;
}

/* Is the process told by its environment or its arguments where the repository is? */
static bool is_led(const struct git_lock *l, const char *pid, const char *cmdline) {
	const struct evidence *ev = world_look(l->world, LOOK_ENVIRON, pid, LOOK_CAP_SETTINGS);
	struct envset env;

	if (!evidence_has_bytes(ev) || strstr(cmdline, "--git-dir") ||
	    strstr(cmdline, "--work-tree")) {
		return true;
	}
	envset_init(&env, l->arena);
	envset_add_block(&env, ev->bytes);
	return envset_get(&env, "GIT_DIR") || envset_get(&env, "GIT_WORK_TREE");
}

static bool can_have_made(const struct git_lock *l, const char *pid) {
	const struct evidence *ev = world_look(l->world, LOOK_PROCESS, pid, LOOK_CAP_SMALL);

	if (!evidence_has_bytes(ev)) {
		return ev->state != EV_ABSENT;
	}
	const char *cwd = keyline_text(l->arena, ev->bytes, "cwd");
	const char *cmdline = keyline_text(l->arena, ev->bytes, "cmdline");

	/* It runs for days, and only looks. */
	if (strstr(cmdline, "fsmonitor--daemon")) {
		return false;
	}
	if (keyline_number(l->arena, ev->bytes, "start_wall_ns", 0) > l->mtime_ns + SLACK_NS) {
		return false;
	}
	return !l->top || cwd[0] != '/' || path_below(cwd, l->top) || is_led(l, pid, cmdline);
}

/* Not gitlab-runner, not gitstatusd. */
static bool is_git(struct slice name) {
	return slice_eq(name, "git") || slice_starts(name, "git-");
}

static bool may_be_in_use(const struct git_lock *l) {
	const struct evidence *ev = world_look(l->world, LOOK_PROGRAMS, "git", LOOK_CAP_SMALL);
	struct slice rest = ev->bytes, line;

	if (!evidence_has_bytes(ev) || ev->state == EV_TRUNCATED) {
		return true;
	}
	while (slice_line(&rest, &line)) {
		struct slice pid;

		if (slice_cut(&line, ' ', &pid) && is_git(line) &&
		    can_have_made(l, arena_slicedup(l->arena, pid))) {
			return true;
		}
	}
	return false;
}

void locks_git(struct world *world, struct locks_view *view, const char *dir) {
	const struct evidence *ev = world_look(world, LOOK_LOCK_FILES, dir, LOOK_CAP_SETTINGS);
	const char *index = path_join(view->arena, dir, "index.lock");
	const char *real = world_stat(world, dir).real;
	const char *top = str_empty(real) ? NULL : path_parent(view->arena, real);
	struct slice rest = ev->bytes;
	const char *path;

	while (evidence_has_bytes(ev) && next_file(view->arena, &rest, &path)) {
		struct file_stat st = world_stat(world, path);
		struct git_lock lock = {.arena = view->arena,
		                        .world = world,
		                        .mtime_ns = st.mtime_ns,
		                        .top = streq(path, index) ? top : NULL};

		if (st.exists) {
			bool alive = may_be_in_use(&lock);

			locks_view_existing(view, path, st.mtime_ns, 0, alive, !alive);
		}
	}
}
