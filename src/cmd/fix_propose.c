/* SPDX-License-Identifier: MIT
 * From findings to proposals: a plan for each, resolved and rehearsed.
 */
#include "apply/resolve.h"
#include "base/clock.h"
#include "base/vec.h"
#include "cmd/fix.h"
#include "cmd/prove_apply.h"
#include "core/registry.h"
#include "core/rule.h"

#include <unistd.h>

#define REHEARSAL_NS (30 * NS_PER_S)
/* gopls, with an empty build cache */
#define REHEARSAL_BUILD_NS (300 * NS_PER_S)

static bool is_wanted(const struct fix_run *run, const char *cause) {
	for (size_t i = 0; run->causes[i]; i++) {
		if (streq(run->causes[i], cause)) {
			return true;
		}
	}
	return false;
}

static bool was_proposed(const struct fix_run *run, const struct finding *f) {
	for (size_t i = 0; i < run->count; i++) {
		if (streq(run->proposals[i]->finding->rule->id, f->rule->id) &&
		    streq(run->proposals[i]->finding->subject, f->subject)) {
			return true;
		}
	}
	return false;
}

void fix_resolve(struct fix_run *run, struct proposal *p) {
	struct err err;
	struct plan *plan = p->plan;
	int r = plan_resolve(run->arena, plan, &p->repair, &err);
	p->outcome = FIX_PROPOSED;
	p->because = "";
	if (r < 0) {
		p->outcome = FIX_REFUSED;
		p->because = arena_strdup(run->arena, err.msg);
		p->repair.change_count = 0;
	} else if (p->repair.change_count == 0) {
		p->outcome = FIX_NOTHING;
		p->because = "all of it is so already";
	} else if (plan->needs_root && geteuid() != 0) {
		p->outcome = FIX_SHOWN;
		p->because = "it needs root";
	} else if (plan_network(plan)) {
		p->outcome = FIX_SHOWN;
		p->because = "it needs the network";
	} else if (plan_disruptive(plan) && !run->options->disruptive) {
		p->outcome = FIX_SHOWN;
		p->because = "it ends a program of yours; --disruptive allows that";
	}
}

/* On a copy first: the same examination in a view of this machine of which nothing stays. False when it showed that what
 * was held to be here is not, so that the network is needed. */
static bool rehearse_it(struct fix_run *run, struct proposal *p) {
	const struct rehearse_subject subject = {
		.options = &run->options->check,
		.target = p->found_in.target,
		.facts = p->found_in.facts,
		.deadline_ns =
			clock_now_ns() + (p->plan->offline ? REHEARSAL_BUILD_NS : REHEARSAL_NS),
		.interrupt_fd = run->interrupt.fd,
	};
	if (run->terminal.progress) {
		progress_begin(&run->progress, "rehearses it");
	}
	struct rehearsed r = rehearse_plan(run->arena, &subject, p->plan, NULL, prove_apply_plans);
	if (run->terminal.progress) {
		progress_end(&run->progress);
	}
	p->rehearsed = rehearse_result_name(r.result);
	p->rehearsal = rehearse_in_words(run->arena, &r);
	if (r.step_failed) {
		p->outcome = FIX_REFUSED;
		p->because = r.because;
	} else if (r.result == REHEARSE_FAILED && run->causes[0] == NULL) {
		p->outcome = FIX_REFUSED;
		p->because =
			arena_printf(run->arena, "the rehearsal %s; named, it is done all the same",
		                     p->rehearsal);
	}
	return !p->plan->offline || (!r.step_failed && r.result != REHEARSE_FAILED);
}

bool fix_think(struct fix_run *run, const struct finding *f, struct proposal *p) {
	struct plan *plan = arena_new_of(run->arena, struct plan);
	*p = (struct proposal){
		.fix = fix_find(registry_fixes, f->rule->id),
		.finding = f,
		.seen = run->latest,
		.found_in = examination_of(run->latest, f),
		.plan = plan,
		.notes = "",
		.rehearsed = "not_run",
		.rehearsal = "not rehearsed",
	};
	if (!fix_plan(registry_fixes, p->found_in.facts, f, plan)) {
		return false;
	}
	fix_resolve(run, p);
	if (p->outcome == FIX_PROPOSED && (plan->offline || !run->options->script) &&
	    !rehearse_it(run, p)) {
		(void)fix_plan_online(registry_fixes, p->found_in.facts, f, plan);
		fix_resolve(run, p);
	}
	return true;
}

static void propose(struct fix_run *run, const struct finding *f) {
	struct proposal *p = arena_new_of(run->arena, struct proposal);
	if (was_proposed(run, f) || run->count == FIX_PROPOSALS_MAX || !fix_think(run, f, p)) {
		return;
	}
	VEC_ROOM(run->arena, run->proposals, run->count, &run->slots);
	run->proposals[run->count++] = p;
}

void fix_propose(struct fix_run *run) {
	const struct diagnosis *d = &run->latest->diagnosis;
	const struct finding *const *const all[] = {d->causes, d->symptoms, d->notes};
	bool named = run->causes[0] != NULL;
	for (size_t k = 0; k < (named ? 3 : 1); k++) {
		for (size_t i = 0; all[k][i]; i++) {
			const struct finding *f = all[k][i];
			if (named ? is_wanted(run, f->rule->id) : f->confidence != CONF_POSSIBLE) {
				propose(run, f);
			}
		}
	}
}
