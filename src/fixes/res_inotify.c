/* SPDX-License-Identifier: MIT
 * The limit is the kernel's: root raises it, and a file keeps it raised. Who holds the watches is left alone.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	static const char file[] = "/etc/sysctl.d/60-inotify.conf";
	const struct fact_watch_budget *b = finding_first(watch_budget, finding);
	(void)facts;
	if (!b || b->limit <= 0 || !str_starts(b->where, "fs.inotify.")) {
		plan_unable(out, "it is not known which limit is meant");
		return;
	}
	int64_t more = streq(b->what, "watches") ? 524288 : 1024;
	more = b->limit * 2 > more ? b->limit * 2 : more;
	const char *const argv[] = {"/sbin/sysctl", "-p", file, NULL};
	const char *const announces[] = {NULL};
	out->why = arena_printf(out->arena, "%s is %lld, for all programs of this user together.",
	                        b->where, (long long)b->limit);
	plan_append(out, file, arena_printf(out->arena, "%s=%lld", b->where, (long long)more));
	plan_run(out, "/", argv, announces);
	out->needs_root = true;
}

const struct fix fix_res_inotify = {
	.cause = "res-inotify",
	.title = "raise the limit of the kernel",
	.plan = plan,
};
