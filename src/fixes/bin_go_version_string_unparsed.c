/* SPDX-License-Identifier: MIT
 * Installs gopls where go install puts programs by default.
 */
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	(void)finding;
	out->why =
		"The plug-in does not understand what this go calls itself, and installs no gopls.";
	mend_gopls_missing(out, facts, "latest");
}

const struct fix fix_bin_go_version_string_unparsed = {
	.cause = "bin-go-version-string-unparsed",
	.title = "install gopls",
	.plan = plan,
};
