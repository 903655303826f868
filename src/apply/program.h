/* SPDX-License-Identifier: MIT
 * A program as a step: what it announced is kept aside before it runs, and what it changed of that is read off afterwards,
 * file by file, so that it can be taken back like any other change.
 */
#ifndef APPLY_PROGRAM_H
#define APPLY_PROGRAM_H

#include "apply/journal.h"
#include "apply/tree.h"
#include "core/world.h"

#define PROGRAM_SECONDS 300

struct program {
	const char *cwd;
	const char *const *argv;      /* NULL-terminated, as all of these */
	const char *const *env;       /* "NAME=value" or "NAME" */
	const char *const *announces; /* without links and slashes at their ends */
	bool network;
};

/* The detail of a CHANGE_RUN, and back; -EBADMSG. */
struct slice program_encode(struct arena *arena, const struct program *program);
int program_decode(struct arena *arena, struct slice detail, struct program *ret);

/* What stands beside what was announced: the directories that hold it and cwd, without what lies below. */
struct neighbours {
	struct tree tree;
};
int neighbours_take(struct arena *arena, const struct program *program, struct neighbours *ret);
/* The names of those that differ and were not announced, joined by ", "; "" for none. */
const char *neighbours_changed(struct arena *arena, const struct program *program,
                               const struct neighbours *before);

/* Runs it to its end. -EIO with a sentence that holds its last words when it fails, -ETIMEDOUT, -EINTR. label: unique in
 * this world. */
int program_run(struct arena *arena, struct world *world, const struct envset *env,
                const struct program *program, const char *label, struct err *err);

/* What it changed, as changes (done) at the end of the repair. keep: a directory for copies of what it wrote. */
int program_collect(struct arena *arena, const struct program *program, const struct tree *before,
                    const char *keep, struct repair *repair, struct err *err);

#endif
