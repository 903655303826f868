/* SPDX-License-Identifier: MIT
 * What `dialtone locks` tells, apart from how: locks that are waited for, that are held, and files that are merely left
 * over. Pure: made of the answers of looks.
 */
#ifndef REPORT_LOCKS_VIEW_H
#define REPORT_LOCKS_VIEW_H

#include "core/locks.h"
#include "gofile/lockfile.h"
#include "report/report.h"

#define LOCKS_VIEW_PEOPLE_MAX 16
#define LOCKS_VIEW_PLAN_MAX   8

enum lock_state {
	LOCK_WAITED,    /* held, and somebody waits */
	LOCK_HELD,      /* held, nobody waits */
	LOCK_PRESENT,   /* locks by its existence, and its owner may live */
	LOCK_LEFT_OVER, /* nobody has it */
};

struct lock_row {
	struct lock_row *next;
	enum lock_state state;
	const char *path; /* "" when it cannot be seen */
	struct lockfile file;
	const struct lock *holders[LOCKS_VIEW_PEOPLE_MAX];
	const struct lock *waiters[LOCKS_VIEW_PEOPLE_MAX];
	size_t holder_count, waiter_count; /* those kept */
	int64_t mtime_ns;
	int64_t owner_pid; /* of LOCK_PRESENT and LOCK_LEFT_OVER: as the file says; 0: it does not */
	bool in_the_way;   /* of LOCK_LEFT_OVER: something refuses to work until it is gone */
};

struct lock_step {
	const char *title;
	const char *command;
};

struct locks_view {
	struct arena *arena;
	struct lock_row *rows; /* waited for first */
	struct locks locks;
	size_t waited, held, left_over, in_the_way;
	size_t left_over_files; /* empty lock files of go in the module cache, held ones taken off */
	const char *left_over_dir;
	bool left_over_cut; /* there are more */
	struct lock_step plan[LOCKS_VIEW_PLAN_MAX];
	size_t plan_count;
	int64_t now_ns; /* wall clock */
};

/* wanted: absolute paths, NULL-terminated; files and directories of which alone is told. NULL: what matters for Go and
 * its editors. all: also what is locked by other programs for themselves. */
void locks_view_init(struct locks_view *view, struct arena *arena, struct locks locks,
                     const char *const *wanted, bool all, int64_t now_ns);
/* A file that locks by its existence. alive: its owner runs, or may. */
void locks_view_existing(struct locks_view *view, const char *path, int64_t mtime_ns,
                         int64_t owner_pid, bool alive, bool in_the_way);
/* Names what can be done. */
void locks_view_plan(struct locks_view *view);

/* "go mod download", at most so many bytes. */
const char *lock_command(struct arena *arena, const struct lock *lock, size_t max);
/* "is stopped", "waits for 10.0.0.1:443 …": what a holder does; "" when nothing is known. */
const char *lock_doing(struct arena *arena, const struct lock *lock);

void locks_text(struct strbuf *out, const struct locks_view *view,
                const struct report_style *style);
void locks_json(struct strbuf *out, const struct locks_view *view);

#endif
