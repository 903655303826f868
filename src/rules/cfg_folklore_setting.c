/* SPDX-License-Identifier: MIT
 * A setting that no release of the Go extension ever knew, or none knows any more. It has no
 * effect, which is all that is wrong with it: a note.
 *
 * The extension ignores unknown go.* keys without a word; gopls.* keys reach gopls, which complains
 * (cfg-gopls-setting-invalid). Sources: contributes.configuration of the extension's package.json,
 * releases v0.14 to v0.57.
 */
#include "core/rule.h"

struct folklore {
	const char *key;     /* a key, or with a '*' at its end the beginning of one */
	const char *history; /* "was never a setting", "was removed after v0.39.1" */
	const char *instead; /* what to write, or "" */
};

#define NEVER "was never a setting of the Go extension"
#define GONE  "was removed from the Go extension"

static const struct folklore known[] = {
	{"go.goplsPath", NEVER, "\"go.alternateTools\": {\"gopls\": \"/absolute/path\"}"},
	{"go.goplsBinary", NEVER, "\"go.alternateTools\": {\"gopls\": \"/absolute/path\"}"},
	{"go.gopls.path", NEVER, "\"go.alternateTools\": {\"gopls\": \"/absolute/path\"}"},
	{"go.languageServerPath", NEVER, "\"go.alternateTools\": {\"gopls\": \"/absolute/path\"}"},
	{"go.goplsArgs", NEVER, "\"go.languageServerFlags\": [\"-flag\"]"},
	{"go.goplsFlags", NEVER, "\"go.languageServerFlags\": [\"-flag\"]"},
	{"go.goplsOptions", NEVER, "\"gopls\": {}"},
	{"go.goplsStartupTimeout", NEVER, ""},
	{"go.goplsUseTCP", NEVER, "\"go.languageServerFlags\": [\"-remote=auto\"]"},
	{"go.cachePath", NEVER, "\"go.toolsEnvVars\": {\"GOCACHE\": \"/absolute/path\"}"},
	{"go.gopls", NEVER, "\"gopls\": {}"},
	{"go.gopls.*", NEVER, "\"gopls\": {}"},
	{"go.goBinPath", NEVER, "\"go.alternateTools\": {\"go\": \"/absolute/path\"}"},
	{"go.languageServerExperimentalFeatures", GONE " after v0.38.0", ""},
	{"go.languageServerExperimentalFeatures.*", GONE " after v0.38.0", ""},
	{"go.overwriteGoplsMiddleware", GONE " after v0.23.3", ""},
	{"go.useGoProxyToCheckForToolUpdates", GONE " after v0.39.1",
         "\"go.toolsManagement.checkForUpdates\": \"local\""},
	{"go.docsTool", GONE " after v0.39.1: gopls does it", ""},
	{"go.gotoSymbol.*", GONE " after v0.39.1: gopls does it", ""},
	{"go.gocode*", GONE " after v0.39.1: gopls does it", ""},
	{"go.liveErrors", GONE " after v0.39.1: gopls does it", ""},
	{"go.autocompleteUnimportedPackages", GONE " after v0.39.1: gopls does it", ""},
	{"go.useCodeSnippets*", GONE " after v0.39.1: gopls does it", ""},
};

static const struct folklore *find(const char *key) {
	for (size_t i = 0; i < sizeof(known) / sizeof(*known); i++) {
		size_t n = strlen(known[i].key);
		bool open = known[i].key[n - 1] == '*';
		if (open ? strncmp(key, known[i].key, n - 1) == 0 : streq(key, known[i].key)) {
			return &known[i];
		}
	}
	return NULL;
}

static bool is_member_of_reported(const struct findings *out, const struct rule *self,
                                  const char *key) {
	findings_each (f, out) {
		size_t n = strlen(f->about);
		if (f->rule == self && strncmp(key, f->about, n) == 0 &&
		    (key[n] == '.' || key[n] == '\0')) {
			return true;
		}
	}
	return false;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (setting, s, facts) {
		const struct folklore *k = s->effective ? find(s->key) : NULL;
		if (!k || is_member_of_reported(out, self, s->key)) {
			continue;
		}
		struct finding *f = findings_add(out, self, CONF_CERTAIN, s->key,
		                                 "%s in %s line %lld has no effect: it %s", s->key,
		                                 s->file, (long long)s->line, k->history);
		finding_cites(f, s);
		finding_fix(out, f,
		            arena_printf(out->arena,
		                         *k->instead ? "remove it from %s; what does exist is"
		                                     : "remove it from %s",
		                         s->file),
		            "%s", k->instead);
	}
}

const struct rule rule_cfg_folklore_setting = {
	.id = "cfg-folklore-setting",
	.title = "a setting that does not exist",
	.wave = 1,
	.severity = SEV_NOTE,
	.needs = FACT_BIT(setting),
	.check = check,
};
