/* SPDX-License-Identifier: MIT
 * `--bisect`: of all that differs between an end that is well and one that is not, what makes the difference? Both ends are
 * tried first; then bisect/search asks for trials (cmd/bisect_trial.h), as many side by side as there are processors.
 */
#ifndef CMD_BISECT_H
#define CMD_BISECT_H

#include "cmd/bisect_trial.h"
#include "cmd/output.h"
#include "cmd/progress.h"
#include "report/report.h"

#define BISECT_TIMEOUT_DEFAULT "60"

enum bisect_end {
	BISECT_FOUND,
	BISECT_BOTH_WELL,   /* what should be bad answers as the good one does */
	BISECT_GOOD_HURTS,  /* what should be good is not */
	BISECT_NO_TRIAL,    /* an end could not be tried: because */
	BISECT_STOPPED,     /* time or the user ended it; what was found until then counts */
	BISECT_INTERRUPTED, /* before both ends were known */
};

struct bisect_trial {
	struct subset set;
	enum trial result;
	struct trial_outcome outcome;
};

struct bisect {
	struct arena *arena;
	struct trial_subject subject;
	const char *what;      /* "environment" or "settings" */
	const char *good_name; /* for people, and as it was asked for */
	const char *bad_name;
	const char *good_id;
	const char *bad_id;
	const char *remark; /* something to know, a sentence, or NULL */
	const struct element *elements;
	size_t count;
	int64_t start_ns, deadline_ns; /* clock_now_ns() */
	/* What the trial of these elements is given. */
	void (*give)(void *context, const struct subset *set, struct trial_wish *ret);
	void *context;
	struct progress *progress; /* or NULL */
	/* results */
	enum bisect_end end;
	const char *because;         /* "" */
	struct bisect_trial *trials; /* the good end, the bad end, then the others */
	size_t trial_count, trial_size;
	struct search_result found;
	struct report_timings timings;
};

/* The members before the results are the caller's. */
void bisect_run(struct bisect *bisect);

/* The trial of exactly this set, or NULL. */
const struct bisect_trial *bisect_trial_of(const struct bisect *bisect, const struct subset *set);
/* Without all that was found: the trial that says whether that is the cure, or NULL. */
const struct bisect_trial *bisect_cure(const struct bisect *bisect);

/* Where a value of an element comes from, "" when unknown; NULL: nobody is asked. */
typedef const char *(*bisect_origin)(void *context, const struct element *element);

/* One sentence. */
const char *bisect_answer(const struct bisect *bisect);
void bisect_text(struct strbuf *text, const struct bisect *bisect, bool utf8, bool verbose,
                 bisect_origin origin, void *context);
void bisect_json(struct strbuf *out, const struct bisect *bisect, const char *workspace,
                 bisect_origin origin, void *context);
/* "`GOFLAGS`", "`/opt/go/bin` in PATH", "the umask". */
const char *bisect_element_words(struct arena *arena, const struct element *element);
/* A value as it may be shown. */
const char *bisect_value(struct arena *arena, const struct element *element, const char *value);

/* The exit status of what came of it. */
int bisect_status(const struct bisect *bisect);

#endif
