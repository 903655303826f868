/* SPDX-License-Identifier: MIT
 * What lies behind a cause. A variable that stops go or its server hides what else is wrong: nothing behind it is reached.
 * So all is looked at once more as if such variables were not set (PATH: as if it led to the go that it misses), and what shows
 * only then is a further root cause.
 */
#ifndef CMD_BEHIND_H
#define CMD_BEHIND_H

#include "cmd/exam.h"
#include "core/infer.h"

struct behind {
	/* given */
	struct arena *arena;
	const struct target *target;        /* of the first look */
	const struct facts *facts;          /* likewise */
	const struct evidence_store *first; /* likewise; what was read then is not read again */
	const struct exam_plan *plan;
	int64_t deadline_ns; /* clock_now_ns(), of the second look */
	int interrupt_fd;    /* -1: none */
	const struct evidence_store
		*recorded; /* of a case file, whose second look counts; NULL: this machine */
	/* results */
	struct evidence_store store; /* what was seen; empty when there was no second look */
	struct facts seen;
	struct target as;
};

/* The diagnosis with the causes that showed only when the variables its causes are about were not set; as it was when
 * there is no such variable, when the time is too short, or when nothing new showed. The first causes stay first. */
struct diagnosis behind_look(struct behind *behind, const struct diagnosis *diagnosis);

/* Puts what was seen into the store of the run, for the case file. */
void behind_keep(const struct behind *behind, struct evidence_store *store);

#endif
