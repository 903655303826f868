/* SPDX-License-Identifier: MIT
 * go.useLanguageServer is not true, the file is no Go file to the editor, or the setting of another editor leaves gopls
 * out, so the editor starts no gopls at all.
 *
 * Only the value in force counts: another layer may have the last word.
 */
#include "core/associated.h"
#include "core/rule.h"

/* Other editors; stated only when they leave gopls out. */
static const char *const others[] = {"language-servers", "language_servers",
                                     "enable_language_server", "enabled"};

static void check_others(const struct rule *self, const struct facts *facts, struct findings *out) {
	for (size_t i = 0; i < sizeof(others) / sizeof(*others); i++) {
		const struct fact_setting *s = facts_setting(facts, others[i]);
		if (!s) {
			continue;
		}
		struct finding *f =
			findings_add(out, self, CONF_CERTAIN,
		                     arena_printf(out->arena, "%s (%s)", s->key, s->file),
		                     "%s is %.80s in %s line %lld: the editor starts no gopls",
		                     s->key, s->json, s->file, (long long)s->line);
		finding_cites(f, s);
		finding_fix(out, f, "put gopls back, or remove that line", "${EDITOR:-vi} +%lld %s",
		            (long long)s->line, str_shell_quote(out->arena, s->file));
		return;
	}
}

/* "*.go": "plaintext": to the editor this is no Go file, and nobody asks a server about it. */
static void check_associated(const struct rule *self, const struct facts *facts,
                             struct findings *out) {
	const struct fact_open_file *open = facts_first(open_file, facts);
	const struct fact_setting *s = open ? associated_elsewhere(facts, open->path) : NULL;
	if (!s) {
		return;
	}
	const char *pattern = s->key + strlen(ASSOCIATIONS_SETTING ".");
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN,
		arena_printf(out->arena, ASSOCIATIONS_SETTING " %s (%s)", pattern, s->file),
		ASSOCIATIONS_SETTING
		" in %s line %lld makes \"%s\" %.80s: to the editor %s is no Go "
		"file, and no gopls is asked about it",
		s->file, (long long)s->line, pattern, s->json, open->path);
	finding_about(out, f, s->key);
	finding_cites(f, s);
	finding_fix(out, f,
	            arena_printf(out->arena, "remove that line from %s, or make it", s->file),
	            "\"%s\": \"go\"", pattern);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_setting *s = facts_setting(facts, "go.useLanguageServer");
	check_others(self, facts, out);
	check_associated(self, facts, out);
	if (!s || streq(s->json, "true")) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN,
		arena_printf(out->arena, "go.useLanguageServer (%s)", s->file),
		"go.useLanguageServer is %s in the %s settings, %s line %lld: the editor starts no "
		"gopls",
		s->json, s->layer, s->file, (long long)s->line);
	finding_about(out, f, s->key);
	finding_cites(f, s);
	facts_each (setting, other, facts) {
		if (other != s && streq(other->key, s->key)) {
			finding_cites(f, other);
			finding_detail(out, f, "it overrides %s in %s line %lld", other->json,
			               other->file, (long long)other->line);
		}
	}
	finding_fix(out, f,
	            arena_printf(out->arena, "remove that line from %s, or make it", s->file),
	            "\"go.useLanguageServer\": true");
}

const struct rule rule_cfg_language_server_disabled = {
	.id = "cfg-language-server-disabled",
	.title = "the language server is switched off in the settings",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(setting),
	.check = check,
};
