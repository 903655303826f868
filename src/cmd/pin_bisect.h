/* SPDX-License-Identifier: MIT
 * `dialtone pin --bisect`: which release of gopls broke it? Releases between a good and a bad one are tried as `env --bisect`
 * tries environments (cmd/bisect_trial.h); one that cannot be had, or whose trial says nothing, is left out.
 */
#ifndef CMD_PIN_BISECT_H
#define CMD_PIN_BISECT_H

#include "bisect/series.h"
#include "cmd/bisect_trial.h"
#include "cmd/pin.h"
#include "report/report.h"

struct pin_release {
	const char *version;
	bool has;            /* program counts */
	const char *program; /* NULL: the one that is in use, where it is */
	const char *source;  /* where it is from, in words; "" */
	bool tried;
	enum trial result;
	struct trial_outcome outcome;
	const char *left_out; /* why: a sentence; "" */
};

struct pin_bisect {
	struct pin_run *run;
	struct pin_release *releases; /* from the good one to the bad one */
	size_t count, slots;
	enum { PIN_TURN_FOUND, PIN_BOTH_WELL, PIN_BOTH_HURT, PIN_NO_TRIAL, PIN_STOPPED } end;
	const char *because; /* PIN_NO_TRIAL: a sentence; "" */
	struct series_result found;
	struct report_timings timings;
	/* between its files */
	const char *in_use;  /* the version that is used here; "" */
	const char *program; /* where the editor finds it */
	bool by_path;        /* on PATH; else in a place of its own */
	struct check_options *options;
	struct trial_subject subject;
	struct condition condition;
	int64_t limit_ns;
};

/* The exit status; all is told. */
int pin_bisect(struct pin_run *run);

/* pin_releases.c. Fills releases; -errno with a sentence. */
int pin_releases_find(struct pin_bisect *b, struct err *err);
/* Has it a program to be tried? Looks for it, with --yes installs it. False: left_out says why. */
bool pin_release_get(struct pin_bisect *b, struct pin_release *release);

/* pin_bisect_show.c. */
int pin_bisect_show(struct pin_bisect *b);

#endif
