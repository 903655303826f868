/* SPDX-License-Identifier: MIT
 * Doing a repair and taking it back. Everything that changes the user's files goes through here.
 *
 * The whole repair is in the journal before its first change, each change is marked as intended before it is made and as
 * done afterwards, each of these on the disk before what follows. Killed anywhere in between, each file is the old one or
 * the new one, and the journal tells how to go on: steps_resume, or steps_undo.
 *
 * The caller holds the lock (apply/lock.h).
 */
#ifndef APPLY_STEPS_H
#define APPLY_STEPS_H

#include "apply/journal.h"
#include "base/str.h"
#include "core/world.h"

struct steps {
	struct arena *arena;
	struct journal *journal;
	struct world *world;      /* programs run in it; NULL: steps with programs are refused */
	const struct envset *env; /* of programs; NULL with world */
	bool disruptive;          /* signals may be sent */
	/* Told before each change what is done, or NULL. */
	void (*on_change)(const struct journal_change *change, void *context);
	void *context;
	/* results */
	struct strbuf notes; /* sentences for people, a line each; steps_init */
	bool conflict; /* -EBUSY: `theirs` is what stands where `change` expected something else */
	struct journal_change change;
	struct image theirs;
};

void steps_init(struct steps *steps, struct arena *arena, struct journal *journal);

/* Writes the repair down and does it. When a change cannot be made, those before it are taken back: -errno with a sentence
 * that says so, or that it could not be. -EPERM: a signal without disruptive. */
int steps_apply(struct steps *steps, struct repair *repair, struct err *err);

/* Takes a repair of the journal back as a whole, newest change first. Everything is looked at before the first file is
 * touched: when one is no longer what the repair made of it, -EBUSY with `conflict` filled, and nothing was done.
 * -EALREADY: it is undone or failed. */
int steps_undo(struct steps *steps, struct repair *repair, struct err *err);

/* Goes on with a repair that was interrupted: forward if it was being done, back if it was being taken back. */
int steps_resume(struct steps *steps, struct repair *repair, struct err *err);

/* One file, as a repair by itself: path without links. Refused as put_may_replace says. *ret_id: of the repair. */
int steps_write_file(struct steps *steps, const char *path, const struct image *before,
                     const struct image *after, const char *cause, const char *why, int64_t *ret_id,
                     struct err *err);

/* The directories that have to be made for a path without links, outermost first, a line each. */
const char *steps_missing_dirs(struct arena *arena, const char *path);

#endif
