/* SPDX-License-Identifier: MIT
 * A directory with a journal of its own, and a plan that is done there and taken back.
 */
#ifndef APPLY_FIXTURE_H
#define APPLY_FIXTURE_H

#include "apply/lock.h"
#include "apply/resolve.h"
#include "apply/steps.h"
#include "base/path.h"
#include "base/str.h"

#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

struct fixture {
	struct arena *arena;
	const char *dir;
	struct journal *journal;
	struct plan plan;
	struct repair repair;
	struct steps steps;
	struct err err;
};

static inline int setup(void **state) {
	char template[] = "/tmp/dialtone-apply.XXXXXX";
	struct arena *arena = arena_new();
	struct fixture *f = arena_new_of(arena, struct fixture);
	f->arena = arena;
	f->dir = arena_strdup(arena, mkdtemp(template));
	setenv("XDG_STATE_HOME", path_join(arena, f->dir, "state"), 1);
	f->journal = journal_open(true, &f->err);
	steps_init(&f->steps, arena, f->journal);
	plan_init(&f->plan, arena, "env-x", "X");
	*state = f;
	return f->journal ? 0 : -1;
}

static inline void shell(const char *command) {
	FILE *pipe = popen(command, "r"); /* waits */
	assert_non_null(pipe);
	(void)pclose(pipe);
}

static inline int teardown(void **state) {
	struct fixture *f = *state;
	journal_close(f->journal);
	shell(arena_printf(f->arena, "chmod -R u+rwx %s; rm -rf %s", f->dir, f->dir));
	arena_free(f->arena);
	return 0;
}

static inline const char *in(struct fixture *f, const char *name) {
	return path_join(f->arena, f->dir, name);
}

static inline const char *make_file(struct fixture *f, const char *name, const char *text,
                                    mode_t mode) {
	const char *path = in(f, name);
	int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	assert_true(fd >= 0);
	assert_int_equal(write(fd, text, strlen(text)), (ssize_t)strlen(text));
	assert_int_equal(fchmod(fd, mode), 0);
	close(fd);
	return path;
}

static inline const char *text_of(struct fixture *f, const char *path) {
	struct image image;
	const char *real;
	struct err err;
	if (image_read(f->arena, path, &image, &real, &err) < 0 || !image_exists(&image)) {
		return NULL;
	}
	return arena_slicedup(f->arena, image.bytes);
}

static inline int resolve(struct fixture *f) {
	f->plan.workspace = in(f, "w");
	return plan_resolve(f->arena, &f->plan, &f->repair, &f->err);
}

static inline int apply(struct fixture *f) {
	int r = resolve(f);
	return r < 0 ? r : steps_apply(&f->steps, &f->repair, &f->err);
}

static inline int undo(struct fixture *f, int64_t id) {
	struct repair repair;
	int r = journal_find(f->journal, f->arena, id, &repair, &f->err);
	return r < 0 ? r : steps_undo(&f->steps, &repair, &f->err);
}

/* All of the directory but the journal: names, kinds, modes, times, contents, attributes, targets of links. */
static inline const char *picture(struct fixture *f) {
	const char *command = arena_printf(
		f->arena,
		"cd %s && find . -path ./state -prune -o -printf '%%p %%y %%m %%U %%G %%T@ %%l\\n' "
		"| sort; find . -path ./state -prune -o -type f -readable -print0 | sort -z | "
		"xargs -0 -r md5sum; getfattr -Rd -m - . 2>/dev/null | grep -v '^# file: state'",
		f->dir);
	struct strbuf out;
	char line[1000];
	strbuf_init(&out, f->arena);
	FILE *pipe = popen(command, "r");
	assert_non_null(pipe);
	while (fgets(line, sizeof(line), pipe)) {
		/* The directory itself holds the state directory, whose making is ours. */
		if (!str_starts(line, ". d ")) {
			strbuf_add(&out, line);
		}
	}
	(void)pclose(pipe);
	return out.data;
}

#endif
