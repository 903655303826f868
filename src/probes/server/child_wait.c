/* SPDX-License-Identifier: MIT
 * The server under examination is late: what does its tree wait for in the end? A process that is stopped or frozen is
 * named at once; a wait that could pass has to have lasted.
 */
#include "base/clock.h"
#include "core/infer.h"
#include "probes/server/handshake.h"
#include "probes/server/wait_facts.h"

/* When it is asked, from the start of the server; a load from warm caches takes 200 ms, from cold ones a second. */
static const struct {
	int64_t at_ns;
	int64_t settled_ms; /* -1: only what stands still for certain */
} moments[] = {
	{450 * NS_PER_MS, -1},
	{1150 * NS_PER_MS, 800},
};

/* The session is known by an ancestor of the server that does nothing else. */
static int64_t server_of(const struct waits *w, int64_t ancestor) {
	for (size_t i = 0; i < w->process_count; i++) {
		if (w->processes[i].ppid == ancestor) {
			return w->processes[i].pid;
		}
	}
	return ancestor;
}

/* Every chain that ends in one that stands still or has waited for long is a fact, the others are not: the server may
 * answer yet. */
static void look_once(struct exam *exam, size_t turn) {
	int64_t ancestor = exam->handshake->session->pid;
	const struct evidence *ev =
		world_look(exam->world, LOOK_WAITS,
	                   arena_printf(exam->arena, "%lld %zu", (long long)ancestor, turn + 1),
	                   LOOK_CAP_MODULE);
	int64_t settled_ms = moments[turn].settled_ms < 0 ? INT64_MAX : moments[turn].settled_ms;
	struct waits w;

	if (!evidence_has_bytes(ev) || !waits_parse(exam->arena, ev->bytes, &w)) {
		return;
	}
	w.target = server_of(&w, ancestor);
	struct wait_chain chain = waits_chain(&w, settled_ms);

	if (chain.leaf.process && !waits_is_healthy(&chain) && chain.leaf.kind != WAIT_HIDDEN) {
		wait_facts_state(exam->facts, ev, "trial", &w, &chain);
	}
}

static int look(struct exam *exam, struct err *err) {
	struct handshake *h = exam->handshake;

	(void)err;
	if (!h || !h->session) {
		return 0;
	}
	for (size_t i = 0; i < sizeof moments / sizeof *moments; i++) {
		int64_t until = h->start_ns + moments[i].at_ns;

		if (infer_is_certain(exam->rules, exam->facts) || until >= exam->deadline_ns ||
		    facts_first(wait_leaf, exam->facts)) {
			return 0;
		}
		world_session_wait(exam->world, h->session, until);
		if (h->talk->base.is_done(&h->talk->base) || h->talk->life > TALK_ALIVE) {
			return 0;
		}
		look_once(exam, i);
	}
	return 0;
}

const struct probe probe_child_wait = {
	.id = "child_wait",
	.title = "what a late server waits for",
	.stage = STAGE_ANSWER,
	.yields = FACT_BIT(wait_leaf) | FACT_BIT(wait_link) | FACT_BIT(wait_unread),
	.look = look,
};
