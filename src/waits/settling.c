/* SPDX-License-Identifier: MIT
 * Whether the end of a chain has lasted long enough to count.
 */
#include "waits/private.h"

#include <stdlib.h>

#define LONG_MS      60000 /* nobody waits for that */
#define SOON_MS      8000  /* before the last look at a server on trial */
#define TICKS_MS     200   /* ages are told by the clock tick */
#define LATE_MS      1000
#define POLL_MS      2500 /* so long nobody looks again and again for what will come at once */
#define SELF_POLL_MS 5000
#define POLLS_SEEN   2    /* sleeps before the present one */
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

/* The time until it wakes; INT64_MAX never, -1 unknown. */
static int64_t wakes_ms(const struct wait_process *p) {
	int64_t least = -1;

	each_thread(t, p) {
		least = t->wakes_ms >= 0 && (least < 0 || t->wakes_ms < least) ? t->wakes_ms
		                                                               : least;
	}
	return least;
}

/* By its own words; or it has slept for a while, and will for a minute more. */
static bool sleeps_for_ever(const struct waits *w, const struct wait_leaf *l) {
	const char *time =
		streq(l->process->comm, "sleep") ? waits_word(w->arena, l->process, 1) : NULL;

	return (time && (strtod(time, NULL) * 1000 >= LONG_MS || strpbrk(time, "mhd"))) ||
	       (l->since_ms >= AGAIN_MS && wakes_ms(l->process) >= LONG_MS);
}

/* Its end is known and near: whoever waits for it goes on then, and when it sleeps again it polls. */
static bool ends_soon(const struct waits *w, const struct wait_leaf *l) {
	int64_t length = length_of_sleep(w, l->process), left = wakes_ms(l->process);

	return (left >= 0 && left <= SOON_MS) || (left < 0 && length >= 0 && length <= SOON_MS &&
	                                          l->process->age_ms < length + LATE_MS);
}

/* Sleeping for a moment is what many programs do between two tries. */
static bool sleeps_long(const struct waits *w, const struct wait_leaf *l) {
	return (l->since_ms >= WAITS_SLEEP_MS && !ends_soon(w, l)) || sleeps_for_ever(w, l);
}

/* A program that looks again every second: each sleep is short, and the one that starts them is not young and has
 * done nothing else. Then so many sleeps were before this one at least; 0: it does not poll. */
static int64_t earlier_sleeps(const struct waits *w, const struct wait_chain *c,
                              int64_t settled_ms) {
	const struct wait_link *before = c->link_count > 1 ? &c->links[c->link_count - 2] : NULL;
	const struct wait_process *p = before ? before->process : NULL;
	int64_t length = length_of_sleep(w, c->leaf.process);
	int64_t each = length - TICKS_MS > AGAIN_MS ? length - TICKS_MS : AGAIN_MS;

	if (!p || before->how != HOW_CHILD || !str_starts(c->leaf.process->comm, "sleep") ||
	    p->age_ms < (settled_ms < POLL_MS / 2 ? POLL_MS * 2 / 3 : POLL_MS) ||
	    settled_ms == INT64_MAX || p->cpu_ms * 10 > p->age_ms) {
		return 0;
	}
	return (p->age_ms - c->leaf.process->age_ms) / each;
}

/* The same in one program, which sleeps by itself. What it does between two sleeps is not seen, so it has to be older:
 * somebody may wait for a service to come up. */
static bool polls_itself(const struct wait_leaf *l, int64_t settled_ms) {
	const struct wait_process *p = l->process;

	return !str_starts(p->comm, "sleep") && p->age_ms >= SELF_POLL_MS &&
	       settled_ms < INT64_MAX && p->cpu_ms * 20 <= p->age_ms && p->rested_ms >= 0 &&
	       p->rested_ms + AGAIN_MS < p->age_ms;
}

/* There was time for two more of this length. One long sleep behind something else is none of many. */
static bool has_polled(const struct wait_leaf *l) {
	int64_t left = wakes_ms(l->process);

	return left >= 0 && left < LONG_MS &&
	       l->process->age_ms >= l->since_ms + POLLS_SEEN * (l->since_ms + left);
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

/* A timer may be for anything: one that runs out soon, and did before, is for looking again; behind a later one it does
 * nothing meanwhile. */
static void settle_timer(const struct waits *w, struct wait_leaf *l, int64_t settled_ms) {
	int64_t left = wakes_ms(l->process);

	if (left >= 0 && left <= SOON_MS && polls_itself(l, settled_ms)) {
		l->proven = has_polled(l);
		l->since_ms = l->process->age_ms;
		l->settled = true;
		return;
	}
	l->settled = l->since_ms >= settled_ms && (left < 0 || left > SOON_MS);
	l->proven = l->since_ms >= RESTED_MS && !waits_unseen_peer(w, l->process);
}

static const char polling[] = "sleeps for a moment, again and again: it polls for something";

static void settle_sleep(const struct waits *w, struct wait_chain *c, int64_t settled_ms) {
	struct wait_leaf *l = &c->leaf;
	bool is_long = sleeps_long(w, l);
	int64_t earlier = sleeps_for_ever(w, l) ? 0 : earlier_sleeps(w, c, settled_ms);

	if (!is_long && polls_itself(l, settled_ms)) {
		l->proven = has_polled(l);
		l->since_ms = l->process->age_ms;
		l->detail = polling;
		l->settled = true;
		return;
	}
	if (earlier == 0) {
		l->settled = l->settled && is_long;
		/* How long another sleep lasts is not known: it may pass. */
		l->proven = sleeps_for_ever(w, l) || l->since_ms >= LONG_MS;
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
	l->proven = earlier >= POLLS_SEEN;
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
	if (l->kind == WAIT_SLEEP && l->timer) {
		settle_timer(w, l, settled_ms);
	} else if (l->kind == WAIT_SLEEP) {
		settle_sleep(w, c, settled_ms);
	}
}
