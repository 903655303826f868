/* SPDX-License-Identifier: MIT
 * The limit goes in the line that sets it. One of a session, a unit or a container is lifted where that is started.
 */
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_limit_source *source = finding_first(limit_source, finding);
	(void)facts;
	if (!source) {
		plan_unable(out,
		            "no line is known that sets this limit: it comes from the session, the "
		            "unit or the container");
		return;
	}
	out->why = arena_printf(out->arena,
	                        "%s line %lld sets a limit (%s) that go and gopls do not "
	                        "get along with.",
	                        source->file, (long long)source->line, source->value);
	mend_limit(out, source);
}

const struct fix fix_res_cpu_limit = {
	.cause = "res-cpu-limit",
	.title = "lift the limit of processor time where it is set",
	.plan = plan,
};
