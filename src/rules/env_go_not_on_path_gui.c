/* SPDX-License-Identifier: MIT
 * The editor's PATH has no go, although Go is installed.
 *
 * Not this: a remote editor server whose shell never reads the interactive file
 * (env-remote-noninteractive-shell); an editor older than the line that cures it
 * (env-stale-editor-process explains this one); a go on PATH that cannot be executed; no Go at all
 * (bin-go-missing).
 */
#include "core/origin.h"
#include "core/rule.h"

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_tool *go = origin_go_off_path(facts);
	if (!go || facts_healthy(facts)) {
		return;
	}
	const struct fact_startup *line = origin_path_line(facts, go);
	if (origin_is_remote(facts) && line && streq(line->kind, "interactive")) {
		return;
	}
	const struct fact_editor_process *p = facts_first(editor_process, facts);
	const char *whose =
		p ? arena_printf(out->arena, "the PATH of the editor (process %lld, %s)",
	                         (long long)p->pid, p->comm)
		  : "the PATH";
	struct finding *f = findings_add(out, self, CONF_CERTAIN,
	                                 arena_printf(out->arena, "PATH without %s", go->path),
	                                 "%s has no go; Go is installed as %s", whose, go->path);
	finding_about(out, f, "PATH");
	facts_each (tool, t, facts) {
		if (streq(t->tool, "server-go")) {
			finding_cites(f, t);
		}
	}
	origin_cite_judged(facts, f, "PATH");
	finding_cites(f, go);
	if (p) {
		finding_cites(f, p);
	}
	if (line) {
		finding_detail(out, f, "the line that adds it, %s line %lld, is %s", line->file,
		               (long long)line->line,
		               streq(line->kind, "interactive")
		                       ? "only read by interactive shells"
		                       : "not in force where the editor was started");
		finding_cites(f, line);
	}
	size_t dir = (size_t)(strrchr(go->path, '/') - go->path);
	finding_fix(out, f, "put it where every session reads it, then log out and in again",
	            "echo 'export PATH=\"$PATH:%.*s\"' >> %s", (int)dir, go->path,
	            origin_login_file(facts));
	if (facts_first(editor, facts) && streq(facts_first(editor, facts)->name, "vscode")) {
		finding_fix(out, f,
		            arena_printf(out->arena,
		                         "tell the extension and restart the editor: "
		                         "\"go.alternateTools\": {\"go\": \"%s\"} in the user "
		                         "settings.json",
		                         go->path),
		            "%s", "");
	}
}

const struct rule rule_env_go_not_on_path_gui = {
	.id = "env-go-not-on-path-gui",
	.title = "the editor's PATH has no go",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool) | FACT_BIT(var),
	.explains = IDS("*bin-wrong-bin-dir"),
	.check = check,
};
