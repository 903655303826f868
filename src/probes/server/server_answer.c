/* SPDX-License-Identifier: MIT
 */
#include "base/clock.h"
#include "core/infer.h"
#include "probes/modules/tree.h"
#include "probes/scratch.h"
#include "probes/server/confined.h"
#include "probes/server/handshake.h"
#include "probes/server/server_health.h"

/* When the world has already shown what is wrong: how long the server gets, from its start, to say
 * its part. */
#define CERTAIN_NS (350 * NS_PER_MS)
/* What it says to the user's settings comes right behind the answer to initialize, for which a busy
 * machine may need longer. */
#define SETTINGS_STEP_NS (50 * NS_PER_MS)
#define SETTINGS_STEPS   10
/* A server that has not said all by then loads something big, or waits: is it big? Then it may take
 * minutes, and what it would say at the end of our time is no more than that. */
#define BIG_LOOK_NS  (2500 * NS_PER_MS)
#define BIG_WAIT_NS  (5000 * NS_PER_MS)
#define BIG_DIRS     100000
#define BIG_DIRS_CUT 30000 /* counted in the time there is, and there are more */
/* Left of the run's time for stopping the server and for the counter-checks. */
#define MARGIN_NS (1000 * NS_PER_MS)

static int64_t earlier(int64_t a, int64_t b) {
	return a < b ? a : b;
}

/* Something of the workspace would have been run: nobody knows how the server would have done. */
static bool kept_away(const struct exam *exam) {
	facts_each (setting_program, p, exam->facts) {
		if (p->inside && !exam->target->trusted) {
			return true;
		}
	}
	return exam->target->no_server;
}

static void state_absence(struct exam *exam) {
	const char *why = exam->handshake && exam->handshake->why_not
	                          ? exam->handshake->why_not
	                          : "the server was not started";

	server_state_absence(exam->facts, exam->target->gopls_path, why,
	                     kept_away(exam) ? "unknown" : "broken");
	facts_refuse(exam->facts, FACT_message, why, "a server that runs");
	facts_refuse(exam->facts, FACT_diagnostic, why, "a server that runs");
}

static void hear_of_settings(struct exam *exam, struct handshake *h, int64_t limit) {
	const char *options = exam->target->init_options;
	const struct talk_answer *opening = &h->talk->answers[TALK_INITIALIZE];
	bool late = opening->state <= TALK_ASKED;

	if (!late || str_empty(options) || streq(options, "{}")) {
		return;
	}
	for (int i = 0; i < SETTINGS_STEPS && opening->state <= TALK_ASKED; i++) {
		world_session_wait(exam->world, h->session,
		                   earlier(limit, world_now_ns(exam->world) + SETTINGS_STEP_NS));
	}
	world_session_wait(exam->world, h->session,
	                   earlier(limit, world_now_ns(exam->world) + SETTINGS_STEP_NS));
}

static bool has_said_all(const struct handshake *h) {
	return h->talk->base.is_done(&h->talk->base);
}

/* Nothing to wait for: go walks a tree that has no end within our time. */
static bool is_walking(struct exam *exam, struct handshake *h, int64_t limit) {
	world_session_wait(exam->world, h->session, earlier(limit, h->start_ns + BIG_LOOK_NS));
	if (has_said_all(h) || world_now_ns(exam->world) >= limit || h->talk->loads_open == 0) {
		return false;
	}
	const struct fact_tree *tree = tree_state(exam);
	if (!tree || tree->dirs < (tree->cut ? BIG_DIRS_CUT : BIG_DIRS)) {
		return false;
	}
	world_session_wait(exam->world, h->session, earlier(limit, h->start_ns + BIG_WAIT_NS));
	return !has_said_all(h);
}

static enum talk_end listen(struct exam *exam) {
	struct handshake *h = exam->handshake;
	int64_t now = world_now_ns(exam->world);
	int64_t left = exam->deadline_ns - now;
	int64_t limit = exam->deadline_ns - earlier(MARGIN_NS, left / 2);
	int64_t until = limit;

	if (exam->rules && infer_is_certain(exam->rules, exam->facts)) {
		until = earlier(limit, h->start_ns + CERTAIN_NS);
	}
	if (until == limit && is_walking(exam, h, limit)) {
		return TALK_END_DEADLINE;
	}
	world_session_wait(exam->world, h->session, until);
	if (until < limit) {
		hear_of_settings(exam, h, limit);
	}
	if (has_said_all(h)) {
		return TALK_END_SAID_ALL;
	}
	return until < limit ? TALK_END_CUT_SHORT : TALK_END_DEADLINE;
}

static int look(struct exam *exam, struct err *err) {
	struct handshake *h = exam->handshake;

	(void)err;
	if (!h || !h->session) {
		state_absence(exam);
		return 0;
	}
	enum talk_end end = listen(exam);
	struct talk talk = *h->talk; /* as it stood before we ended the server */
	bool lives = talk.life == TALK_ALIVE || talk.life == TALK_COMING;

	if (lives && !streq(server_health(exam->arena, &talk, end).state, "healthy")) {
		confined_look(exam, "server", exam->target->server_argv[0], "answer");
	}
	const struct evidence *ev = world_session_stop(exam->world, h->session);

	h->session = NULL;
	scratch_remove(h->scratch);
	server_state_facts(exam->facts, ev, &talk, end, exam->target->server_argv);
	return 0;
}

const struct probe probe_server_answer = {
	.id = "server_answer",
	.title = "waits for the language server and takes down what it answered",
	.stage = STAGE_ANSWER,
	.yields = FACT_BIT(server) | FACT_BIT(server_end) | FACT_BIT(feature) | FACT_BIT(message) |
                  FACT_BIT(diagnostic) | FACT_BIT(health) | FACT_BIT(tree),
	.look = look,
};
