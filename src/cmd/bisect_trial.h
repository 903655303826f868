/* SPDX-License-Identifier: MIT
 * One trial of a bisection: the server is started as `dialtone check` starts it and heard out, in a view of this machine of
 * which nothing stays (world/rehearsal.h), so that it may write into caches and temporary directories. Nothing is fetched.
 */
#ifndef CMD_BISECT_TRIAL_H
#define CMD_BISECT_TRIAL_H

#include "bisect/condition.h"
#include "cmd/examination.h"
#include "world/rehearsal.h"

#define TRIAL_FEATURES_MAX 16

/* A file and what is in it during the trial. */
struct trial_file {
	const char *path;
	struct slice bytes; /* of a file that is there */
	const char *link;   /* not NULL: in its place, or where nothing is yet, a link to this */
};

struct trial_subject {
	const struct check_options *options; /* editor, file, trust */
	const char *dir;                     /* absolute */
	const char *const *writable;         /* as in rehearsal_spec */
	int interrupt_fd;
};

struct trial_wish {
	const struct condition *condition; /* NULL: all as it is here */
	const struct trial_file *files;
	size_t file_count;
	int64_t limit_ns; /* for all that the server says */
};

enum trial_end {
	TRIAL_SAID,     /* state and features count */
	TRIAL_NOT_MADE, /* because */
	TRIAL_INTERRUPTED,
};

struct trial_feature {
	const char *name;
	const char *state; /* as in the report contract */
};

struct trial_outcome {
	enum trial_end end;
	const char *because; /* a sentence, lower case, no full stop; "" */
	const char *state;   /* healthy, degraded, broken, unknown */
	const char *hurt;    /* the first thing that is wrong: "token: text"; "" */
	bool late;           /* time ran out before all was said */
	struct trial_feature features[TRIAL_FEATURES_MAX];
	size_t feature_count;
	int64_t ms;
};

/* Makes up to REHEARSALS_MAX of them side by side. Strings live in the arena. */
void trials_run(struct arena *arena, const struct trial_subject *subject,
                const struct trial_wish *wishes, size_t count, struct trial_outcome *ret);

/* Looks with this environment which editor is meant, which file and which places; nothing is started. As examination_run. */
int trial_look(struct arena *arena, const struct check_options *options, const char *dir,
               const struct envset *env, int interrupt_fd, struct examination *ret);

/* From dialtone's own environment to this one: as struct plan has changes. */
const char *const *trial_environment(struct arena *arena, const struct envset *env);

/* As well as `good` was: nothing that answered there is silent here. */
enum trial trial_judge(const struct trial_outcome *good, const struct trial_outcome *trial);

/* What hurts there, or why it was not made, on one line. */
const char *trial_hurt(struct arena *arena, const struct trial_outcome *trial);

/* How many features answered, of how many that were asked for. */
size_t trial_answered(const struct trial_outcome *trial, size_t *ret_asked);

#endif
