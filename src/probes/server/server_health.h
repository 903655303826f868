/* SPDX-License-Identifier: MIT
 * From a conversation to a state of health. It says that something is wrong and what was noticed
 * first, never why.
 */
#ifndef PROBES_SERVER_SERVER_HEALTH_H
#define PROBES_SERVER_SERVER_HEALTH_H

#include "core/facts.h"
#include "probes/server/dialogue.h"

enum talk_end {
	TALK_END_SAID_ALL,  /* everything was said, or the server ended */
	TALK_END_DEADLINE,  /* time ran out */
	TALK_END_CUT_SHORT, /* we stopped listening: the evidence of the world was enough */
};

struct health {
	const char *state; /* healthy, degraded, broken, unknown */
	const char *hurt;  /* "token: text" of the first thing that is wrong, or "" */
};

/* healthy: every feature that applies answered and no load trouble was said; broken: no definition
 * in own code or the standard library, or no server; degraded: answers, but something a user
 * notices is wrong. Errors in the user's own code are no trouble. */
struct health server_health(struct arena *arena, const struct talk *talk, enum talk_end end);

/* States server, feature, message, diagnostic and health. argv as the user has it. */
void server_state_facts(struct facts *facts, const struct evidence *ev, const struct talk *talk,
                        enum talk_end end, const char *const *argv);
/* The same when no server was started. */
void server_state_absence(struct facts *facts, const char *path, const char *why_not,
                          const char *health);

#endif
