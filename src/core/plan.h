/* SPDX-License-Identifier: MIT
 * A plan: what would be done about a cause, as steps of a closed set. A fix (core/fix.h) proposes it from facts and touches
 * nothing; the room apply/ reads the files that are meant, shows, rehearses, writes down and does it.
 *
 * Steps say what they mean (take this key out of these settings), not which bytes to write: the bytes are those of the
 * moment in which the plan is resolved (apply/resolve.h), and when the precondition of one step does not hold, the plan is
 * refused as a whole. Steps are done in their order and see what those before them did: several on one file compose. After
 * a STEP_RUN no step may be about what it announces.
 *
 * Paths are absolute. Below the workspace links that lead out of it are refused; elsewhere links of other users are.
 * What does not belong to this user is shown as a script and not done.
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
	STEP_MEMBER, /* path: a file of JSON, TOML or Lua; line (from 1) where the member `name` has its
	                key, and, unless NULL, its value `expected` (JSON); value: JSON instead, or NULL
	                to take it away. name "KEY/[]": of the list under KEY the element `expected`;
	                value: the elements instead, with ", " between */
	STEP_LINE, /* path; line (from 1) whose text must be `expected`, without its line end (and
	                 without blanks around it, unless they are expected too: those stay);
	                 value: the text instead, or NULL to take the line away */
	STEP_ASSIGN, /* path: a file that sets up shells or sessions; line (from 1) that assigns `name` and
	                 does nothing else; value: the word to assign, or NULL: the line gets no effect */
	STEP_APPEND, /* path, made when absent; value: the line or lines to add, unless they are there */
	STEP_GOENV, /* path: the file of `go env -w`; name; value, or NULL to take it away */
	STEP_LINK, /* path: a link that says `expected`, or with expected NULL nothing yet; value: what
	                 it is to say */
	STEP_REMOVE, /* path: a regular file, link, socket, FIFO or empty directory */
	STEP_MOVE, /* path to `to`, which must not exist, on the same file system; to NULL: beside it,
	                 under a name that is free */
	STEP_MKDIR, /* path, with its parents; mode. Nothing is done when the directory is there */
	STEP_MODE, /* path: bits of `mode` set, those of `mode_off` taken away; with `below`: of all that
	                 lies there and belongs to this user, links not followed; x then only for
	                 directories and for files that have one already, as chmod's X */
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
	bool passing; /* STEP_MODE: only so that the other steps can be done; with nothing else to do it is not done */
	bool network; /* it may have to fetch something */
	bool anew; /* STEP_RUN: what it announces it removes and makes anew, so a link there is itself what changes,
	                 and where it leads nothing does */
	bool remade; /* STEP_MOVE: programs make a file of that name anew by themselves, and it
	                       is worth nothing: it gives way when this is taken back */
	int64_t pid;
	uint64_t start_ticks; /* proc_pid_stat(5), field 22 */
	int signal;
};

struct plan {
	struct arena *arena;
	const char *cause;   /* id */
	const char *subject; /* of the finding */
	/* Where it was found; filled by fix_plan. Paths below it must stay there, its programs are run with trust only. */
	const char *workspace; /* absolute, or NULL */
	bool trusted;
	const char *why;    /* one paragraph: what is wrong and why these steps end it */
	const char *keeps;  /* what is not touched though one might fear it, or "" */
	const char *then;   /* what is left to the user ("restart the server: …"), or "" */
	const char *unable; /* why nothing can be done from here, or NULL: then there are steps */
	/* What the steps change in the environment that is judged, though only programs started anew will have it
	 * (a start-up file of a shell was edited): "NAME=value", or "NAME" for one taken away; NULL-terminated or
	 * NULL. Rehearsal and re-examination use it, and `then` says what has to be started anew. */
	const char *const *environment;
	bool online; /* given: a trial without the network failed, so nothing is held to be here */
	bool offline; /* some step is kept away from the network: what it needs is held to be here. Where it fails in
	                 a rehearsal, the plan is to be made again with `online` */
	bool needs_root; /* some path is not this user's to change: shown as a script, not done.
	                    Resolving sets it too */
	struct step steps[PLAN_STEPS_MAX];
	size_t step_count;
};

/* Empty, strings "", all in the arena. */
void plan_init(struct plan *plan, struct arena *arena, const char *cause, const char *subject);

/* Adds a step of this kind about path with `what` from fmt; the caller fills in the rest. NULL when there are
 * PLAN_STEPS_MAX already: the plan then says that it is unable. */
struct step *plan_step(struct plan *plan, enum step_kind kind, const char *path, const char *fmt,
                       ...) __attribute__((format(printf, 4, 5)));

/* The steps in their own words; arguments as enum step_kind has them. All may give NULL, as plan_step. */
struct step *plan_setting(struct plan *plan, const char *file, const char *keys, const char *json);
struct step *plan_member(struct plan *plan, const char *file, int64_t line, const char *name,
                         const char *expected, const char *json);
struct step *plan_line(struct plan *plan, const char *file, int64_t line, const char *expected,
                       const char *value);
struct step *plan_assign(struct plan *plan, const char *file, int64_t line, const char *name,
                         const char *value);
struct step *plan_append(struct plan *plan, const char *file, const char *lines);
struct step *plan_goenv(struct plan *plan, const char *file, const char *name, const char *value);
struct step *plan_link(struct plan *plan, const char *path, const char *expected,
                       const char *value);
struct step *plan_remove(struct plan *plan, const char *path);
/* to: NULL puts it aside. */
struct step *plan_move(struct plan *plan, const char *path, const char *to);
struct step *plan_mkdir(struct plan *plan, const char *path, mode_t mode);
struct step *plan_mode(struct plan *plan, const char *path, mode_t on, mode_t off, bool below);
/* argv: words up to a NULL; announces likewise, "/x/" for all below. Both are copied; the env of a step is not: use
 * PLAN_WORDS. */
struct step *plan_run(struct plan *plan, const char *cwd, const char *const *argv,
                      const char *const *announces);
/* who: for people, "gopls"; start_ticks: proc_pid_stat(5), field 22. */
struct step *plan_signal(struct plan *plan, int64_t pid, uint64_t start_ticks, int signal,
                         const char *who);

/* The arguments (const char *) as a NULL-terminated list in the arena of the plan. */
#define PLAN_WORDS(plan, ...) plan_words((plan), (const char *const[]){__VA_ARGS__, NULL})
const char *const *plan_words(struct plan *plan, const char *const *words);

/* Nothing is done from here, because of the sentence. */
void plan_unable(struct plan *plan, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* Is there an inverse of every step? A signal and what a program does to a network have none. */
bool plan_reversible(const struct plan *plan);
/* Does a step end or restart something of the user's? */
bool plan_disruptive(const struct plan *plan);
bool plan_network(const struct plan *plan);

/* "setting", "line" … */
const char *step_kind_name(enum step_kind kind);
/* "TERM", "signal 35" */
const char *step_signal_name(struct arena *arena, int signal);
/* One line that says what a step is, for tests: kind, path, and of the rest what this kind has, as name=value:
 * `goenv path=/h/.config/go/env name=GOFLAGS`; words in the quotes of a shell where they need some. */
const char *step_text(struct arena *arena, const struct step *step);

#endif
