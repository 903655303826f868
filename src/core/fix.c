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

bool fix_plan(const struct fix *const *fixes, const struct facts *facts,
              const struct finding *finding, struct plan *ret) {
	const struct fix *fix = fix_find(fixes, finding->rule->id);
	if (!fix) {
		return false;
	}
	plan_init(ret, facts->arena, fix->cause, finding->subject);
	fix->plan(facts, finding, ret);
	if (!ret->unable && ret->step_count == 0) {
		plan_unable(ret, "nothing is known that would end it from here");
	}
	return true;
}
