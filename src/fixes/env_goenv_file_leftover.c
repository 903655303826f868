/* SPDX-License-Identifier: MIT
 * Takes the one value out of the file of `go env -w`; the others there stay.
 */
#include "base/str.h"
#include "core/fix.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_govar *var = finding_first(govar, finding);
	const char *colon = var ? strrchr(var->where, ':') : NULL;
	(void)facts;
	if (!colon || !streq(var->origin, "goenv")) {
		plan_unable(out, "it is not known which file holds %s", finding->subject);
		return;
	}
	const char *file = arena_printf(out->arena, "%.*s", (int)(colon - var->where), var->where);
	out->why = arena_printf(out->arena,
	                        "%s=%s was written by `go env -w` and outranks what go would "
	                        "find by itself; without it go takes its default.",
	                        var->name, var->value);
	plan_goenv(out, file, var->name, NULL);
}

const struct fix fix_env_goenv_file_leftover = {
	.cause = "env-goenv-file-leftover",
	.title = "take the value out of the file of `go env -w`",
	.plan = plan,
};
