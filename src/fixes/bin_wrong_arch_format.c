/* SPDX-License-Identifier: MIT
 * A link to another gopls of this machine that runs takes the place of the one that does not; where there is none it is
 * installed anew.
 */
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	mend_gopls(out, facts, finding_first(binary, finding), "is no program for this machine");
}

const struct fix fix_bin_wrong_arch_format = {
	.cause = "bin-wrong-arch-format",
	.title = "take another gopls, or install it anew",
	.plan = plan,
};
