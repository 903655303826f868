/* SPDX-License-Identifier: MIT
 * Installs the newest gopls that the Go at hand compiles, in its place.
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
		out->arena, "%s is %s, compiled with Go %s, and its release is too old for Go %s.",
		age->path, age->version, age->built, age->runs);
	mend_install(out, facts, GOPLS_PACKAGE, gopls_choose_newer(age), age->path);
	out->then = "restart the server";
}

const struct fix fix_tc_gopls_too_old_for_go = {
	.cause = "tc-gopls-too-old-for-go",
	.title = "install a newer gopls",
	.plan = plan,
};
