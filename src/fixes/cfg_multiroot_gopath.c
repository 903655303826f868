/* SPDX-License-Identifier: MIT
 * Takes the setting away that gives one folder of the window another GOPATH.
 */
#include "base/str.h"
#include "core/fix.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_window_folder *odd = finding_first(window_folder, finding);
	(void)facts;
	if (!odd || str_empty(odd->file) || !str_starts(odd->from, "go.")) {
		plan_unable(out, "open the folders in windows of their own: no setting makes the "
		                 "difference");
		return;
	}
	out->why = arena_printf(out->arena,
	                        "%s in %s gives the folder %s another GOPATH than the others have; "
	                        "modules need none of their own.",
	                        odd->from, odd->file, odd->folder);
	plan_setting(out, odd->file,
	             str_ends(odd->file, ".code-workspace")
	                     ? arena_printf(out->arena, "settings/%s", odd->from)
	                     : odd->from,
	             NULL);
	out->then = "reload the window of the editor";
}

const struct fix fix_cfg_multiroot_gopath = {
	.cause = "cfg-multiroot-gopath",
	.title = "take the GOPATH of one folder away",
	.plan = plan,
};
