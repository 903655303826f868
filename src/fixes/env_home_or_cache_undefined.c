/* SPDX-License-Identifier: MIT
 * A cache that leads to a file is taken away where it is set, and one that nobody set is made elsewhere; a HOME that its
 * owner may not write to gets its modes back. Where HOME itself is missing, only who starts the editor can give it one.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "core/origin.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_place *p = finding_first(place, finding);
	const struct fact_target *t = facts_first(target, facts);
	if (streq(finding->about, "HOME")) {
		if (p && t && streq(p->role, "HOME") && p->uid == t->uid && streq(p->state, "ok")) {
			out->why = arena_printf(out->arena,
			                        "%s is yours, and its mode %04llo keeps you out.",
			                        p->path, (unsigned long long)p->mode & 07777);
			plan_mode(out, p->path, 0700, 0, false);
			return;
		}
		plan_unable(
			out,
			"HOME has to be given where the editor is started: in the unit file, the "
			"container or the script");
		return;
	}
	if (p && streq(finding->about, "GOCACHE") &&
	    streq(origin_of_var(facts, "GOCACHE").origin, "default")) {
		out->why = arena_printf(
			out->arena,
			"%s, and go can make no directory in its place. A fresh one elsewhere is "
			"filled as it is needed.",
			str_empty(p->link)
				? arena_printf(out->arena, "Where %s should be is no directory",
		                               p->path)
				: arena_printf(out->arena, "%s is a link to %s, which is not there",
		                               p->path, p->link));
		mend_cache(out, facts, "GOCACHE", false);
		return;
	}
	const struct fact_govar var = origin_of_var(facts, finding->about);
	out->why = arena_printf(out->arena,
	                        "%s is %s, set %s. Without it the build cache lies in its "
	                        "default place.",
	                        var.name, var.value, origin_words(facts, &var));
	mend_variable(out, facts, &var, NULL);
}

const struct fix fix_env_home_or_cache_undefined = {
	.cause = "env-home-or-cache-undefined",
	.title = "give go a place for its build cache",
	.plan = plan,
};
