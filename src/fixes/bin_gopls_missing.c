/* SPDX-License-Identifier: MIT
 * Installs gopls where go install puts programs by default.
 */
#include "core/fix.h"
#include "core/gopls_choice.h"
#include "core/mend.h"
#include "gofile/goplsrelease.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	(void)finding;
	out->why = "gopls is not installed.";
	mend_gopls_missing(out, facts, gopls_release_wanted(gopls_local_go(facts)));
}

const struct fix fix_bin_gopls_missing = {
	.cause = "bin-gopls-missing",
	.title = "install gopls",
	.plan = plan,
};
