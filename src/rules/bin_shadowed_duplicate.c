/* SPDX-License-Identifier: MIT
 * The editor finds an older gopls before the one the user keeps up to date.
 *
 * Two copies are harmless by themselves: the newer one must do better in the same workspace with
 * the same arguments.
 */
#include "core/rule.h"
#include "gofile/semver.h"

static const struct fact_tool *tool_of(const struct facts *facts, const char *path) {
	facts_each (tool, t, facts) {
		if (streq(t->tool, "gopls") && streq(t->path, path)) {
			return t;
		}
	}
	return NULL;
}

static const char *version_words(const struct fact_binary *b) {
	return b && !str_empty(b->version) ? b->version : "of no version";
}

/* A script says no version of its own: the server that it started said one. */
static const char *version_run(const struct facts *facts, const struct fact_binary *b,
                               const char *unknown) {
	const struct fact_server *server = facts_first(server, facts);

	if (b && streq(b->format, "script")) {
		return server && !str_empty(server->version) ? server->version : unknown;
	}
	return b ? b->version : "";
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_tool *chosen = facts_chosen(facts, "gopls");
	const struct fact_trial *trial = facts_trial(facts, "other gopls");
	if (!chosen || !trial || !trial->better) {
		return;
	}
	const struct fact_tool *other = tool_of(facts, trial->subject);
	const struct fact_binary *old = facts_binary(facts, chosen->path);
	const struct fact_binary *new = facts_binary(facts, trial->subject);
	if (!other || !new ||
	    semver_compare(version_run(facts, old, new->version), new->version) >= 0) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN,
		arena_printf(out->arena, "%s before %s", chosen->path, other->path),
		"the editor takes %s (%s) and never gets to %s (%s), with which it works",
		chosen->path, version_words(old), other->path, version_words(new));
	finding_about(out, f, chosen->path);
	finding_cites(f, trial);
	finding_cites(f, chosen);
	finding_cites(f, other);
	if (old) {
		finding_cites(f, old);
	}
	finding_cites(f, new);
	if (!str_empty(trial->detail)) {
		finding_detail(out, f, "%s", trial->detail);
	}
	if (chosen->configured) {
		finding_fix(out, f,
		            arena_printf(out->arena, "name the newer one in %s line %lld",
		                         chosen->file, (long long)chosen->line),
		            "\"go.alternateTools\": {\"gopls\": \"%s\"}", other->path);
		return;
	}
	const char *quoted = str_shell_quote(out->arena, chosen->path);
	finding_fix(out, f, "put the older one out of the way", "mv %s %s.old", quoted, quoted);
}

const struct rule rule_bin_shadowed_duplicate = {
	.id = "bin-shadowed-duplicate",
	.title = "an older gopls is found before the newer one",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool) | FACT_BIT(binary),
	.explains = IDS("*cfg-gopls-setting-invalid", "*cfg-bad-language-server-flags",
                        "*tc-gopls-built-with-older-go", "*tc-gopls-too-old-for-go",
                        "*tc-tools-need-recompile", "*tc-gomod-newer-syntax"),
	.check = check,
};
