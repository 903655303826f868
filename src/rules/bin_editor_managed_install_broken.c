/* SPDX-License-Identifier: MIT
 * The gopls that an editor installs for itself is only half there.
 *
 * Not this: a whole managed copy that is older than another (bin-shadowed-duplicate); a broken one
 * that nobody starts, because another gopls is found (silent); no go for its installer to run
 * (bin-go-missing, env-go-not-on-path-gui: those come first).
 */
#include "core/rule.h"

static const char *editor_words(const char *editor) {
	return streq(editor, "mason")     ? "Mason (Neovim)"
	       : streq(editor, "zed")     ? "Zed"
	       : streq(editor, "coc")     ? "coc-go"
	       : streq(editor, "sublime") ? "LSP-gopls of Sublime Text"
	                                  : editor;
}

static const char *state_words(struct arena *arena, const struct fact_managed_install *m) {
	return streq(m->state, "absent") ? "is missing"
	       : streq(m->state, "dangling")
	               ? arena_printf(arena, "is a link to %s, which is not there", m->link)
	       : streq(m->state, "empty")       ? "is an empty file"
	       : streq(m->state, "no_exec_bit") ? "is not executable"
	                                        : "is not a whole program";
}

static void report(const struct rule *self, const struct facts *facts, struct findings *out,
                   const struct fact_managed_install *m) {
	const struct fact_tool *chosen = facts_chosen(facts, "gopls");
	struct finding *f =
		findings_add(out, self, CONF_CERTAIN, m->path,
	                     "the gopls that %s installs for itself in %s is half done: %s %s",
	                     editor_words(m->editor), m->dir, m->path, state_words(out->arena, m));
	finding_cites(f, m);
	if (chosen) {
		finding_cites(f, chosen);
	}
	if (streq(m->editor, "mason")) {
		finding_fix(out, f, "in Neovim: remove it and install it again",
		            ":MasonUninstall gopls | MasonInstall gopls");
	}
	finding_fix(out, f, "put it out of the way; the editor installs it again at its next start",
	            "mv %s %s.broken", str_shell_quote(out->arena, m->dir),
	            str_shell_quote(out->arena, m->dir));
	finding_fix(out, f, "install one that every editor finds",
	            "go install golang.org/x/tools/gopls@latest");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_tool *chosen = facts_chosen(facts, "gopls");

	if (facts_healthy(facts) || !facts_chosen(facts, "go")) {
		return;
	}
	facts_each (managed_install, m, facts) {
		if (!streq(m->state, "ok") && (m->chosen || !chosen)) {
			report(self, facts, out, m);
		}
	}
}

const struct rule rule_bin_editor_managed_install_broken = {
	.id = "bin-editor-managed-install-broken",
	.title = "the gopls an editor installs for itself is half done",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(managed_install) | FACT_BIT(tool),
	.explains = IDS("*bin-gopls-missing", "bin-truncated-corrupt", "bin-wrong-arch-format",
                        "bin-not-executable-or-dir", "*bin-wrong-bin-dir"),
	.check = check,
};
