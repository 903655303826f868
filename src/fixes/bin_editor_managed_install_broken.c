/* SPDX-License-Identifier: MIT
 * Puts the half installation of the editor aside: it takes another gopls, or installs its own anew.
 */
#include "base/str.h"
#include "core/fix.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_managed_install *m = finding_first(managed_install, finding);
	if (!m || m->dir[0] != '/') {
		plan_unable(out, "it is not known which installation is meant");
		return;
	}
	bool other = false;
	facts_each (tool, t, facts) {
		other = other || (streq(t->tool, "gopls") && streq(t->state, "ok") &&
		                  !streq(t->via, "elsewhere") && !streq(t->path, m->path));
	}
	out->why =
		arena_printf(out->arena,
	                     other ? "%s is half installed; with it aside the editor takes the "
	                             "gopls on PATH."
	                           : "%s is half installed; with it aside the editor installs it "
	                             "anew at its next start.",
	                     m->dir);
	struct step *step = plan_move(out, m->dir, NULL);
	if (step && !other) {
		step->network = true;
	}
	out->then = "start the editor anew";
}

const struct fix fix_bin_editor_managed_install_broken = {
	.cause = "bin-editor-managed-install-broken",
	.title = "put the half installation aside",
	.plan = plan,
};
