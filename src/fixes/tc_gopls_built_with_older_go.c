/* SPDX-License-Identifier: MIT
 * Compiles gopls again with the Go that runs, in its place.
 */
#include "core/fix.h"
#include "core/gopls_choice.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_server_age *age = finding_first(server_age, finding);
	if (!age || age->path[0] != '/') {
		plan_unable(out, "it is not known which gopls is meant");
		return;
	}
	out->why = arena_printf(
		out->arena,
		"%s (%s) was compiled with Go %s and does not know the language of Go %s.",
		age->path, age->version, age->built, age->runs);
	mend_install(out, facts, GOPLS_PACKAGE, gopls_choose_again(age), age->path);
	out->then = "restart the server";
}

const struct fix fix_tc_gopls_built_with_older_go = {
	.cause = "tc-gopls-built-with-older-go",
	.title = "compile gopls again with this Go",
	.plan = plan,
};
