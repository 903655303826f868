/* SPDX-License-Identifier: MIT
 */
#include "probes/server/wait_trial.h"

#include "base/clock.h"
#include "core/infer.h"
#include "probes/server/handshake.h"
#include "probes/server/wait_facts.h"

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
static void look_once(struct exam *exam, const struct wait_moment *moment) {
	int64_t ancestor = exam->handshake->session->pid;
	const struct evidence *ev =
		world_look(exam->world, LOOK_WAITS,
	                   arena_printf(exam->arena, "%lld %lld", (long long)ancestor,
	                                (long long)(moment->at_ns / NS_PER_MS)),
	                   LOOK_CAP_MODULE);
	struct waits w;

	if (!evidence_has_bytes(ev) || !waits_parse(exam->arena, ev->bytes, &w)) {
		return;
	}
	w.target = server_of(&w, ancestor);
	struct wait_chain chain = waits_chain(&w, moment->settled_ms);

	if (chain.leaf.process && !waits_is_healthy(&chain) && chain.leaf.kind != WAIT_HIDDEN) {
		wait_facts_state(exam->facts, ev, "trial", &w, &chain);
	}
}

void wait_trial(struct exam *exam, const struct wait_moment *moments, size_t count) {
	struct handshake *h = exam->handshake;

	for (size_t i = 0; h && h->session && i < count; i++) {
		int64_t until = h->start_ns + moments[i].at_ns;

		if (infer_is_certain(exam->rules, exam->facts) || until >= exam->deadline_ns ||
		    facts_first(wait_leaf, exam->facts)) {
			return;
		}
		world_session_wait(exam->world, h->session, until);
		if (h->talk->base.is_done(&h->talk->base) || h->talk->life > TALK_ALIVE) {
			return;
		}
		look_once(exam, &moments[i]);
	}
}
