/* SPDX-License-Identifier: MIT
 * Compiles gopls or dlv again with the Go that runs, in its place.
 */
#include "core/fix.h"
#include "core/gopls_choice.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_server_age *age = finding_first(server_age, finding);
	const struct fact_binary *dlv = finding_first(binary, finding);
	if (age) {
		out->why = arena_printf(out->arena, "%s was compiled with Go %s, and Go is %s now.",
		                        age->path, age->built, age->runs);
		mend_install(out, facts, GOPLS_PACKAGE, gopls_choose_again(age), age->path);
	} else if (dlv) {
		out->why = arena_printf(out->arena, "%s was compiled with %s.", dlv->path,
		                        dlv->go_version);
		mend_install(out, facts, "github.com/go-delve/delve/cmd/dlv", "latest", dlv->path);
	} else {
		plan_unable(out, "it is not known which tool is meant");
	}
}

const struct fix fix_tc_tools_need_recompile = {
	.cause = "tc-tools-need-recompile",
	.title = "compile the tool again with this Go",
	.plan = plan,
};
