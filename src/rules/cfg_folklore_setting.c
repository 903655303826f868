/* SPDX-License-Identifier: MIT
 * A setting, or an attribute of a launch configuration, that no release of the Go extension ever
 * knew, or none knows any more. It has no effect, which is all that is wrong with it: a note.
 *
 * The extension ignores unknown go.* keys without a word; gopls.* keys reach gopls, which complains
 * (cfg-gopls-setting-invalid). Which ones: data/settings-lore.tsv.
 */
#include "core/lore.h"
#include "core/rule.h"

/* Only what has no effect at all; a deprecated setting still works. */
static const struct lore *find(struct arena *arena, const char *key) {
	const struct lore *lore = lore_find(arena, "go", key);
	bool dead = lore && (streq(lore->was, "never") || streq(lore->was, "removed"));
	return dead ? lore : NULL;
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

/* said_by: the fact that has it; kind: "a setting of the Go extension". */
static void report(const struct rule *self, struct findings *out, const struct lore *k,
                   const char *key, const char *file, int64_t line, const char *kind,
                   const struct fact *said_by) {
	struct finding *f = findings_add(out, self, CONF_CERTAIN, key,
	                                 "%s in %s line %lld has no effect: it %s", key, file,
	                                 (long long)line, lore_history(out->arena, k, kind));
	finding_cite(f, said_by);
	finding_fix(out, f,
	            arena_printf(out->arena,
	                         *k->instead ? "remove it from %s; what does exist is"
	                                     : "remove it from %s",
	                         file),
	            "%s", k->instead);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (setting, s, facts) {
		const struct lore *k = s->effective ? find(out->arena, s->key) : NULL;
		if (k && !is_member_of_reported(out, self, s->key)) {
			report(self, out, k, s->key, s->file, s->line,
			       "a setting of the Go extension", &s->base);
		}
	}
	facts_each (launch_lore, l, facts) {
		const struct lore *k = lore_find(out->arena, "launch", l->key);
		if (k) {
			report(self, out, k, l->key, l->file, l->line,
			       "an attribute of a Go launch configuration", &l->base);
		}
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
