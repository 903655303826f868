/* SPDX-License-Identifier: MIT
 * GOROOT names something that is no Go installation.
 *
 * Counter-check: when the tree it names is the one the go command belongs to anyway, the
 * installation itself is broken (tc-goroot-incomplete) and taking the variable away would cure
 * nothing.
 */
#include "core/origin.h"
#include "core/rule.h"

static const char *what_is_wrong(const struct facts *facts, const struct fact_goroot *root) {
	size_t last = strlen(root->root);
	if (last > 1 && strchr("\"'", root->root[0]) && root->root[last - 1] == root->root[0]) {
		return "has quotes around it that belong to the value: nothing took them off";
	}
	if (root->root[0] != '/') {
		return "is not an absolute path";
	}
	if (!root->exists && str_ends(root->root, "\r")) {
		return "does not exist: a carriage return belongs to it";
	}
	if (!root->exists) {
		return "does not exist";
	}
	if (!root->is_dir) {
		return "is not a directory";
	}
	facts_each (goroot_gap, gap, facts) {
		if (!gap->own && streq(gap->root, root->root)) {
			return arena_printf(facts->arena, "is no Go installation: it has no %s",
			                    gap->part);
		}
	}
	return "is no Go installation";
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_govar *var = facts_govar(facts, "GOROOT");
	if (!var || streq(var->origin, "default")) {
		return;
	}
	facts_each (goroot, root, facts) {
		if (root->own || root->complete) {
			continue;
		}
		struct finding *f = findings_add(
			out, self, CONF_CERTAIN, arena_printf(out->arena, "GOROOT=%s", var->value),
			"GOROOT is %s, which %s", var->value, what_is_wrong(facts, root));
		finding_about(out, f, "GOROOT");
		finding_detail(out, f, "GOROOT is set %s; go finds its own installation without it",
		               origin_words(facts, var));
		finding_cites(f, root);
		finding_cites(f, var);
		facts_each (goroot_gap, gap, facts) {
			if (!gap->own && streq(gap->root, root->root)) {
				finding_cites(f, gap);
			}
		}
		origin_fix(facts, out, f, var);
	}
}

const struct rule rule_env_goroot_wrong = {
	.id = "env-goroot-wrong",
	.title = "GOROOT names something that is no Go installation",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(govar) | FACT_BIT(goroot),
	.explains = IDS("env-gopath-equals-goroot"),
	.check = check,
};
