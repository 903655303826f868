/* SPDX-License-Identifier: MIT */
#include "cmd/prove_apply.h"

#include "apply/program.h"
#include "apply/put.h"
#include "apply/resolve.h"
#include "apply/steps.h"
#include "base/fd.h"
#include "base/str.h"
#include "world/live.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* /tmp is one of the rehearsal's own. */
#define STATE_DIR "/tmp/dialtone-rehearsed"

/* A user namespace has no name for other users in an access list, so overlayfs cannot give a file with one a copy
 * (open(2) says EINVAL), and no program could write to it in here. The same bytes under the same name can be written. */
static void make_writable(struct arena *arena, const char *path) {
	CLEANUP(fd_closep) int fd = open(path, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	if (fd >= 0 || (errno != EINVAL && errno != EOVERFLOW)) {
		return;
	}
	const char *copy = arena_printf(arena, "%s.dialtone-rehearsed", path);
	CLEANUP(fd_closep) int from = open(path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	if (from < 0 || fstat(from, &st) < 0 || !S_ISREG(st.st_mode)) {
		return;
	}
	fd = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, st.st_mode & 0777);
	if (fd < 0 || put_copy(from, fd) < 0 || rename(copy, path) < 0) {
		(void)unlink(copy);
	}
}

static void make_announced_writable(struct arena *arena, const struct repair *repair) {
	for (size_t i = 0; i < repair->change_count; i++) {
		struct program p;
		if (repair->changes[i].kind != CHANGE_RUN ||
		    program_decode(arena, repair->changes[i].detail, &p) < 0) {
			continue;
		}
		for (size_t k = 0; p.announces[k]; k++) {
			make_writable(arena, p.announces[k]);
		}
	}
}

static int apply_one(struct steps *steps, const struct plan *plan, struct err *err) {
	/* Resolving may set needs_root; the plan is the caller's, and root is somebody else here. */
	struct plan *copy = arena_new_of(steps->arena, struct plan);
	struct repair repair;
	*copy = *plan;
	int r = plan_resolve(steps->arena, copy, &repair, err);
	if (r < 0 || repair.change_count == 0) {
		return r;
	}
	make_announced_writable(steps->arena, &repair);
	return steps_apply(steps, &repair, err);
}

static int apply_all(struct arena *arena, const struct plan *const *plans, size_t count,
                     const struct envset *env, const struct rehearsal *inside, struct err *err) {
	struct evidence_store store;
	struct steps steps;
	CLEANUP(journal_closep) struct journal *journal = journal_open(true, err);
	if (!journal) {
		return err->code;
	}
	evidence_store_init(&store, arena);
	steps_init(&steps, arena, journal);
	steps.env = env;
	steps.disruptive = inside->own_processes;
	steps.world = world_live_open(arena, &store, -1, err);
	int r = steps.world ? 0 : err->code;
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = apply_one(&steps, plans[i], err);
	}
	world_close(steps.world);
	return r;
}

int prove_apply_plans(const struct plan *const *plans, size_t count, const struct envset *env,
                      const struct rehearsal *inside, struct err *err) {
	/* A process of its own, which ends behind this. */
	if (setenv("XDG_STATE_HOME", STATE_DIR, 1) < 0) {
		return err_set(err, -ENOMEM, "no memory");
	}
	struct arena *arena = arena_new();
	int r = apply_all(arena, plans, count, env, inside, err);
	arena_free(arena);
	return r;
}
