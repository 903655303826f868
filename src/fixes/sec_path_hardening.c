/* SPDX-License-Identifier: MIT
 * A copy in a place in which the editor looks as well, and where none lies yet. Mounts and policies are not touched.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_turned_away *it = finding_first(turned_away, finding);
	if (!it || !streq(it->tool, "gopls")) {
		plan_unable(out, "%s has to be installed in another place", finding->subject);
		return;
	}
	mend_copy(out, facts, it->path);
}

const struct fix fix_sec_path_hardening = {
	.cause = "sec-path-hardening",
	.title = "put a copy of gopls where programs may be run",
	.plan = plan,
};
