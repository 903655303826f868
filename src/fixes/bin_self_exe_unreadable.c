/* SPDX-License-Identifier: MIT
 * Lets everybody read the program: gopls must read its own file.
 */
#include "base/str.h"
#include "core/fix.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_self_exe *s = finding_first(self_exe, finding);
	(void)facts;
	if (!s || !streq(s->state, "unreadable")) {
		plan_unable(out, "/proc has to be mounted: mount -t proc proc /proc");
		return;
	}
	out->why = arena_printf(out->arena, "%s may be executed and not be read, with mode %04llo.",
	                        s->path, (unsigned long long)s->mode & 07777);
	plan_mode(out, s->path, 0444, 0, false);
}

const struct fix fix_bin_self_exe_unreadable = {
	.cause = "bin-self-exe-unreadable",
	.title = "let the program be read",
	.plan = plan,
};
