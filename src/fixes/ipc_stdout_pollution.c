/* SPDX-License-Identifier: MIT
 * A gopls that is there without the script is named instead of it, where a setting names the script. Else what the script
 * prints by itself goes to standard error: plain commands at the beginning of a line, which nothing redirects or reads.
 * Whether that is where the words come from the rehearsal shows.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "wire/json_text.h"

static const struct fact_tool *another(const struct facts *facts, const char *path) {
	facts_each (tool, t, facts) {
		const struct fact_binary *b = facts_binary(facts, t->path);
		if (streq(t->tool, "gopls") && streq(t->state, "ok") && !streq(t->path, path) &&
		    b && streq(b->format, "elf") && b->machine_ok) {
			return t;
		}
	}
	return NULL;
}

static void quieten(struct plan *out, const char *script) {
	struct step *step =
		plan_run(out, path_parent(out->arena, script),
	                 PLAN_WORDS(out, "/bin/sed", "-i", "--follow-symlinks", "-E",
	                            "/^(echo|printf|cat) [^<>|&;\\\\]*$/s/^/>\\&2 /", script),
	                 PLAN_WORDS(out, script));
	if (step) {
		step->what = arena_printf(out->arena,
		                          "let what %s prints by echo, printf and cat go to "
		                          "standard error",
		                          script);
	}
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_server *server = finding_first(server, finding);
	const struct fact_tool *now = finding_first(tool, finding);
	const struct fact_binary *b = finding_first(binary, finding);
	const struct fact_tool *other = server ? another(facts, server->path) : NULL;
	const struct fact_setting *s =
		now && now->configured && other ? facts_setting(facts, now->setting) : NULL;
	if (!server || !b || !streq(b->format, "script") || server->path[0] != '/') {
		plan_unable(out, "what prints there is no script that could be changed");
		return;
	}
	out->why = arena_printf(out->arena,
	                        "Standard output is for messages only; what %s prints there the "
	                        "editor takes for one.",
	                        server->path);
	if (s && mend_is_vscode(facts)) {
		out->keeps = server->path;
		mend_setting(out, facts, s, json_text_quoted(out->arena, slice_str(other->path)));
		return;
	}
	quieten(out, server->path);
	out->then = "restart the language server";
}

const struct fix fix_ipc_stdout_pollution = {
	.cause = "ipc-stdout-pollution",
	.title = "keep words out of the server's standard output",
	.plan = plan,
};
