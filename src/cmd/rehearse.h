/* SPDX-License-Identifier: MIT
 * Rehearses something and checks what came of it: in a view of this machine of which nothing stays (world/rehearsal.h)
 * it is done, and `dialtone check` is run there, the whole handshake, with the options of the check that was made here.
 */
#ifndef CMD_REHEARSE_H
#define CMD_REHEARSE_H

#include "cmd/check_options.h"
#include "core/facts.h"
#include "report/digest.h"
#include "world/rehearsal.h"

/* What was examined outside, and so shall be inside. */
struct rehearse_subject {
	const struct check_options *options;
	const struct target *target; /* as the check left it */
	const struct facts *facts;   /* likewise: the places that must be writable as they are */
	int64_t deadline_ns;         /* clock_now_ns() */
	int interrupt_fd;            /* -1: none */
};

/* One thing to be done. */
struct rehearse_trial {
	const char *
		id; /* the finding that shall go, and its subject; NULL: nothing is expected, a look at the
	                   machine as it is seen inside */
	const char *subject;
	const char *const
		*touches; /* absolute paths that are changed, NULL-terminated; NULL: none */
	/* What that changes in the environment that is judged: as in struct plan. */
	const char *const *environment;
	/* Does it; see rehearsal_spec. */
	int (*act)(void *context, const struct rehearsal *inside, struct err *err);
	void *context;
};

enum rehearse_result { REHEARSE_NOT_RUN, REHEARSE_PASSED, REHEARSE_FAILED };

struct rehearsed {
	enum rehearse_result result;
	const char *
		because; /* a sentence, lower case, no full stop: why it was not run or what is still wrong; "" */
	bool step_failed; /* a program that is a step ended with an error, as it would outside */
	bool checked;     /* the handshake was made: report counts */
	struct digest report; /* of the check inside */
	int64_t handshake_ms; /* of that check */
	int64_t overhead_ms;  /* all else: making the view, doing it, ending it */
};

/* What dialtone, go and gopls may write there, and `touches` (absolute, NULL-terminated, or NULL): for
 * rehearsal_spec.writable, NULL-terminated, in the arena. */
const char *const *rehearse_writable(struct arena *arena, const struct target *target,
                                     const struct facts *facts, const char *const *touches);

/* Rehearses up to REHEARSALS_MAX trials side by side, each in a view of its own. before: the report of the machine as it
 * is, outside or inside, or NULL: then every trial that was checked and has no id or did not find it any more has
 * passed. */
void rehearse(struct arena *arena, const struct rehearse_subject *subject,
              const struct rehearse_trial *trials, size_t count, const struct digest *before,
              struct rehearsed *ret);

/* Fills in result and because from what was reported (pure). */
void rehearse_judge(struct arena *arena, const struct rehearse_trial *trial,
                    const struct digest *before, struct rehearsed *ret);

/* "passed", "failed", "not_run": the report contract. */
const char *rehearse_result_name(enum rehearse_result result);

/* "passed, definition and completion answer in 0.6 s", "failed, because …", "not rehearsed, because …". */
const char *rehearse_in_words(struct arena *arena, const struct rehearsed *rehearsed);

#endif
