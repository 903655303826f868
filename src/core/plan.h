/* SPDX-License-Identifier: MIT
 * A plan: what would be done about a cause, as steps of a closed set. A fix (core/fix.h) proposes it from facts and touches
 * nothing; the room apply/ reads the files that are meant, shows, rehearses, writes down and does it.
 *
 * Steps say what they mean (take this key out of these settings), not which bytes to write: the bytes are those of the
 * moment in which the plan is resolved, and a step whose precondition no longer holds is refused as a whole.
 */
#ifndef CORE_PLAN_H
#define CORE_PLAN_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#define PLAN_STEPS_MAX 64

enum step_kind {
	STEP_SETTING, /* path: a file of JSON with comments; name: key path, parts divided by '/';
	                 value: JSON, or NULL to take the key away. Comments and layout stay. */
	STEP_LINE,    /* path; line (from 1) whose text must be `expected`, without its line end;
	                 value: the text instead, or NULL to take the line away */
	STEP_APPEND,  /* path, made when absent; value: the line to add, unless it is there */
	STEP_GOENV,   /* path: the file of `go env -w`; name; value, or NULL to take it away */
	STEP_REMOVE,  /* path: a regular file, link, socket or FIFO */
	STEP_MOVE,    /* path to `to`, which must not exist, on the same file system */
	STEP_MKDIR,   /* path with its parents; mode */
	STEP_MODE, /* path: bits of `mode` set, those of `mode_off` taken away; with `below`: of all that
	                 lies there and belongs to this user, links not followed */
	STEP_RUN,    /* argv in cwd with the environment that is judged, changed by env; may change
	                 what it announces and nothing else */
	STEP_SIGNAL, /* pid, which must have started at start_ticks; signal number */
};

struct step {
	enum step_kind kind;
	const char *what; /* for people, one line, names and values in it */
	const char *path; /* absolute */
	const char *to;
	const char *name;
	const char *value;
	const char *expected;
	int64_t line;
	mode_t mode;
	mode_t mode_off;
	bool below;
	const char *const *argv; /* NULL-terminated; argv[0] absolute */
	const char *const
		*env; /* "NAME=value", or "NAME" to take it away; NULL-terminated or NULL */
	const char *cwd;
	const char *const
		*announces; /* absolute paths, a '/' at the end: all below; NULL-terminated */
	bool network;       /* it may have to fetch something */
	int64_t pid;
	uint64_t start_ticks; /* proc_pid_stat(5), field 22 */
	int signal;
};

struct plan {
	struct arena *arena;
	const char *cause;   /* id */
	const char *subject; /* of the finding */
	const char *why;     /* one paragraph: what is wrong and why these steps end it */
	const char *keeps;   /* what is not touched though one might fear it, or "" */
	const char *then;    /* what is left to the user ("restart the server: …"), or "" */
	const char *unable;  /* why nothing can be done from here, or NULL: then there are steps */
	bool needs_root; /* some path is not this user's to change: shown as a script, not done */
	struct step steps[PLAN_STEPS_MAX];
	size_t step_count;
};

/* Empty, strings "", all in the arena. */
void plan_init(struct plan *plan, struct arena *arena, const char *cause, const char *subject);

/* Adds a step of this kind about path with `what` from fmt; the caller fills in the rest. NULL when there are
 * PLAN_STEPS_MAX already: the plan then says that it is unable. */
struct step *plan_step(struct plan *plan, enum step_kind kind, const char *path, const char *fmt,
                       ...) __attribute__((format(printf, 4, 5)));

/* The steps there are most of, in their own words. NAME and value of plan_goenv as STEP_GOENV has them, and so on. */
struct step *plan_setting(struct plan *plan, const char *file, const char *keys, const char *json);
struct step *plan_goenv(struct plan *plan, const char *file, const char *name, const char *value);
/* argv: words up to a NULL. */
struct step *plan_run(struct plan *plan, const char *cwd, const char *const *argv,
                      const char *const *announces);

/* Nothing is done from here, because of the sentence. */
void plan_unable(struct plan *plan, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Is there an inverse of every step? A signal and what a program does to a network have none. */
bool plan_reversible(const struct plan *plan);
/* Does a step end or restart something of the user's? */
bool plan_disruptive(const struct plan *plan);
bool plan_network(const struct plan *plan);

/* "setting", "line" … */
const char *step_kind_name(enum step_kind kind);

#endif
