/* SPDX-License-Identifier: MIT
 * Makes the line of the start-up file that ends or holds up the shell one that is left out when an editor asks.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "core/origin.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_shell_capture *c = finding_first(shell_capture, finding);
	if (!c) {
		plan_unable(
			out,
			"a start-up file prints something, and only you know which line: it may "
			"do that behind `[ -t 1 ] || return 0` only");
		return;
	}
	if (str_empty(c->file) || str_empty(c->text) || str_ends(c->shell, "/fish")) {
		plan_unable(out, "no line of a start-up file is known that makes %s fail",
		            c->shell);
		return;
	}
	out->why = arena_printf(out->arena,
	                        "The editor asks %s for its environment with "
	                        "VSCODE_RESOLVING_ENVIRONMENT set; line %lld of %s then goes "
	                        "wrong, and without it the shell answers.",
	                        c->shell, (long long)c->line, c->file);
	out->keeps = "what the line does in your terminals";
	plan_line(out, c->file, c->line, c->text,
	          arena_printf(out->arena, "[ -n \"$VSCODE_RESOLVING_ENVIRONMENT\" ] || %s",
	                       c->text));
	const struct fact_tool *go = origin_go_off_path(facts);
	const char *path = facts_var(facts, "judged", "PATH");
	if (go && path && origin_path_line(facts, go)) {
		mend_environment(out, arena_printf(out->arena, "PATH=%s:%s", path,
		                                   path_parent(out->arena, go->path)));
	}
	out->then = mend_restart(facts);
}

const struct fix fix_env_shell_capture_failed = {
	.cause = "env-shell-capture-failed",
	.title = "leave the line out when an editor asks the shell",
	.plan = plan,
};
