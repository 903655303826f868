/* SPDX-License-Identifier: MIT */
#include "core/gopls_choice.h"
#include "core/mend.h"

#include "base/path.h"
#include "base/str.h"

static const struct fact_tool *another(const struct facts *facts, const char *path) {
	facts_each (tool, t, facts) {
		const struct fact_binary *b = facts_binary(facts, t->path);
		bool whole = b && streq(b->format, "elf") && b->machine_ok && !b->truncated &&
		             str_empty(b->fault) && str_starts(b->version, "v");
		if (streq(t->tool, "gopls") && streq(t->state, "ok") && !streq(t->path, path) &&
		    !streq(t->real, path) && whole) {
			return t;
		}
	}
	return NULL;
}

void mend_gopls(struct plan *plan, const struct facts *facts, const struct fact_binary *binary,
                const char *what) {
	const struct fact_tool *other = binary ? another(facts, binary->path) : NULL;
	if (!binary || !streq(binary->tool, "gopls")) {
		plan_unable(plan, "this Go has to be installed anew%s%s", binary ? ": " : "",
		            binary ? binary->path : "");
		return;
	}
	plan->why = arena_printf(plan->arena, "%s %s.", binary->path, what);
	if (other) {
		plan->why =
			arena_printf(plan->arena, "%s %s runs, and a link to it takes its place.",
		                     plan->why, other->path);
		plan_move(plan, binary->path, NULL);
		plan_link(plan, binary->path, NULL, other->path);
		return;
	}
	mend_install(plan, facts, GOPLS_PACKAGE, gopls_release_or_latest(binary->version),
	             binary->path);
}

void mend_gopls_missing(struct plan *plan, const struct facts *facts, const char *version) {
	const struct fact_target *t = facts_first(target, facts);
	if (!t || t->home[0] != '/') {
		plan_unable(plan, "it is not known where gopls could be installed");
		return;
	}
	mend_install(plan, facts, GOPLS_PACKAGE, version,
	             path_join(plan->arena, t->home, "go/bin/gopls"));
}
