/* SPDX-License-Identifier: MIT
 * The editor's plug-in installs gopls itself and reads `go version` for that, more strictly than Go
 * writes it: distributors, experiments and previews add words ("go1.26.5-X:nodwarf5", "go1.18-pre10
 * …"). It then takes the command of a Go of long ago (`go get`), which installs nothing.
 *
 * Not this: a plug-in that has its gopls; no such plug-in in sight, then gopls is simply not
 * installed (bin-gopls-missing), whatever the version is called.
 */
#include "core/rule.h"
#include "gofile/goversion.h"

/* ^go[0-9]+(\.[0-9]+){1,2}$ */
static bool is_plain(const char *word) {
	if (!str_starts(word, "go")) {
		return false;
	}
	const char *p = word + 2;
	int numbers = 0;
	while (true) {
		size_t digits = strspn(p, "0123456789");
		if (digits == 0) {
			return false;
		}
		numbers++;
		p += digits;
		if (*p == '\0') {
			return numbers == 2 || numbers == 3;
		}
		if (*p++ != '.') {
			return false;
		}
	}
}

/* The word a reader looks at: the third of "go version go1.26.8 linux/amd64", or what is there. */
static const char *version_word(const struct facts *facts, const struct fact_go_run *run) {
	struct slice rest = slice_str(run->out);
	struct slice line = {0};
	struct slice word = {0};
	if (!slice_line(&rest, &line) || !slice_starts(line, "go version ")) {
		return NULL;
	}
	for (int i = 0; i < 3; i++) {
		if (!slice_cut(&line, ' ', &word)) {
			return NULL;
		}
	}
	return arena_slicedup(facts->arena, word);
}

/* Says the plug-in's own parser no? VS Code's extension wants go1.N or devel go1.N and then takes
 * anything (extension/src/util.ts, class GoVersion). */
static bool vscode_refuses(const struct fact_go_run *run) {
	static const char release[] = "go version go1.";
	static const char devel[] = "go version devel go1.";
	const char *rest = str_starts(run->out, release) ? run->out + strlen(release)
	                   : str_starts(run->out, devel) ? run->out + strlen(devel)
	                                                 : "";
	return strspn(rest, "0123456789") == 0;
}

/* Who would have installed gopls; "" when nobody in sight reads so strictly. */
static const char *strict_reader(const struct facts *facts, const struct fact_go_run *run,
                                 const struct fact **ret_proof) {
	const struct fact_editor *editor = facts_first(editor, facts);
	facts_each (installer, i, facts) {
		if (!i->has_gopls) {
			*ret_proof = &i->base;
			return arena_printf(facts->arena, "%s (%s)", i->name, i->path);
		}
	}
	facts_each (managed_install, m, facts) {
		if (!streq(m->editor, "coc")) {
			return ""; /* another installer is at work, which does not read the version */
		}
	}
	facts_each (editor_process, p, facts) {
		if (streq(p->kind, "neovim") || streq(p->comm, "vim")) {
			*ret_proof = &p->base;
			return arena_printf(facts->arena, "a plug-in of %s", p->comm);
		}
	}
	if (editor && streq(editor->name, "vscode") && vscode_refuses(run)) {
		*ret_proof = &editor->base;
		return "the Go extension of VS Code";
	}
	return "";
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_go_run *run = facts_run(facts, "version");
	if (!run || !run->started || run->exit_code != 0 || facts_chosen(facts, "gopls") ||
	    !facts_first(tool, facts) || facts_healthy(facts)) {
		return;
	}
	facts_each (tool, t, facts) {
		if (streq(t->tool, "gopls") && streq(t->state, "ok")) {
			return;
		}
	}
	const char *word = version_word(facts, run);
	const struct fact *proof = NULL;
	if (!word || is_plain(word) || str_empty(strict_reader(facts, run, &proof))) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_LIKELY, word,
		"go calls itself %s, which %s does not take for a version: it installs no gopls",
		word, strict_reader(facts, run, &proof));
	finding_about(out, f, "gopls");
	finding_cites(f, run);
	finding_cite(f, proof);
	const struct fact_tool *go = facts_chosen(facts, "server-go");
	if (go) {
		finding_cites(f, go);
	}
	finding_fix(out, f, "install gopls by hand; the plug-in finds it on PATH or by its path",
	            "go install golang.org/x/tools/gopls@latest");
}

const struct rule rule_bin_go_version_string_unparsed = {
	.id = "bin-go-version-string-unparsed",
	.title = "the editor's installer does not understand what this go calls itself",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool) | FACT_BIT(go_run),
	.explains = IDS("*bin-gopls-missing", "*bin-editor-managed-install-broken"),
	.check = check,
};
