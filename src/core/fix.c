/* SPDX-License-Identifier: MIT */
#include "core/fix.h"

#include "base/str.h"
#include "core/rule.h"

const struct fix *fix_find(const struct fix *const *fixes, const char *cause) {
	for (size_t i = 0; fixes[i]; i++) {
		if (streq(fixes[i]->cause, cause)) {
			return fixes[i];
		}
	}
	return NULL;
}

static bool make(const struct fix *const *fixes, const struct facts *facts,
                 const struct finding *finding, bool online, struct plan *ret) {
	const struct fix *fix = fix_find(fixes, finding->rule->id);
	if (!fix) {
		return false;
	}
	plan_init(ret, facts->arena, fix->cause, finding->subject);
	ret->online = online;
	const struct fact_target *target = facts_first(target, facts);
	ret->workspace = target && *target->workspace ? target->workspace : NULL;
	ret->trusted = target && target->trusted;
	fix->plan(facts, finding, ret);
	if (!ret->unable && ret->step_count == 0) {
		plan_unable(ret, "nothing is known that would end it from here");
	}
	return true;
}

bool fix_plan(const struct fix *const *fixes, const struct facts *facts,
              const struct finding *finding, struct plan *ret) {
	return make(fixes, facts, finding, false, ret);
}

bool fix_plan_online(const struct fix *const *fixes, const struct facts *facts,
                     const struct finding *finding, struct plan *ret) {
	return make(fixes, facts, finding, true, ret);
}

static void advise(const struct fix *fix, const struct plan *plan, struct finding *f,
                   const char *dir) {
	struct arena *arena = plan->arena;
	size_t kept = f->fix_count < FINDING_FIXES_MAX ? f->fix_count : FINDING_FIXES_MAX - 1;
	for (size_t i = kept; i > 0; i--) {
		f->fixes[i] = f->fixes[i - 1];
	}
	f->fix_count = kept + 1;
	f->fixes[0] = (struct fix_advice){
		.title = plan->step_count == 1 ? plan->steps[0].what : fix->title,
		.command = arena_printf(arena, "dialtone fix %s %s", plan->cause,
	                                str_shell_quote(arena, dir)),
		.reversible = plan_reversible(plan),
		.disruptive = plan_disruptive(plan),
		.steps = plan->step_count,
	};
}

void fix_advise(const struct fix *const *fixes, const struct facts *facts,
                struct findings *findings, const char *dir) {
	struct plan *plan = arena_new_of(facts->arena, struct plan);
	findings_each (f, findings) {
		if (fix_plan(fixes, facts, f, plan) && !plan->unable) {
			advise(fix_find(fixes, f->rule->id), plan, f, dir);
		}
	}
}
