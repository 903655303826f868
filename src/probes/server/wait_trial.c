/* SPDX-License-Identifier: MIT
 */
#include "probes/server/wait_trial.h"

#include "base/clock.h"
#include "core/infer.h"
#include "probes/latency.h"
#include "probes/server/handshake.h"
#include "probes/server/wait_calls.h"
#include "probes/server/wait_facts.h"

#define LOCAL_STUCK_MS 2000 /* in one call on a local file system */
#define INSIDE_MS      3000 /* between two looks at one that has done nothing */
#define SILENT_REST_MS 4500 /* no thread of it has run */
#define IDLE_CPU_MS    20   /* a Go program that waits wakes up now and then */

static bool has_lock(const struct wait_chain *c) {
	for (size_t i = 0; i + 1 < c->link_count; i++) {
		if (c->links[i].how == HOW_LOCK) {
			return true;
		}
	}
	return false;
}

static const struct evidence *look(struct exam *exam, const char *tag, struct waits *ret) {
	int64_t ancestor = exam->handshake->session->pid;
	const struct evidence *ev = world_look_anew(
		exam->world, LOOK_WAITS,
		arena_printf(exam->arena, "%lld %s", (long long)ancestor, tag), LOOK_CAP_MODULE);

	if (!evidence_has_bytes(ev) || !waits_parse(exam->arena, ev->bytes, ret)) {
		return NULL;
	}
	/* The session is known by an ancestor of the server that does nothing else. */
	ret->target = waits_child_of(ret, ancestor);
	return ev;
}

enum wait_lock_verdict wait_trial_lock(struct exam *exam, int64_t idle_ms, bool only_ours) {
	struct waits w;

	facts_each (wait_leaf, l, exam->facts) {
		if (streq(l->origin, "trial")) {
			return WAIT_LOCK_STATED;
		}
	}
	const struct evidence *ev = look(exam, WAIT_TRIAL_LOCK, &w);

	if (!ev) {
		return WAIT_LOCK_UNKNOWN;
	}
	struct wait_chain chain = waits_chain(&w, idle_ms);

	if (!has_lock(&chain) || (only_ours && !wait_facts_own_lock(exam->facts, &w, &chain))) {
		return WAIT_LOCK_UNKNOWN;
	}
	if (waits_is_healthy(&chain) || chain.leaf.kind == WAIT_HIDDEN) {
		return wait_facts_own_lock(exam->facts, &w, &chain) ? WAIT_LOCK_OURS
		                                                    : WAIT_LOCK_UNKNOWN;
	}
	wait_facts_state(exam->facts, ev, "trial", &w, &chain);
	return WAIT_LOCK_STATED;
}

static bool is_slow(enum wait_kind kind) {
	return kind == WAIT_NET || kind == WAIT_DNS || kind == WAIT_DISK || kind == WAIT_PEER;
}

/* The leaf of the look before. A name server that does not answer is asked again every few seconds, and each question
 * is young; that one does nothing takes two looks, some seconds apart. */
struct before {
	const struct wait_process *process;
	const char *on;
	bool unread;
	int64_t first_ns; /* when it was seen first */
};

static bool is_same(const struct before *before, const struct wait_leaf *l) {
	const struct wait_process *p = before->process;

	return p && p->pid == l->process->pid && p->start_ticks == l->process->start_ticks &&
	       streq(before->on, l->on) &&
	       (l->kind == WAIT_DNS ||
	        (before->unread == l->unread && l->process->cpu_ms - p->cpu_ms <= IDLE_CPU_MS));
}

static void lasts_on(struct exam *exam, const struct waits *w, struct wait_chain *chain,
                     int64_t settled_ms, struct before *before) {
	struct wait_leaf *l = &chain->leaf;
	int64_t now = world_now_ns(exam->world);

	if (l->kind != WAIT_DNS && l->kind != WAIT_INSIDE) {
		*before = (struct before){0};
		return;
	}
	if (!is_same(before, l)) {
		*before = (struct before){l->process, l->on, l->unread, now};
		return;
	}
	int64_t since_ms = (now - before->first_ns) / NS_PER_MS;

	if (l->kind == WAIT_INSIDE) {
		l->proven =
			l->proven || (since_ms >= INSIDE_MS && !waits_unseen_peer(w, l->process));
		return;
	}
	l->since_ms = since_ms > l->since_ms ? since_ms : l->since_ms;
	l->settled = l->settled || l->since_ms >= settled_ms;
}

/* It was asked for this and that, and nothing has come. */
static bool answers_nothing(const struct talk *talk) {
	size_t asked = 0;

	for (size_t i = 0; i < TALK_FEATURE_COUNT; i++) {
		enum talk_state state = talk->answers[i].state;

		if (i == TALK_INITIALIZE || i == TALK_DIAGNOSTICS) {
			continue; /* the one is answered before it has done anything, the other is no answer */
		}
		asked += state == TALK_ASKED;
		if (state != TALK_ASKED && state != TALK_NOT_ASKED) {
			return false;
		}
	}
	return asked > 0;
}

/* A server at rest that owes every answer is not well, whatever it waits for. */
static void look_at_silent(struct exam *exam, struct waits *w, struct wait_chain *chain,
                           int64_t settled_ms, bool last) {
	const struct wait_process *p = chain->leaf.process;

	if (!p || chain->leaf.kind != WAIT_IDLE || !waits_serves(waits_role(w->arena, p)) ||
	    (!last && p->rested_ms < SILENT_REST_MS) || !answers_nothing(exam->handshake->talk)) {
		return;
	}
	w->unanswered = true;
	*chain = waits_chain(w, settled_ms);
	wait_calls_look(exam, w, chain, settled_ms);
}

/* Every chain that ends in one that stands still or has waited for long is a fact, the others are not: the server may
 * answer yet. */
static void look_once(struct exam *exam, const struct wait_moment *moment, bool last,
                      struct before *before) {
	struct waits w;
	const struct evidence *ev = look(exam, WAIT_TRIAL_LATE, &w);

	if (!ev) {
		return;
	}
	struct wait_chain chain = waits_chain(&w, moment->settled_ms);

	/* Whoever has a lock may be about to give it back. */
	int64_t settled_ms = has_lock(&chain) && moment->settled_ms < WAIT_LOCK_IDLE_MS
	                             ? WAIT_LOCK_IDLE_MS
	                             : moment->settled_ms;

	chain = settled_ms == moment->settled_ms ? chain : waits_chain(&w, settled_ms);
	wait_calls_look(exam, &w, &chain, settled_ms);
	look_at_silent(exam, &w, &chain, settled_ms, last);

	if (chain.leaf.process) {
		lasts_on(exam, &w, &chain, moment->settled_ms, before);
	}

	/* It may wake: later it is seen whether it did, or polls. When nobody looks again, it has slept for long at least. */
	if (chain.leaf.kind == WAIT_SLEEP && !chain.leaf.proven) {
		if (!last) {
			return;
		}
		chain.leaf.settled = chain.leaf.settled || chain.leaf.since_ms >= WAITS_SLEEP_MS;
	}
	/* What a slow host or disk may still give: later it can be told for certain. */
	if (is_slow(chain.leaf.kind) && !last && chain.leaf.since_ms < WAIT_LOCK_IDLE_MS) {
		return;
	}
	/* That it does nothing is certain later, or it is not so. */
	if (chain.leaf.kind == WAIT_INSIDE && !last && !chain.leaf.proven) {
		return;
	}
	bool still_works = last && chain.leaf.kind == WAIT_WORKS && chain.link_count > 1;

	if (chain.leaf.process && (!waits_is_healthy(&chain) || still_works) &&
	    chain.leaf.kind != WAIT_HIDDEN) {
		const struct fact_wait_leaf *l =
			wait_facts_state(exam->facts, ev, "trial", &w, &chain);

		/* A single call that has not come back; of a local disk more is expected. */
		const char *place = wait_facts_place(exam->facts, &w, &chain);
		if (l && place) {
			(void)latency_stuck(exam, "waited", place, ev, 0,
			                    l->since_ms >= LOCAL_STUCK_MS);
		}
	}
}

void wait_trial(struct exam *exam, const struct wait_moment *moments, size_t count, bool last) {
	struct handshake *h = exam->handshake;
	struct before before = {0};

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
		bool is_last = last && (i + 1 == count ||
		                        h->start_ns + moments[i + 1].at_ns >= exam->deadline_ns);

		look_once(exam, &moments[i], is_last, &before);
	}
}
