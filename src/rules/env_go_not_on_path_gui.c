/* SPDX-License-Identifier: MIT
 * The editor's PATH has no go, although Go is installed.
 *
 * Not this: a remote editor server whose shell never reads the interactive file
 * (env-remote-noninteractive-shell); an editor older than the line that cures it
 * (env-stale-editor-process explains this one); a go on PATH that cannot be executed; no Go at all
 * (bin-go-missing).
 */
#include "base/path.h"
#include "core/origin.h"
#include "core/rule.h"

/* The directory of a gopls that the same PATH misses, with the colon before it, or "". */
static const char *gopls_too(const struct facts *facts, struct findings *out, struct finding *f,
                             const char *dir) {
	const struct fact_tool *gopls = origin_gopls_elsewhere(facts);
	if (!gopls) {
		return "";
	}
	const char *other = path_parent(out->arena, gopls->path);
	finding_detail(out, f, "nor does it lead to gopls, which is %s", gopls->path);
	finding_cites(f, gopls);
	return streq(other, dir) ? "" : arena_printf(out->arena, ":%s", other);
}

static void offer(const struct facts *facts, struct findings *out, struct finding *f,
                  const struct fact_tool *go) {
	const char *dir = path_parent(out->arena, go->path);
	const char *more = gopls_too(facts, out, f, dir);
	finding_fix(out, f, "put it where every session reads it, then log out and in again",
	            "echo 'export PATH=\"$PATH:%s%s\"' >> %s", dir, more, origin_login_file(facts));
}

/* The Go extension has found this go in its usual place, and would have put it on the PATH; but go did not answer, which has
 * a cause of its own. */
static bool go_refused(const struct facts *facts, const struct fact_tool *go) {
	const struct fact_go_run *run = facts_run(facts, FACTS_RUN_EXTENSION);
	const struct fact_setting *s = facts_setting(facts, "go.terminal.activateEnvironment");
	return run && run->exit_code != 0 && go->chosen && !(s && streq(s->json, "false"));
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_tool *go = origin_go_off_path(facts);
	if (!go || facts_healthy(facts) || go_refused(facts, go)) {
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
	offer(facts, out, f, go);
	if (facts_first(editor, facts) && streq(facts_first(editor, facts)->name, "vscode")) {
		const struct fact_tool *gopls = origin_gopls_elsewhere(facts);
		const char *also =
			gopls ? arena_printf(out->arena, ", \"gopls\": \"%s\"", gopls->path) : "";
		finding_fix(out, f,
		            arena_printf(out->arena,
		                         "tell the extension and restart the editor: "
		                         "\"go.alternateTools\": {\"go\": \"%s\"%s} in the user "
		                         "settings.json",
		                         go->path, also),
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
