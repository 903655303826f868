/* SPDX-License-Identifier: MIT
 * `go mod vendor` or `go work vendor`, from the module cache; with the network when something is not there. Where nothing
 * was ever vendored, the flag that asks for vendor/ goes.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_vendor *vendor = finding_first(vendor, finding);
	const struct fact_vendor_gap *gap = finding_first(vendor_gap, finding);
	const struct fact_govar *flags = finding_first(govar, finding);
	if (!vendor || !gap) {
		plan_unable(out, "it is not known which vendor directory is meant");
		return;
	}
	if (!vendor->modules_txt && streq(vendor->mode, "flag")) {
		out->why = "A flag makes go look for packages in a vendor directory that nobody "
			   "ever made; without it go takes them from the module cache.";
		if (flags) {
			mend_goflags(out, facts, "-mod=vendor");
		} else {
			mend_build_flag(out, facts, "", "-mod=vendor");
		}
		return;
	}
	const char *dir = path_parent(out->arena, vendor->dir);
	const char *const announces[] = {arena_printf(out->arena, "%s/", vendor->dir), NULL};
	const char *tool = str_ends(gap->gomod, ".work") ? "work" : "mod";
	struct step *step = MEND_RUN_GO(out, facts, dir, announces, tool, "vendor");
	step->anew =
		true; /* os.RemoveAll of it, then os.MkdirAll: cmd/go/internal/modcmd/vendor.go */
	out->why = arena_printf(out->arena,
	                        "%s is to hold what %s asks for and does not; go makes it anew.",
	                        vendor->dir, gap->gomod);
	out->keeps = gap->gomod;
	bool here = !facts_first(mod_absent, facts) && !facts_first(gosum_gap, facts) &&
	            !facts_first(gomod_gap, facts);
	mend_fetch(out, facts, step, here, !facts_first(gosum_gap, facts));
}

const struct fix fix_mod_inconsistent_vendoring = {
	.cause = "mod-inconsistent-vendoring",
	.title = "make vendor/ anew from go.mod",
	.plan = plan,
};
