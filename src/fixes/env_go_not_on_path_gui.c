/* SPDX-License-Identifier: MIT
 * Adds a line to the file that login shells (and with them desktop sessions) read: the directory of go, and that of
 * gopls when the same PATH misses it.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "core/origin.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_tool *go = origin_go_off_path(facts);
	const struct fact_tool *gopls = origin_gopls_elsewhere(facts);
	(void)finding;
	if (!go) {
		plan_unable(out, "it is not known where go is");
		return;
	}
	const char *dirs = path_parent(out->arena, go->path);
	const char *more = gopls ? path_parent(out->arena, gopls->path) : dirs;
	if (!streq(more, dirs)) {
		dirs = arena_printf(out->arena, "%s:%s", dirs, more);
	}
	out->why = arena_printf(out->arena,
	                        "Go is installed as %s, and the PATH of the editor does not lead "
	                        "there. What a login shell reads, every session has.",
	                        go->path);
	mend_path(out, facts, dirs, false);
}

const struct fix fix_env_go_not_on_path_gui = {
	.cause = "env-go-not-on-path-gui",
	.title = "put the directory of go on PATH where every session reads it",
	.plan = plan,
};
