/* SPDX-License-Identifier: MIT
 * net-content-altered: what was downloaded is not what go.sum says, and somebody else says the same as go.sum: a mirror or
 * an inspecting proxy changed it, or the module was published again under an old version.
 * Counter-checks: when the third agrees with the module cache, go.sum was changed (mod-gosum-or-gomod-stale); when the
 * cache contradicts itself it was damaged later (fs-cache-corrupt).
 */
#include "base/path.h"
#include "core/rule.h"

static const char *again(struct findings *out, const struct facts *facts,
                         const struct fact_gosum_conflict *c) {
	const char *cache = facts_govar_value(facts, "GOMODCACHE");
	const char *at = arena_printf(out->arena, "%s@%s", c->module, c->version);
	return arena_printf(
		out->arena, "cd %s && mv %s %s && go mod download %s",
		str_shell_quote(out->arena, path_parent(out->arena, c->gosum)),
		str_shell_quote(out->arena, cache),
		str_shell_quote(out->arena, arena_printf(out->arena, "%s.altered", cache)),
		str_shell_quote(out->arena, at));
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (gosum_conflict, c, facts) {
		if (str_empty(c->against)) {
			continue;
		}
		bool git = streq(c->against, "git");
		struct finding *f = findings_add(
			out, self, git ? CONF_LIKELY : CONF_CERTAIN,
			arena_printf(out->arena, "%s %s", c->module, c->version),
			"the module cache has %s%s %s with another checksum than %s line %lld, and "
			"%s says the same as go.sum: what was downloaded is not what was published",
			c->is_gomod ? "the go.mod of " : "", c->module, c->version, c->gosum,
			(long long)c->line, git ? "the last commit" : "the checksum database");
		f->severity = facts_healthy(facts) ? SEV_NOTE : SEV_ERROR;
		finding_cites(f, c);
		finding_detail(out, f,
		               "ask who keeps the module whether that version was published "
		               "twice; the checksum in go.sum is what protects you, so do not "
		               "change it before you know, and do not switch GOSUMDB off");
		finding_fix(out, f,
		            "begin a new module cache, keep this one aside, and fetch the "
		            "module by another route (GOPROXY) than before",
		            "%s", again(out, facts, c));
		return;
	}
}

const struct rule rule_net_content_altered = {
	.id = "net-content-altered",
	.title = "What was downloaded of a module is not what go.sum says",
	.wave = 3,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(gosum_conflict),
	.check = check,
};
