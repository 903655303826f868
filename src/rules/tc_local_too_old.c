/* SPDX-License-Identifier: MIT
 * go.mod or go.work wants a newer Go, and GOTOOLCHAIN=local forbids to fetch one.
 */
#include "core/origin.h"
#include "core/rule.h"
#include "gofile/goversion.h"

struct want {
	const char *what; /* "DIR/go.mod", or "module m of DIR/go.mod" */
	const char *need;
	const struct fact *proof;
};

/* Only for the module or workspace itself does go switch by itself; a dependency that wants a newer
 * Go than the one that runs stops it where it may not switch. */
static bool dependency_wants(const struct facts *facts, const struct fact_toolchain *t,
                             struct arena *arena, struct want *ret) {
	bool may_switch = str_has(t->mode, "auto") || str_has(t->mode, "path");
	facts_each (gomod_gap, g, facts) {
		if (streq(g->kind, "newer_go") && !may_switch) {
			ret->what = arena_printf(arena, "module %s, required in %s,", g->module,
			                         g->gomod);
			ret->need = g->wanted;
			ret->proof = &g->base;
			return true;
		}
	}
	return false;
}

/* `toolchain default` in the file means: this Go and no other (go.dev/ref/mod#go-mod-file-toolchain).
 */
static void check_default_line(const struct rule *self, const struct facts *facts,
                               struct findings *out, const struct fact_toolchain *t) {
	bool work = str_ends(t->file, "go.work");
	struct finding *f = findings_add(out, self, CONF_CERTAIN, t->file,
	                                 "%s wants Go %s, this is Go %s, and its line \"toolchain "
	                                 "default\" forbids to switch",
	                                 t->file, t->need, t->local);
	finding_cites(f, t);
	facts_each (go_version, v, facts) {
		finding_cites(f, v);
	}
	finding_cite(f, facts_said(facts, "requires go >=", NULL));
	finding_fix(out, f, "take that line out, so that go may fetch the version it needs",
	            "go %s edit -toolchain=none %s", work ? "work" : "mod",
	            str_shell_quote(out->arena, t->file));
	finding_fix(out, f, arena_printf(out->arena, "install Go %s or newer", t->need), "%s", "");
}

/* The lines of the file in force that may forbid a switch. */
static bool says_default(const struct facts *facts, const char *file) {
	facts_each (gowork, w, facts) {
		if (streq(w->path, file) && streq(w->toolchain, "default")) {
			return true;
		}
	}
	facts_each (gomod, g, facts) {
		if (streq(g->path, file) && streq(g->toolchain, "default")) {
			return true;
		}
	}
	return false;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_toolchain *t = facts_first(toolchain, facts);
	/* Go before 1.21 does not look whether a go line is too new for it. */
	if (!t || facts_healthy(facts) ||
	    (!str_empty(t->runs) && goversion_compare(t->runs, "1.21") < 0)) {
		return;
	}
	bool may_switch = str_has(t->mode, "auto") || str_has(t->mode, "path");
	if (streq(t->verdict, "local_too_old") && may_switch && says_default(facts, t->file)) {
		check_default_line(self, facts, out, t);
		return;
	}
	struct want want = {.what = t->file, .need = t->need, .proof = &t->base};
	if (!streq(t->verdict, "local_too_old") && !dependency_wants(facts, t, out->arena, &want)) {
		return;
	}
	const struct fact_govar *mode = facts_govar(facts, "GOTOOLCHAIN");
	struct finding *f =
		findings_add(out, self, CONF_CERTAIN, t->file,
	                     "%s wants Go %s, this is Go %s, and GOTOOLCHAIN=%s forbids to switch",
	                     want.what, want.need, t->local, t->mode);
	finding_about(out, f, "GOTOOLCHAIN");
	finding_cite(f, want.proof);
	if (mode) {
		finding_detail(out, f, "GOTOOLCHAIN is set %s", origin_words(facts, mode));
		finding_cites(f, mode);
	}
	facts_each (go_version, v, facts) {
		finding_cites(f, v);
	}
	finding_cite(f, facts_said(facts, "requires go >=", NULL));
	bool by_user = mode && !streq(mode->origin, "goroot") && !streq(mode->origin, "default");
	if (by_user) {
		origin_fix(facts, out, f, mode); /* what go env -w stores would lose against it */
	} else {
		finding_fix(out, f,
		            "allow go to fetch the version it needs (network), then restart the "
		            "server",
		            "go env -w GOTOOLCHAIN=auto");
	}
	finding_fix(out, f, arena_printf(out->arena, "install Go %s or newer", want.need), "%s",
	            "");
}

const struct rule rule_tc_local_too_old = {
	.id = "tc-local-too-old",
	.title = "the module wants a newer Go and switching is forbidden",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(toolchain) | FACT_BIT(gomod_gap),
	.check = check,
};
