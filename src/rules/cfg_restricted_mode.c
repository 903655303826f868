/* SPDX-License-Identifier: MIT
 * The folder is not trusted, so the window is in Restricted Mode: since v0.52.0 the Go extension is
 * not started at all, before that tool paths in the workspace's settings had no effect.
 *
 * Counter-checks: the feature is not switched off, a trusted folder above does not cover it, the
 * editor has had this folder open, and no gopls of that editor runs here.
 */
#include "core/restricted.h"
#include "core/rule.h"

/* A server that this editor has started here proves that the extension runs. */
static bool is_refuted(const struct facts *facts) {
	facts_each (running_server, s, facts) {
		if (s->here && str_starts(s->editor_kind, "vscode")) {
			return true;
		}
	}
	return false;
}

/* The database says so and the folder was open; else it only was never allowed. */
static enum confidence confidence_of(const struct fact_folder_trust *t) {
	return streq(t->state, "untrusted") || t->opened ? CONF_CERTAIN : CONF_LIKELY;
}

static void advise(struct findings *out, struct finding *f, const struct facts *facts,
                   const struct fact_folder_trust *t) {
	const struct fact_install *v = facts_first(install, facts);
	finding_fix(out, f,
	            "if you know whose code it is: open it, run \"Workspaces: Manage Workspace "
	            "Trust\" and choose Trust",
	            "%s %s", v && !str_empty(v->cli) ? v->cli : "code",
	            str_shell_quote(out->arena, t->folder));
}

static void nothing_starts(const struct rule *self, const struct facts *facts, struct findings *out,
                           const struct fact_folder_trust *t) {
	const struct fact_install *v = facts_first(install, facts);
	const char *name = v ? v->name : "VS Code";
	const struct fact_extension *e = restricted_extension(facts);
	struct finding *f = findings_add(out, self, confidence_of(t), t->folder,
	                                 "%s is in Restricted Mode in %s: the folder is not "
	                                 "trusted%s%s%s, and there it does "
	                                 "not start the Go extension%s%s%s",
	                                 name, t->folder, streq(t->state, "untrusted") ? " (" : "",
	                                 streq(t->state, "untrusted") ? t->by : "",
	                                 streq(t->state, "untrusted") ? " was marked so)" : "",
	                                 e ? " (v" : "", e ? e->version : "", e ? ")" : "");
	finding_cites(f, t);
	if (e) {
		finding_cites(f, e);
	}
	if (v) {
		finding_cites(f, v);
	}
	advise(out, f, facts, t);
}

/* A setting of the workspace that an older extension does not hear in Restricted Mode, and that no
 * layer of the user's has instead. */
static void setting_lost(const struct rule *self, const struct facts *facts, struct findings *out,
                         const struct fact_folder_trust *t) {
	const struct fact_extension *e = restricted_extension(facts);
	facts_each (setting, s, facts) {
		bool of_workspace = streq(s->layer, "folder") || streq(s->layer, "workspace");
		if (!of_workspace || s->effective || !restricted_ignores(s->key) ||
		    streq(s->type, "object")) {
			continue;
		}
		struct finding *f = findings_add(
			out, self, confidence_of(t), s->key,
			"%s in %s line %lld has no effect: the folder %s is not trusted, and in "
			"Restricted Mode the Go extension v%s does not take it from the workspace",
			s->key, s->file, (long long)s->line, t->folder, e ? e->version : "?");
		if (!facts_hurt(facts)) {
			f->severity = SEV_NOTE;
		}
		size_t n = strlen(s->json);
		if (n > 2 && s->json[0] == '"') { /* the program found there is found by nobody */
			finding_about(out, f, arena_strndup(out->arena, s->json + 1, n - 2));
		}
		finding_cites(f, s);
		finding_cites(f, t);
		advise(out, f, facts, t);
		finding_fix(out, f, "put the setting into the user settings", "%s", "");
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_folder_trust *t = restricted_by(facts);
	if (!t || is_refuted(facts)) {
		return;
	}
	if (restricted_starts_nothing(facts)) {
		nothing_starts(self, facts, out, t);
	} else {
		setting_lost(self, facts, out, t);
	}
}

const struct rule rule_cfg_restricted_mode = {
	.id = "cfg-restricted-mode",
	.title = "the folder is not trusted, so the editor does without its Go extension",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(folder_trust),
	.explains = IDS("bin-wrong-bin-dir"),
	.check = check,
};
