/* SPDX-License-Identifier: MIT
 * A probe looks at one matter through the world and states facts about it. It does not judge.
 * One file x.c in src/probes/ or below, ending in `const struct probe probe_x`. Since every outside byte comes
 * through the world, the same probe runs on a recorded case.
 */
#ifndef CORE_PROBE_H
#define CORE_PROBE_H

#include "core/facts.h"
#include "core/target.h"
#include "core/world.h"

/* In this order; within a stage alphabetical. */
enum stage {
	STAGE_ENVIRONMENT, /* whose environment, which variables */
	STAGE_SETTINGS,    /* the editor's settings */
	STAGE_TOOLS,       /* which go, which server, its arguments and environment */
	STAGE_SOURCE,      /* which file is open */
	STAGE_START,       /* the server is started */
	STAGE_WORLD,       /* looked at while the server works */
	STAGE_ANSWER,      /* wait for the server, judge its answers */
	STAGE_AFTER,       /* counter-checks that cost more, made only when something is wrong */
};

struct exam {
	struct arena *arena;
	struct world *world;
	struct facts *facts;
	struct target *target;
	struct handshake *handshake;   /* the running server, between STAGE_START and STAGE_ANSWER;
	                                probes/server/handshake.h */
	struct modules_graph *modules; /* what go.mod requires, for later probes, or NULL;
	                                    probes/modules/modules_graph.h */
	const struct rule *const *rules; /* to stop waiting early; see infer_is_certain */
	int64_t deadline_ns;             /* world_now_ns() when everything must have ended */
};

struct probe {
	const char *id;
	const char *title; /* what it looks at, one line */
	enum stage stage;
	fact_set yields; /* FACT_BITs; refused as a whole when the probe is left out or fails */
	bool required;   /* without it nothing can be said: its failure ends the check with its
	                    sentence, status 3 */
	/* 0, or negative errno with a sentence: then what it yields counts as not covered. */
	int (*look)(struct exam *exam, struct err *err);
};

#endif
