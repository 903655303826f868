/* SPDX-License-Identifier: MIT
 * A copy in a place in which the editor looks as well, and where none lies yet. Mounts and policies are not touched.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

/* A place the editor looks at, in the home, without a gopls; NULL when there is none. */
static const char *free_place(const struct facts *facts, const char *not_in) {
	const struct fact_target *t = facts_first(target, facts);
	facts_each (tool, p, facts) {
		if (streq(p->tool, "gopls") && streq(p->state, "absent") && t &&
		    t->home[0] == '/' && path_below(p->path, t->home) &&
		    !path_below(p->path, t->workspace) && !path_below(p->path, not_in) &&
		    !streq(p->via, "alternate")) {
			return p->path;
		}
	}
	return NULL;
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_turned_away *it = finding_first(turned_away, finding);
	if (!it || !streq(it->tool, "gopls")) {
		plan_unable(out, "%s has to be installed in another place", finding->subject);
		return;
	}
	const char *to = free_place(facts, path_parent(out->arena, it->path));
	if (!to) {
		plan_unable(out, "no free place in the home is known in which the editor looks for "
		                 "gopls");
		return;
	}
	const char *dir = path_parent(out->arena, to);
	const char *const argv[] = {"/bin/cp", "--preserve=mode", it->path, to, NULL};
	const char *const announces[] = {to, NULL};
	out->why = arena_printf(out->arena, "%s may not be run where it lies; a copy in %s may.",
	                        it->path, dir);
	out->keeps = it->path;
	plan_mkdir(out, dir, 0755);
	plan_run(out, "/", argv, announces);
}

const struct fix fix_sec_path_hardening = {
	.cause = "sec-path-hardening",
	.title = "put a copy of gopls where programs may be run",
	.plan = plan,
};
