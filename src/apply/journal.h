/* SPDX-License-Identifier: MIT
 * The journal: what is to be changed, written down before it is changed, so that every repair can be taken back and a
 * crash between any two system calls leaves nothing unknown.
 *
 * It is an SQLite database, $XDG_STATE_HOME/dialtone/journal.db (~/.local/state by default), readable by its owner only:
 * it holds the bytes of files before and after; large ones lie beside it in kept/REPAIR/. SQLite is opened at run time;
 * who cannot journal does not write.
 *
 * Version 2 of the tables. A journal of version 1 (each change by itself, without times and attributes) becomes one of
 * version 2 when it is opened; one of a later version is refused.
 */
#ifndef APPLY_JOURNAL_H
#define APPLY_JOURNAL_H

#include "apply/image.h"
#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

struct journal;

/* The numbers of all three stand in journals. */
enum change_kind {
	CHANGE_FILE = 0, /* before gives way to after, at path */
	CHANGE_MOVE =
		1, /* what stood at path stands at `to`; detail "remade": a file that programs put at path
	                     meanwhile gives way on the way back */
	CHANGE_MODES =
		2, /* detail: "BEFORE AFTER PATH" (octal) NUL each, PATH below path; to: "ON OFF": what
	              is there without that when it is done, gets it too */
	CHANGE_RUN =
		3, /* detail: apply/program.h; what it changed is written down as changes behind it */
	CHANGE_SIGNAL = 4, /* detail: "PID START SIGNAL BOOT" */
};

#define CHANGE_MOVE_REMADE "remade"
#define CHANGE_MODES_ALONE " alone" /* at the end of `to`: path itself only */

enum change_state {
	CHANGE_INTENDED = 0, /* a crash may have come before or after the change itself */
	CHANGE_DONE = 1,
	CHANGE_UNDONE = 2,
	CHANGE_FAILED = 3,  /* it was not made; all is as before */
	CHANGE_PLANNED = 4, /* not begun */
	CHANGE_UNDOING = 5, /* as CHANGE_INTENDED, on the way back */
};

enum repair_state {
	REPAIR_WORKING = 0, /* or interrupted, when nobody holds the lock */
	REPAIR_DONE = 1,
	REPAIR_UNDONE = 2,
	REPAIR_FAILED = 3,  /* a step could not be done; those before it were taken back */
	REPAIR_UNDOING = 4, /* or interrupted likewise */
};

struct journal_change {
	int64_t id; /* 0: not written down yet */
	enum change_kind kind;
	enum change_state state;
	const char *what; /* for people, one line */
	const char *path; /* without links */
	const char *to;   /* CHANGE_MOVE; else "" */
	struct image before;
	struct image after;
	const char *made_dirs; /* directories that have to be made, outermost first, a line each */
	struct slice detail;
	struct slice tree; /* CHANGE_RUN: what it announced, before (apply/tree.h) */
};

struct repair {
	int64_t id;        /* 0: not written down yet */
	int64_t at_ns;     /* wall clock, filled when it is written down */
	int64_t undone_ns; /* 0: not undone */
	enum repair_state state;
	const char *cause;     /* what for: a cause id, or "settings" */
	const char *subject;   /* of the finding, or "" */
	const char *why;       /* one line: what was done, or the command */
	const char *workspace; /* or "" */
	const char *
		nonce; /* journal_nonce: part of the names of temporary files and of what is kept */
	const char *note;               /* what a user should know of it later, or "" */
	int64_t undoes;                 /* version 1 only: id of the one this takes back, or 0 */
	struct slice dirs;              /* times of directories: apply/steps.c */
	struct journal_change *changes; /* in their order */
	size_t change_count;
	size_t change_slots;
};

/* A new change at the end of a repair, texts "", in the arena. */
struct journal_change *repair_add(struct arena *arena, struct repair *repair,
                                  enum change_kind kind);

/* NULL with a sentence: -ENOSYS no SQLite, -ENOENT no state directory can be told (no HOME), -EPROTO one of a newer
 * dialtone, else what stood in the way. write: false opens an existing journal (-ENOENT when there is none). */
struct journal *journal_open(bool write, struct err *err);
/* NULL is fine. */
void journal_close(struct journal *journal);
static inline void journal_closep(struct journal **journal) {
	journal_close(*journal);
}

/* $XDG_STATE_HOME/dialtone or its default; NULL when nothing says where. */
const char *journal_dir(struct arena *arena);
/* Makes a directory and its parents, for this user only; 0 or -errno. */
int journal_make_path(struct arena *arena, const char *path);

/* Several writes as one: all of them are on the disk when journal_commit returns 0, or none. */
int journal_begin(struct journal *journal, struct err *err);
int journal_commit(struct journal *journal, struct err *err);
void journal_rollback(struct journal *journal);

/* A part of names that nobody else uses. */
const char *journal_nonce(struct arena *arena);
/* Writes down a repair with its changes, all planned; fills ids and at_ns. On the disk when it returns 0. */
int journal_add_repair(struct journal *journal, struct repair *repair, struct err *err);
/* One change more for a repair that is written down, with its own state. */
int journal_add_change(struct journal *journal, const struct repair *repair,
                       struct journal_change *change, struct err *err);
/* State, made_dirs, after and tree of a change; those of state only with journal_set_state. */
int journal_update_change(struct journal *journal, const struct journal_change *change,
                          struct err *err);
int journal_set_state(struct journal *journal, struct journal_change *change,
                      enum change_state state, struct err *err);
/* State, undone_ns, note and dirs of a repair. */
int journal_update_repair(struct journal *journal, const struct repair *repair, struct err *err);

/* The repair of that id; with id 0 the latest that can be taken back: done, or interrupted. -ENOENT when there is none.
 * With its changes, but without the bytes of their images, their attributes, detail and tree: journal_load. */
int journal_find(struct journal *journal, struct arena *arena, int64_t id, struct repair *ret,
                 struct err *err);
/* Likewise the oldest that was interrupted. */
int journal_find_interrupted(struct journal *journal, struct arena *arena, struct repair *ret,
                             struct err *err);
/* 0; -EBUSY with a sentence that says how to settle it when there is one: nothing new is begun then. */
int journal_refuse_interrupted(struct journal *journal, struct arena *arena, struct err *err);
int journal_load(struct journal *journal, struct arena *arena, struct journal_change *change,
                 struct err *err);
/* The latest `limit` repairs, newest first, as journal_find gives them. */
int journal_list(struct journal *journal, struct arena *arena, size_t limit, struct repair **ret,
                 size_t *ret_count, struct err *err);

const char *repair_state_name(enum repair_state state); /* "interrupted", "done", … */
const char *change_state_name(enum change_state state);
const char *change_kind_name(enum change_kind kind); /* "file", "move" … */

#endif
