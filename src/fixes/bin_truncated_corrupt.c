/* SPDX-License-Identifier: MIT
 * A link to another gopls of this machine that runs takes the place of the one that does not; where there is none it is
 * installed anew.
 */
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	mend_gopls(out, facts, finding_first(binary, finding), "is damaged");
}

const struct fix fix_bin_truncated_corrupt = {
	.cause = "bin-truncated-corrupt",
	.title = "take another gopls, or install it anew",
	.plan = plan,
};
