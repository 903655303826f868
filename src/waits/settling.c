/* SPDX-License-Identifier: MIT
 * Whether the end of a chain has lasted long enough to count.
 */
#include "waits/private.h"

#include <stdlib.h>

#define SLEEP_MS     2500
#define SOON_MS      8000 /* before the last look at a server on trial */
#define TICKS_MS     200  /* ages are told by the clock tick */
#define LATE_MS      1000
#define POLL_MS      2500 /* so long nobody looks again and again for what will come at once */
#define SELF_POLL_MS 5000
#define AGAIN_MS     1000 /* what was before the present sleep */
#define RESTED_MS    4500 /* as long as a silent host or disk */
#define ASKED_MS     1000 /* a question, a pipe without another end: nothing that passes by itself */

/* A kind that is what it is however long it has lasted. */
static bool is_certain(enum wait_kind kind) {
	switch (kind) {
	case WAIT_STOPPED:
	case WAIT_TRACED:
	case WAIT_FROZEN:
	case WAIT_THROTTLED:
	case WAIT_FILES:
	case WAIT_PIDS:
		return true;
	default:
		return false;
	}
}

/* How long one sleep(1) lasts, -1 when it does not say so in seconds. */
static int64_t length_of_sleep(const struct waits *w, const struct wait_process *p) {
	const char *time = streq(p->comm, "sleep") ? waits_word(w->arena, p, 1) : NULL;

	return time && !strpbrk(time, "mhdi") && !waits_word(w->arena, p, 2) &&
	                       strtod(time, NULL) < 1e9
	               ? (int64_t)(strtod(time, NULL) * 1000)
	               : -1;
}

static bool sleeps_for_ever(const struct waits *w, const struct wait_leaf *l) {
	const char *time =
		streq(l->process->comm, "sleep") ? waits_word(w->arena, l->process, 1) : NULL;

	return time && (strtod(time, NULL) >= 60 || strpbrk(time, "mhd"));
}

/* Its end is known and near: whoever waits for it goes on then, and when it sleeps again it polls. */
static bool ends_soon(const struct waits *w, const struct wait_leaf *l) {
	int64_t length = length_of_sleep(w, l->process);

	return length >= 0 && length <= SOON_MS && l->process->age_ms < length + LATE_MS;
}

/* Sleeping for a moment is what many programs do between two tries. */
static bool sleeps_long(const struct waits *w, const struct wait_leaf *l) {
	return (l->since_ms >= SLEEP_MS && !ends_soon(w, l)) || sleeps_for_ever(w, l);
}

/* A program that looks again every second: each sleep is short, and the one that starts them is not young and has
 * done nothing else. */
static bool polls(const struct waits *w, const struct wait_chain *c, int64_t settled_ms) {
	const struct wait_link *before = c->link_count > 1 ? &c->links[c->link_count - 2] : NULL;
	const struct wait_process *p = before ? before->process : NULL;
	int64_t length = length_of_sleep(w, c->leaf.process);
	/* One sleep at least was before this one. */
	int64_t earlier = length - TICKS_MS > AGAIN_MS ? length - TICKS_MS : AGAIN_MS;

	return p && before->how == HOW_CHILD && str_starts(c->leaf.process->comm, "sleep") &&
	       p->age_ms >= (settled_ms < POLL_MS / 2 ? POLL_MS * 2 / 3 : POLL_MS) &&
	       p->age_ms >= c->leaf.process->age_ms + earlier && settled_ms < INT64_MAX &&
	       p->cpu_ms * 10 <= p->age_ms;
}

/* The same in one program, which sleeps by itself. What it does between two sleeps is not seen, so it has to be older:
 * somebody may wait for a service to come up. */
static bool polls_itself(const struct wait_leaf *l, int64_t settled_ms) {
	const struct wait_process *p = l->process;

	return !str_starts(p->comm, "sleep") && p->age_ms >= SELF_POLL_MS &&
	       settled_ms < INT64_MAX && p->cpu_ms * 20 <= p->age_ms && p->rested_ms >= 0 &&
	       p->rested_ms + AGAIN_MS < p->age_ms;
}

static int64_t settles_after(enum wait_kind kind, int64_t settled_ms) {
	bool asked = kind == WAIT_PROMPT || kind == WAIT_FIFO;

	return asked && settled_ms > ASKED_MS && settled_ms < INT64_MAX ? ASKED_MS : settled_ms;
}

/* How long it has waited: no longer than since it last ran, where that is known. */
static void bound_since(struct wait_leaf *l) {
	/* One that asks in a window does nothing else from the start, and may blink meanwhile. */
	bool asks = l->kind == WAIT_PROMPT && !str_empty(l->on);
	bool passes = l->kind == WAIT_SLEEP || asks || l->kind == WAIT_FIFO ||
	              l->kind == WAIT_DISK || l->kind == WAIT_GUARD ||
	              (l->kind == WAIT_INSIDE && !l->unread);

	if (passes && l->process->rested_ms >= 0 && l->process->rested_ms < l->since_ms) {
		l->since_ms = l->process->rested_ms;
	}
}

static const char polling[] = "sleeps for a moment, again and again: it polls for something";

static void settle_sleep(const struct waits *w, struct wait_chain *c, int64_t settled_ms) {
	struct wait_leaf *l = &c->leaf;
	bool is_long = sleeps_long(w, l);

	if (!is_long && polls_itself(l, settled_ms)) {
		l->since_ms = l->process->age_ms;
		l->detail = polling;
		l->settled = true;
		return;
	}
	if (sleeps_for_ever(w, l) || !polls(w, c, settled_ms)) {
		l->settled = l->settled && is_long;
		return;
	}
	/* The next sleep is another process: it is whoever starts them. */
	const char *proof = arena_printf(w->arena, "%s; %s", c->links[c->link_count - 2].proof,
	                                 waits_name(w->arena, l->process));

	c->link_count--;
	l->process = c->links[c->link_count - 1].process;
	l->since_ms = l->process->age_ms;
	l->detail = polling;
	l->proof = proof;
	l->settled = true;
}

/* No thread of it has run for so long, by the kernel's word. Whoever is connected to somebody who cannot be seen may have
 * handed its work to that. */
static bool has_rested(const struct waits *w, const struct wait_leaf *l) {
	return l->kind == WAIT_INSIDE && !l->process->denied &&
	       l->process->rested_ms >= RESTED_MS && !waits_unseen_peer(w, l->process);
}

void waits_settle(const struct waits *w, struct wait_chain *c, int64_t settled_ms) {
	struct wait_leaf *l = &c->leaf;

	bound_since(l);
	l->settled = is_certain(l->kind) || l->since_ms >= settles_after(l->kind, settled_ms);
	l->proven = has_rested(w, l);
	if (l->kind == WAIT_SLEEP) {
		settle_sleep(w, c, settled_ms);
	}
}
