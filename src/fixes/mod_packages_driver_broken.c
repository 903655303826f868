/* SPDX-License-Identifier: MIT
 * The variable goes where it is set; a driver that gopls takes from PATH by its name alone is put aside.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_packages_driver *d = finding_first(packages_driver, finding);
	if (!d) {
		plan_unable(out, "it is not known which driver is meant");
		return;
	}
	out->why = "gopls asks another program than go for packages, and that one gives no answer; "
		   "without it gopls asks go.";
	if (streq(d->from, "path")) {
		plan_move(out, d->path, NULL);
		return;
	}
	out->keeps = str_empty(d->path) ? "" : d->path;
	if (streq(d->from, "gopls")) {
		const struct fact_govar var = {.name = "GOPACKAGESDRIVER",
		                               .value = "",
		                               .origin = "settings",
		                               .where = d->where};
		mend_variable(out, facts, &var, NULL);
		return;
	}
	mend_name(out, facts, "GOPACKAGESDRIVER", NULL);
}

const struct fix fix_mod_packages_driver_broken = {
	.cause = "mod-packages-driver-broken",
	.title = "let gopls ask go for packages",
	.plan = plan,
};
