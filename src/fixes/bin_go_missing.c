/* SPDX-License-Identifier: MIT
 * There is nothing here to build on: Go comes from the distribution or from its own site.
 */
#include "core/fix.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	(void)facts;
	(void)finding;
	plan_unable(out, "Go has to be installed, from the distribution or from go.dev");
}

const struct fix fix_bin_go_missing = {
	.cause = "bin-go-missing",
	.title = "none: Go has to be installed",
	.plan = plan,
};
