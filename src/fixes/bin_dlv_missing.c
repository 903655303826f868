/* SPDX-License-Identifier: MIT
 * Makes dlv executable, names the one that lies elsewhere, or installs one.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "wire/json_text.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_debugger *dlv = finding_first(debugger, finding);
	const struct fact_target *t = facts_first(target, facts);
	if (!dlv) {
		plan_unable(out, "it is not known where dlv was looked for");
		return;
	}
	if (streq(dlv->state, "no_exec_bit") && dlv->path[0] == '/') {
		out->why =
			arena_printf(out->arena, "%s is there and may not be executed.", dlv->path);
		plan_mode(out, dlv->path, 0111, 0, false);
	} else if (!str_empty(dlv->elsewhere) && mend_is_vscode(facts)) {
		out->why =
			arena_printf(out->arena, "dlv lies at %s, where the editor does not look.",
		                     dlv->elsewhere);
		mend_user_setting(out, facts, "go.alternateTools/dlv",
		                  json_text_quoted(out->arena, slice_str(dlv->elsewhere)));
	} else if (!t || t->home[0] != '/') {
		plan_unable(out, "it is not known where dlv could be installed");
	} else {
		out->why = "dlv is not installed, and something is to be debugged.";
		mend_install(out, facts, "github.com/go-delve/delve/cmd/dlv", "latest",
		             path_join(out->arena, t->home, "go/bin/dlv"));
	}
}

const struct fix fix_bin_dlv_missing = {
	.cause = "bin-dlv-missing",
	.title = "let dlv be found, or install it",
	.plan = plan,
};
