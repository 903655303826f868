/* SPDX-License-Identifier: MIT
 * A link to another gopls of this machine that runs takes the place of the one that does not; where there is none it is
 * installed anew.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

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

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_binary *b = finding_first(binary, finding);
	const struct fact_tool *other = b ? another(facts, b->path) : NULL;
	if (!b || !streq(b->tool, "gopls")) {
		plan_unable(out, "this Go has to be installed anew%s%s", b ? ": " : "",
		            b ? b->path : "");
		return;
	}
	out->why = arena_printf(out->arena, "%s is no program for this machine.", b->path);
	if (other) {
		out->why = arena_printf(out->arena, "%s %s runs, and a link to it takes its place.",
		                        out->why, other->path);
		plan_move(out, b->path, NULL);
		plan_link(out, b->path, NULL, other->path);
		return;
	}
	mend_install(out, facts,
	             arena_printf(out->arena, "golang.org/x/tools/gopls@%s",
	                          str_starts(b->version, "v") ? b->version : "latest"),
	             b->path);
}

const struct fix fix_bin_wrong_arch_format = {
	.cause = "bin-wrong-arch-format",
	.title = "take another gopls, or install it anew",
	.plan = plan,
};
