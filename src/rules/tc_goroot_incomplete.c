/* SPDX-License-Identifier: MIT
 * The Go installation itself lacks parts: a half unpacked archive, a removed directory, damaged
 * tools.
 */
#include "core/origin.h"
#include "core/rule.h"

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_goroot_gap *first = NULL;
	size_t count = 0;
	facts_each (goroot_gap, gap, facts) {
		if (gap->own) {
			first = first ? first : gap;
			count++;
		}
	}
	/* With a variable that names another installation, ours is not the one in use. */
	bool other_in_use = false;
	facts_each (goroot, root, facts) {
		other_in_use = other_in_use || (!root->own && root->complete);
	}
	if (!first || other_in_use || facts_healthy(facts)) {
		return;
	}
	struct finding *f =
		findings_add(out, self, CONF_CERTAIN, first->root,
	                     "the Go installation %s is incomplete: %s is missing or damaged",
	                     first->root, first->part);
	if (count > 1) {
		finding_detail(out, f,
		               "%zu parts that every installation has are missing or damaged",
		               count);
	}
	facts_each (goroot_gap, gap, facts) {
		if (gap->own) {
			finding_cites(f, gap);
		}
	}
	finding_fix(out, f,
	            "install Go again into an empty directory (an archive unpacked over an old one "
	            "mixes both)",
	            "mv %s %s.broken   # then unpack or install the same Go version there",
	            str_shell_quote(out->arena, first->root),
	            str_shell_quote(out->arena, first->root));
}

const struct rule rule_tc_goroot_incomplete = {
	.id = "tc-goroot-incomplete",
	.title = "the Go installation lacks files",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(goroot) | FACT_BIT(goroot_gap),
	.explains = IDS("*mod-gosum-or-gomod-stale", "*bin-wrong-bin-dir"),
	.check = check,
};
