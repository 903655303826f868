/* SPDX-License-Identifier: MIT
 * `dialtone fix` between its files: what was asked, what was found, what is proposed, what came of it.
 */
#ifndef CMD_FIX_H
#define CMD_FIX_H

#include "apply/journal.h"
#include "cmd/examination.h"
#include "cmd/output.h"
#include "cmd/progress.h"
#include "core/fix.h"

struct fix_options {
	struct check_options check; /* what is said about the target, the time and the form */
	bool yes;
	bool interactive;
	bool dry_run;
	bool disruptive;
	bool script;
	bool resume;
};

#define FIX_PROPOSALS_MAX 32

enum fix_outcome {
	FIX_PROPOSED, /* could be done */
	FIX_REFUSED,  /* because: no plan, or it does not fit the files */
	FIX_NOTHING,  /* all of it is so already */
	FIX_SHOWN,    /* because: needs root, network or --disruptive: not done from here */
	FIX_DECLINED, /* the user did not want it */
	FIX_DONE,     /* and the examination said that it helped */
	FIX_NO_HELP,  /* because: it did not help, and was taken back */
	FIX_FAILED,   /* because: a step could not be done */
};

struct proposal {
	const struct fix *fix;
	const struct finding *finding;
	const struct examination *seen; /* in which it was found */
	struct examined found_in;
	struct plan *plan;
	struct repair repair; /* resolved; without changes when refused */
	enum fix_outcome outcome;
	const char *because;   /* a sentence, or "" */
	const char *notes;     /* of what was done, a line each, or "" */
	const char *rehearsed; /* passed, failed, not_run */
	const char *rehearsal; /* in words: "passed, …", "not rehearsed, because …" */
};

struct fix_run {
	struct arena *arena;
	const struct fix_options *options;
	const char *const *causes; /* named, NULL-terminated; none: all that were found */
	const char *dir;           /* the operand, or NULL */
	struct terminal terminal;
	struct progress progress;
	struct interrupt interrupt;
	int signal;                 /* that came and ends us, or 0: fix_signal */
	struct examination *first;  /* before anything was done */
	struct examination *latest; /* after the last thing done, or first */
	struct proposal **proposals;
	size_t count;
	size_t slots;
	const char **environment; /* changes that what was done brings about, NULL-terminated */
	size_t environment_count;
	size_t environment_slots;
};

/* fix_do.c. Examines, with the changes of the environment so far; NULL: *ret_status is the exit status. */
struct examination *fix_examine(struct fix_run *run, int *ret_status);
/* The signal that came, or 0. */
int fix_signal(struct fix_run *run);
/* Does what may be done, one cause after the other, each followed by an examination; what the user is asked and told on
 * the way is written at once. The exit status. */
int fix_do(struct fix_run *run);
/* Finishes what was interrupted; the exit status. */
int fix_resume(struct fix_run *run);

/* fix_propose.c. Proposes what is wanted for what `latest` found and was not proposed yet: unless they are named, only
 * causes, and not those that are merely possible. */
void fix_propose(struct fix_run *run);
/* What would be done about a finding of the latest examination; false when nothing is known about its cause. */
bool fix_think(struct fix_run *run, const struct finding *f, struct proposal *p);
/* What the plan means for the files as they are now, and whether it may be done. */
void fix_resolve(struct fix_run *run, struct proposal *p);

/* fix_show.c */
void fix_show(struct strbuf *out, const struct fix_run *run, const struct proposal *p);
/* What is said where no cause was found: not that all is well when it is not. */
const char *fix_nothing(enum verdict verdict);
/* A line for each cause that is there (still) and that nothing proposed is about. */
void fix_show_left(struct strbuf *out, const struct fix_run *run);
void fix_json(struct strbuf *out, const struct fix_run *run);
/* "dialtone fix env-x /w" */
const char *fix_command(struct arena *arena, const char *cause, const char *dir);

#endif
