/* SPDX-License-Identifier: MIT
 */
#include "base/clock.h"
#include "core/infer.h"
#include "probes/scratch.h"
#include "probes/server/handshake.h"
#include "probes/server/server_health.h"

/* When the world has already shown what is wrong: how long the server gets, from its start, to say
 * its part. */
#define CERTAIN_NS (350 * NS_PER_MS)
/* What it says to the user's settings comes right behind the answer to initialize, for which a busy
 * machine may need longer. */
#define SETTINGS_STEP_NS (50 * NS_PER_MS)
#define SETTINGS_STEPS   10
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
		                   earlier(limit, clock_now_ns() + SETTINGS_STEP_NS));
	}
	world_session_wait(exam->world, h->session,
	                   earlier(limit, clock_now_ns() + SETTINGS_STEP_NS));
}

static enum talk_end listen(struct exam *exam) {
	struct handshake *h = exam->handshake;
	int64_t now = clock_now_ns();
	int64_t left = exam->deadline_ns - now;
	int64_t limit = exam->deadline_ns - earlier(MARGIN_NS, left / 2);
	int64_t until = limit;

	if (exam->rules && infer_is_certain(exam->rules, exam->facts)) {
		until = earlier(limit, h->start_ns + CERTAIN_NS);
	}
	world_session_wait(exam->world, h->session, until);
	if (until < limit) {
		hear_of_settings(exam, h, limit);
	}
	if (h->talk->base.is_done(&h->talk->base)) {
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
	.yields = FACT_BIT(server) | FACT_BIT(feature) | FACT_BIT(message) | FACT_BIT(diagnostic) |
                  FACT_BIT(health),
	.look = look,
};
