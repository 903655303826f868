/* SPDX-License-Identifier: MIT
 * Writes out, where the variable is set, what the placeholder meant; what nobody knows is taken away. A PATH gets the
 * directory that is missed once more.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "core/origin.h"
#include "core/placeholder.h"

static void plan_path(const struct facts *facts, const struct finding *finding,
                      const struct fact_govar *var, struct plan *out) {
	const struct fact_tool *t = finding_first(tool, finding);
	const struct fact_tool *go = origin_go_off_path(facts);
	t = t && t->path[0] == '/' && streq(t->state, "ok") ? t : go;
	if (!t) {
		plan_unable(out, "it is not known which directory %s was to have", var->name);
		return;
	}
	out->why =
		arena_printf(out->arena,
	                     "PATH has a placeholder that nobody expands, and so does not lead to "
	                     "%s. A line of its own does.",
	                     t->path);
	mend_path(out, facts, path_parent(out->arena, t->path), false);
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_govar var = origin_of_var(facts, finding->about);
	const char *right = placeholder_meant(facts, var.value);
	/* gopls runs go where there is no module, too, and go refuses -modfile there. */
	bool known = !placeholder_find(out->arena, right) && !str_has(right, "-modfile=");
	if (streq(var.name, "PATH") && !streq(var.origin, "settings")) {
		plan_path(facts, finding, &var, out);
		return;
	}
	out->why =
		arena_printf(out->arena,
	                     known ? "%s is %s, set %s, where nobody expands that. It was meant "
	                             "to be %s."
	                           : "%s is %s, set %s, where nobody expands that. Without it go "
	                             "takes its default%s.",
	                     var.name, var.value, origin_words(facts, &var), known ? right : "");
	mend_variable(out, facts, &var, known ? right : NULL);
}

const struct fix fix_cfg_env_not_expanded = {
	.cause = "cfg-env-not-expanded",
	.title = "write out what was meant, where the variable is set",
	.plan = plan,
};
