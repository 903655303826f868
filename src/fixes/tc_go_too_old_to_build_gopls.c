/* SPDX-License-Identifier: MIT
 * Installs the newest gopls that the Go at hand builds.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/gopls_choice.h"
#include "core/mend.h"
#include "gofile/goplsrelease.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_go_version *v = finding_first(go_version, finding);
	const struct fact_target *t = facts_first(target, facts);
	const char *local = v ? v->version + (str_starts(v->version, "go") ? 2 : 0) : "";
	const struct gopls_release *r = gopls_release_for(local);
	if (!r || !t || t->home[0] != '/') {
		plan_unable(out, "no gopls is known that Go %s builds", local);
		return;
	}
	out->why = arena_printf(out->arena, "gopls %s is the newest one that Go %s builds.",
	                        r->last, local);
	mend_install(out, facts, GOPLS_PACKAGE, r->last,
	             path_join(out->arena, t->home, "go/bin/gopls"));
}

const struct fix fix_tc_go_too_old_to_build_gopls = {
	.cause = "tc-go-too-old-to-build-gopls",
	.title = "install the newest gopls that this Go builds",
	.plan = plan,
};
