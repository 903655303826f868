/* SPDX-License-Identifier: MIT
 * A settings file breaks off in the middle, and a Go setting that matters is in the lost part.
 *
 * VS Code's parser forgives most mistakes and goes on: a missing comma or a merge conflict loses
 * nothing. Only an open comment or string swallows what follows. So this is the cause when a Go key
 * was lost and something is wrong that this key could have cured; else a note.
 */
#include "core/rule.h"

static bool has_any(const char *lost, const char *const *keys) {
	for (size_t i = 0; keys[i]; i++) {
		if (str_has(lost, keys[i])) {
			return true;
		}
	}
	return false;
}

/* The open file wants a tag that nobody sets: known before the server has answered. */
static bool lacks_tag(const struct facts *facts) {
	const struct fact_open_file *file = facts_first(open_file, facts);
	return file && streq(file->reason, "tag");
}

/* Something is wrong, and one of the lost settings decides about such things. */
static bool is_missed(const struct facts *facts, const char *lost) {
	const char *const *tools = IDS("go.alternateTools", "go.toolsGopath", "go.gopath",
	                               "go.goroot", "go.toolsEnvVars");
	const char *const *load = IDS("go.toolsEnvVars", "go.goroot", "go.buildFlags",
	                              "go.buildTags", "gopls", "go.alternateTools");
	bool found = facts_chosen(facts, "gopls") && facts_chosen(facts, "server-go");
	const char *const *tags = IDS("go.buildFlags", "go.buildTags", "gopls", "go.toolsEnvVars");
	return (!found && has_any(lost, tools)) || (facts_hurt(facts) && has_any(lost, load)) ||
	       (lacks_tag(facts) && has_any(lost, tags));
}

static const char *where_of(struct arena *arena, const struct fact_settings_error *e) {
	return e->line > 0 ? arena_printf(arena, "%s line %lld column %lld", e->file,
	                                  (long long)e->line, (long long)e->column)
	                   : e->file;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (settings_error, e, facts) {
		const char *where = where_of(out->arena, e);
		bool lost = !str_empty(e->lost);
		bool cause = lost && !facts_healthy(facts) && is_missed(facts, e->lost);
		struct finding *f =
			lost ? findings_add(out, self, cause ? CONF_CERTAIN : CONF_LIKELY, e->file,
		                            "%s: %s; what follows is lost: %s", where, e->message,
		                            e->lost)
			     : findings_add(out, self, CONF_CERTAIN, e->file,
		                            "%s: %s; no Go setting is lost by it", where,
		                            e->message);
		f->severity = cause ? SEV_ERROR : SEV_NOTE;
		finding_cites(f, e);
		finding_fix(out, f, "open the file there and correct it", "code --goto %s",
		            str_shell_quote(out->arena, arena_printf(out->arena, "%s:%lld:%lld",
		                                                     e->file, (long long)e->line,
		                                                     (long long)e->column)));
	}
}

const struct rule rule_cfg_settings_json_invalid = {
	.id = "cfg-settings-json-invalid",
	.title = "a settings file is damaged and a Go setting is lost",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(settings_error),
	.explains = IDS("*bin-gopls-missing", "*bin-go-missing", "*bin-wrong-bin-dir",
                        "*bin-shadowed-duplicate", "*env-go-not-on-path-gui",
                        "*mod-excluded-by-constraints", "*mod-gosum-or-gomod-stale",
                        "*cfg-gopls-setting-invalid", "*tc-local-too-old",
                        "*env-home-or-cache-undefined", "*env-remote-noninteractive-shell"),
	.check = check,
};
