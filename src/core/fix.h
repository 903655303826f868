/* SPDX-License-Identifier: MIT
 * A fix knows what to do about one cause. Like a rule it sees facts only and touches nothing: it says the steps, the room
 * apply/ does them. One file src/fixes/x_y.c per cause id x-y, ending in `const struct fix fix_x_y`. A cause without such
 * a file has advice only (finding_fix).
 */
#ifndef CORE_FIX_H
#define CORE_FIX_H

#include "core/finding.h"
#include "core/plan.h"

struct fix {
	const char *cause; /* id of the rule */
	const char *title; /* what it does in general, one line: `dialtone explain` shows it */
	/* Fills in the empty plan about this finding: steps, or the sentence why there are none. Of several ways the
	 * one that changes least. */
	void (*plan)(const struct facts *facts, const struct finding *finding, struct plan *plan);
};

/* The fix of this cause among these (NULL-terminated), or NULL. */
const struct fix *fix_find(const struct fix *const *fixes, const char *cause);

/* What would be done about this finding. False when its cause has no fix; else *ret has steps, or says in `unable` why it
 * has none. Looks at nothing. */
bool fix_plan(const struct fix *const *fixes, const struct facts *facts,
              const struct finding *finding, struct plan *ret);
/* The same as it is done with a network (plan->online). */
bool fix_plan_online(const struct fix *const *fixes, const struct facts *facts,
                     const struct finding *finding, struct plan *ret);

/* Puts `dialtone fix CAUSE DIR` before what is advised for each finding that has a plan. */
void fix_advise(const struct fix *const *fixes, const struct facts *facts,
                struct findings *findings, const char *dir);

#endif
