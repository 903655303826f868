/* SPDX-License-Identifier: MIT
 * The journal: what dialtone changed, written down before it is changed, so that every change can be taken back and a
 * crash between any two steps leaves nothing unknown.
 *
 * It is an SQLite database, $XDG_STATE_HOME/dialtone/journal.db (~/.local/state by default), readable by its owner only:
 * it holds the bytes of files before and after. SQLite is opened at run time; who cannot journal does not write.
 */
#ifndef APPLY_JOURNAL_H
#define APPLY_JOURNAL_H

#include "apply/image.h"
#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct journal;

enum journal_state {
	JOURNAL_INTENDED, /* written down; a crash may have come before or after the change itself */
	JOURNAL_DONE,
	JOURNAL_UNDONE, /* taken back by the entry that says undoes = this id */
	JOURNAL_FAILED, /* the change was not made; the file is as before */
};

struct journal_entry {
	int64_t id;       /* 0: not written down yet */
	int64_t at_ns;    /* wall clock, filled by journal_begin */
	const char *path; /* of the file itself, links resolved */
	struct image before;
	struct image after;
	const char
		*made_dirs; /* directories that had to be made, outermost first, a line each; "" */
	const char *cause;  /* what for: a cause id, or "settings" */
	const char *why;    /* one sentence or command: "settings set go.goroot" */
	enum journal_state state;
	int64_t undoes; /* id of the entry this one takes back, or 0 */
};

/* NULL with a sentence: -ENOSYS no SQLite, -ENOENT no state directory can be told (no HOME), else what stood in the way.
 * write: false opens an existing journal for reading only (-ENOENT when there is none). */
struct journal *journal_open(bool write, struct err *err);
/* NULL is fine. */
void journal_close(struct journal *journal);
static inline void journal_closep(struct journal **journal) {
	journal_close(*journal);
}

/* Writes entry down as intended, on the disk when this returns 0; fills id and at_ns. */
int journal_begin(struct journal *journal, struct journal_entry *entry, struct err *err);
int journal_set_state(struct journal *journal, int64_t id, enum journal_state state,
                      struct err *err);

/* The entry of that id, or with id 0 the latest that was done and not undone. -ENOENT when there is none. Strings and
 * bytes live in the arena. */
int journal_find(struct journal *journal, struct arena *arena, int64_t id,
                 struct journal_entry *ret, struct err *err);
/* The latest `limit` entries, newest first, without the bytes of their files. */
int journal_list(struct journal *journal, struct arena *arena, size_t limit,
                 struct journal_entry **ret, size_t *ret_count, struct err *err);

/* "intended", "done", "undone", "failed". */
const char *journal_state_name(enum journal_state state);

#endif
