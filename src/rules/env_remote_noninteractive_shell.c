/* SPDX-License-Identifier: MIT
 * A remote editor server started from a shell that never reads the file in which the user's exports
 * are.
 */
#include "core/origin.h"
#include "core/rule.h"

static void report(const struct rule *self, const struct facts *facts, struct findings *out,
                   const struct fact_startup *line, const char *what, const struct fact *proof) {
	struct finding *f =
		findings_add(out, self, CONF_CERTAIN,
	                     arena_printf(out->arena, "%s in %s", line->name, line->file),
	                     "the remote editor server has no %s: it comes from %s line %lld, and "
	                     "only interactive shells read that file",
	                     what, line->file, (long long)line->line);
	finding_about(out, f, line->name);
	finding_cites(f, line);
	const struct fact_editor_process *p = facts_first(editor_process, facts);
	if (p) {
		finding_cites(f, p);
	}
	origin_cite_judged(facts, f, "PATH");
	finding_cite(f, proof);
	bool path = streq(line->name, "PATH");
	finding_fix(out, f,
	            "write it where login shells read it, then end the remote server and connect "
	            "again",
	            "echo %s >> %s",
	            str_shell_quote(
			    out->arena,
			    path ? arena_printf(out->arena, "export PATH=\"$PATH:%s\"", line->value)
				 : arena_printf(out->arena, "export %s=%s", line->name,
	                                        str_shell_quote(out->arena, line->value))),
	            origin_login_file(facts));
}

/* The variable of this line is not there, and what is wrong now would be right with it. */
static const struct fact *need_for(const struct facts *facts, const struct fact_startup *line) {
	bool missing = !facts_var(facts, "judged", line->name);
	if (!missing || !streq(line->kind, "interactive") || streq(line->name, "PATH") ||
	    origin_startup(facts, line->name, NULL) != line) {
		return NULL;
	}
	return origin_need(facts, line->name, line->value);
}

/* Several variables for one need are one finding. */
static bool is_first_with(const struct facts *facts, const struct fact_startup *line,
                          const struct fact *proof) {
	facts_each (startup, other, facts) {
		if (other == line) {
			return true;
		}
		if (need_for(facts, other) == proof) {
			return false;
		}
	}
	return true;
}

static const char *names_with(const struct facts *facts, const struct fact_startup *line,
                              const struct fact *proof) {
	const char *names = line->name;
	facts_each (startup, other, facts) {
		if (other != line && need_for(facts, other) == proof) {
			names = arena_printf(facts->arena, "%s and %s", names, other->name);
		}
	}
	return names;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	if (!origin_is_remote(facts) || facts_healthy(facts)) {
		return;
	}
	const struct fact_tool *go = origin_go_off_path(facts);
	const struct fact_tool *tool = go ? go : origin_gopls_off_path(facts);
	const struct fact_startup *path_line = tool ? origin_path_line(facts, tool) : NULL;
	if (path_line && streq(path_line->kind, "interactive")) {
		report(self, facts, out, path_line,
		       arena_printf(out->arena, "%s on its PATH (%s)", tool->tool, tool->path),
		       &tool->base);
	}
	facts_each (startup, line, facts) {
		const struct fact *proof = need_for(facts, line);
		if (proof && is_first_with(facts, line, proof)) {
			report(self, facts, out, line, names_with(facts, line, proof), proof);
		}
	}
}

const struct rule rule_env_remote_noninteractive_shell = {
	.id = "env-remote-noninteractive-shell",
	.title = "the remote editor server never read the file with the user's exports",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool) | FACT_BIT(var) | FACT_BIT(startup),
	.explains =
		IDS("env-go-not-on-path-gui", "*bin-wrong-bin-dir", "*bin-gopls-missing",
                    "*mod-gosum-or-gomod-stale", "*tc-download-unavailable", "*tc-local-too-old",
                    "*mod-excluded-by-constraints", "*mod-inconsistent-vendoring"),
	.check = check,
};
