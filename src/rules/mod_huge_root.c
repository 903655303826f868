/* SPDX-License-Identifier: MIT
 * mod-huge-root: go walks every directory of a module before it answers, and this one has too many:
 * a go.mod in HOME or above a node_modules, a GOPATH/src with modules switched off.
 * Counter-check: counted only when the server took seconds or did not answer: one that answers at once
 * proves that the root is not too big, however big it is; what
 * waits for a lock, a process or the network is named by its own cause, which is certain, this one
 * is not. Without a go.mod gopls walks nothing.
 */
#include "base/path.h"
#include "core/rule.h"

/* go needs about 35 microseconds for one in memory, more on a disk: seconds. */
#define DIRS_MANY 100000
/* Counted in seconds, and there are more. */
#define DIRS_MANY_CUT 30000
/* The same on a machine that is busy, where the go below the server was seen to be at it all the time, too. */
#define DIRS_MANY_CUT_BUSY 5000

static int64_t many(const struct facts *facts, const struct fact_tree *t) {
	facts_each (wait_leaf, l, facts) {
		if (t->cut && streq(l->origin, "trial") && streq(l->kind, "works") &&
		    str_starts(l->name, "go ")) {
			return DIRS_MANY_CUT_BUSY;
		}
	}
	return t->cut ? DIRS_MANY_CUT : DIRS_MANY;
}

static const char *reason(struct arena *arena, const struct fact_tree *t, const char *home) {
	if (str_starts(t->because, "GO111MODULE")) {
		return "GO111MODULE=off makes go walk the opened folder";
	}
	return arena_printf(arena, "%s makes %s one module", t->because,
	                    streq(t->path, home) ? "the home directory" : "all of it");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_tree *t = facts_first(tree, facts);
	const struct fact_target *target = facts_first(target, facts);
	if (!t || t->dirs < many(facts, t)) {
		return;
	}
	struct finding *f = findings_add(out, self, CONF_LIKELY, t->path,
	                                 "%s has %s%lld directories, which go walks one by one "
	                                 "before the server answers: %s",
	                                 t->path, t->cut ? "more than " : "", (long long)t->dirs,
	                                 reason(out->arena, t, target ? target->home : ""));
	finding_cites(f, t);
	facts_each (feature, feature, facts) {
		if (streq(feature->state, "timeout") || streq(feature->state, "no_answer")) {
			finding_cites(f, feature);
		}
	}
	const char *dir = str_shell_quote(out->arena, t->path);
	if (!str_empty(t->largest)) {
		finding_detail(out, f,
		               "most of it (%lld entries) lies in %s; directoryFilters "
		               "would not help, because go walks it all the same",
		               (long long)t->largest_entries, t->largest);
		finding_fix(out, f, "make that directory no part of the module",
		            "printf 'module ignored\\n' >%s",
		            str_shell_quote(out->arena,
		                            path_join(out->arena,
		                                      path_join(out->arena, t->path, t->largest),
		                                      "go.mod")));
	}
	if (str_ends(t->because, "/go.mod")) {
		finding_fix(out, f, "take the go.mod away, if it is there by mistake",
		            "cd %s && mv go.mod go.mod.off", dir);
	}
	finding_fix(out, f, "open the folder of one project only", "%s", "");
	f->severity = facts_hurt(facts) ? SEV_ERROR : SEV_WARNING;
}

const struct rule rule_mod_huge_root = {
	.id = "mod-huge-root",
	.title = "The module has too many directories for go to walk",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(health),
	.explains = IDS("?ipc-server-waits-on-child"),
	.check = check,
};
