/* SPDX-License-Identifier: MIT
 */
#include "cmd/prove.h"

#include "base/clock.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/registry.h"
#include "core/rule.h"

#include <unistd.h>

#define SIDE_BY_SIDE 2 /* more would be slower together than one after the other */
#define TOUCHES_MAX  256

struct prover {
	struct arena *arena;
	const struct rehearse_subject *subject;
	prove_apply *apply;
	struct candidate candidates[PROVE_CANDIDATES_MAX];
	size_t count;
	struct rehearsed control; /* the machine as it is, seen inside */
};

#define CHANGES_MAX 64

struct deed {
	prove_apply *apply;
	const struct envset *env; /* of programs */
	const struct plan *plans[PROVE_CANDIDATES_MAX];
	size_t count;
	const char *touches[TOUCHES_MAX + 1];
	size_t touch_count;
	const char *environment[CHANGES_MAX + 1];
	size_t change_count;
};

/* ---- plans ---- */

const char *prove_refusal(struct arena *arena, const struct plan *plan) {
	if (plan->unable) {
		return plan->unable;
	}
	if (plan->step_count == 0) {
		return "there is nothing to do";
	}
	if (plan->needs_root && geteuid() != 0) {
		return "it needs root";
	}
	if (plan_disruptive(plan)) {
		return "it would end something that runs";
	}
	return plan_network(plan) ? arena_printf(arena, "it may have to fetch something") : NULL;
}

static void find_plan(struct prover *p, const struct finding *finding, struct candidate *c) {
	struct plan *plan = arena_new_of(p->arena, struct plan);

	*c = (struct candidate){
		.finding = finding,
		.rehearsed = {.because = "dialtone has no repair for it that could be tried",
	                      .handshake_ms = -1,
	                      .overhead_ms = -1}};
	if (!fix_plan(registry_fixes, p->subject->facts, finding, plan)) {
		return;
	}
	const char *refusal = prove_refusal(p->arena, plan);
	if (refusal) {
		c->rehearsed.because = refusal;
	} else {
		c->plan = plan;
	}
}

static void touch(struct deed *deed, const char *path) {
	if (path && path[0] == '/' && deed->touch_count < TOUCHES_MAX) {
		deed->touches[deed->touch_count++] = path;
	}
}

static void add_plan(struct deed *deed, const struct plan *plan) {
	deed->plans[deed->count++] = plan;
	for (size_t i = 0; plan->environment && plan->environment[i]; i++) {
		if (deed->change_count < CHANGES_MAX) {
			deed->environment[deed->change_count++] = plan->environment[i];
		}
	}
	for (size_t i = 0; i < plan->step_count; i++) {
		const struct step *step = &plan->steps[i];

		if (step->kind != STEP_RUN) {
			touch(deed, step->path);
		}
		touch(deed, step->to);
		for (const char *const *path = step->announces; path && *path; path++) {
			touch(deed, *path);
		}
	}
}

static int perform(void *context, const struct rehearsal *inside, struct err *err) {
	const struct deed *deed = context;

	return deed->apply(deed->plans, deed->count, deed->env, inside, err);
}

/* ---- trials ---- */

static struct rehearse_trial trial_of(struct deed *deed, const char *id, const char *subject) {
	return (struct rehearse_trial){.id = id,
	                               .subject = subject,
	                               .touches = deed->touches,
	                               .environment = deed->environment,
	                               .act = perform,
	                               .context = deed};
}

static struct deed *deed_new(struct arena *arena, const struct rehearse_subject *subject,
                             prove_apply *apply) {
	struct deed *deed = arena_new_of(arena, struct deed);

	deed->apply = apply;
	deed->env = &subject->target->judged;
	return deed;
}

static struct rehearse_trial trial_of_plan(struct arena *arena,
                                           const struct rehearse_subject *subject,
                                           prove_apply *apply, const struct plan *plan) {
	struct deed *deed = deed_new(arena, subject, apply);

	add_plan(deed, plan);
	return trial_of(deed, plan->cause, plan->subject);
}

/* Is it the trouble, and all of it, that went away? */
static bool cures(const struct candidate *c) {
	return c->tried && c->rehearsed.checked && c->change == CHANGE_CURED;
}

static void judge(struct prover *p, const struct rehearse_trial *trial, struct candidate *c,
                  const struct rehearsed *rehearsed) {
	c->rehearsed = *rehearsed;
	c->tried = rehearsed->checked && p->control.checked;
	if (!p->control.checked) {
		c->rehearsed.result = REHEARSE_NOT_RUN;
		c->rehearsed.because = p->control.because;
		return;
	}
	rehearse_judge(p->arena, trial, &p->control.report, &c->rehearsed);
	c->tried = c->rehearsed.checked && c->rehearsed.result != REHEARSE_NOT_RUN;
	c->change = digest_compare(&p->control.report, &c->rehearsed.report, c->finding->rule->id,
	                           c->finding->subject);
}

/* The machine as it is and without the first candidate, then without each of the others, until one
 * of them was all of it. */
static void try_each(struct prover *p) {
	struct rehearse_trial trials[SIDE_BY_SIDE];
	struct candidate *whose[SIDE_BY_SIDE];
	struct rehearsed results[SIDE_BY_SIDE];
	bool controlled = false, cured = false;
	size_t next = 0;

	while (!cured) {
		size_t n = 0;

		if (!controlled) {
			trials[n] = (struct rehearse_trial){0};
			whose[n++] = NULL;
		}
		for (; next < p->count && n < SIDE_BY_SIDE; next++) {
			if (p->candidates[next].plan) {
				trials[n] = trial_of_plan(p->arena, p->subject, p->apply,
				                          p->candidates[next].plan);
				whose[n++] = &p->candidates[next];
			}
		}
		if (n == (controlled ? 0 : 1)) {
			return;
		}
		rehearse(p->arena, p->subject, trials, n, NULL, results);
		if (!controlled) {
			p->control = results[0];
		}
		for (size_t i = controlled ? 0 : 1; i < n; i++) {
			judge(p, &trials[i], whose[i], &results[i]);
			cured = cured || cures(whose[i]);
		}
		controlled = true;
	}
}

/* When none was all of it, perhaps several are. */
static const struct rehearsed *try_together(struct prover *p) {
	struct deed *deed = deed_new(p->arena, p->subject, p->apply);
	struct rehearsed *together = arena_new_of(p->arena, struct rehearsed);
	struct rehearse_trial trial = {.touches = deed->touches, .act = perform, .context = deed};

	for (size_t i = 0; i < p->count; i++) {
		if (cures(&p->candidates[i])) {
			return NULL;
		}
		if (p->candidates[i].tried) {
			add_plan(deed, p->candidates[i].plan);
		}
	}
	if (deed->count < 2) {
		return NULL;
	}
	rehearse(p->arena, p->subject, &trial, 1, NULL, together);
	return together;
}

struct diagnosis prove(struct arena *arena, const struct rehearse_subject *subject,
                       const struct diagnosis *diagnosis, prove_apply *apply) {
	struct prover p = {.arena = arena, .subject = subject, .apply = apply};

	for (size_t i = 0; i < diagnosis->cause_count && p.count < PROVE_CANDIDATES_MAX; i++) {
		find_plan(&p, diagnosis->causes[i], &p.candidates[p.count++]);
	}
	try_each(&p);
	const struct rehearsed *together = try_together(&p);
	return prove_weigh(arena, diagnosis, p.candidates, p.count, together);
}

struct rehearsed rehearse_plan(struct arena *arena, const struct rehearse_subject *subject,
                               const struct plan *plan, const struct digest *before,
                               prove_apply *apply) {
	struct rehearse_trial trial = trial_of_plan(arena, subject, apply, plan);
	struct rehearsed ret = {.because = prove_refusal(arena, plan)};

	if (!ret.because) {
		rehearse(arena, subject, &trial, 1, before, &ret);
	}
	return ret;
}
