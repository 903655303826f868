/* SPDX-License-Identifier: MIT
 * Names the gopls that is there in the user's settings; for other editors its directory gets on PATH. One that was built
 * for another platform has to be installed anew.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/gopls_choice.h"
#include "core/mend.h"
#include "wire/json_text.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_tool *t = finding_first(tool, finding);
	if (!t) {
		plan_unable(out, "it is not known where gopls is");
		return;
	}
	const char *dir = path_parent(out->arena, t->path);
	const struct fact_binary *b = facts_binary(facts, t->path);
	out->why =
		arena_printf(out->arena, "gopls is %s, where the editor does not look.", t->path);
	if (b && (!b->machine_ok || !streq(b->format, "elf")) && !streq(b->format, "script")) {
		out->why = arena_printf(out->arena, "%s was built for another platform.", t->path);
		mend_install(out, facts, GOPLS_PACKAGE, "latest",
		             path_join(out->arena, path_parent(out->arena, dir), "gopls"));
	} else if (mend_is_vscode(facts)) {
		mend_user_setting(out, facts, "go.alternateTools/gopls",
		                  json_text_quoted(out->arena, slice_str(t->path)));
		out->then = "reload the window of the editor";
	} else if (strchr(dir, ':')) {
		plan_unable(out, "%s has a ':' in its name and cannot be on PATH", dir);
	} else {
		mend_path(out, facts, dir, false);
	}
}

const struct fix fix_bin_wrong_bin_dir = {
	.cause = "bin-wrong-bin-dir",
	.title = "tell the editor where gopls is",
	.plan = plan,
};
