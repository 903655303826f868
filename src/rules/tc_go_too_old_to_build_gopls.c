/* SPDX-License-Identifier: MIT
 * There is no gopls, and the one an installation brings asks for a newer Go than the one here,
 * which may not or cannot fetch it: `go install …/gopls@latest` fails.
 *
 * Not this: a Go that is new enough, or may switch, or has the newer toolchain in the module cache:
 * then gopls is simply not installed (bin-gopls-missing).
 */
#include "core/origin.h"
#include "core/rule.h"
#include "gofile/goplsrelease.h"
#include "gofile/goversion.h"

/* Without a look at what is offered: what every release of the last months asks for. */
#define NEEDED_BY_NOW "1.26.0"

static bool is_installed(const struct facts *facts) {
	facts_each (tool, t, facts) {
		bool foreign = streq(t->via, "path") || streq(t->via, "elsewhere");
		bool gone = streq(t->state, "absent") || streq(t->state, "dangling") ||
		            streq(t->state, "unknown") ||
		            (streq(t->state, "unreachable") && foreign);
		if (streq(t->tool, "gopls") && !gone) {
			return true;
		}
	}
	return facts_setting(facts, "go.alternateTools.gopls") != NULL;
}

static const struct fact_go_version *local_go(const struct facts *facts, const char **ret) {
	facts_each (go_version, v, facts) {
		if (streq(v->source, "local") && !str_empty(v->version)) {
			*ret = v->version + (str_starts(v->version, "go") ? 2 : 0);
			return v;
		}
	}
	return NULL;
}

/* An installation takes what is newest; what was fetched already tells of a real attempt. */
static const struct fact_gopls_offer *offer(const struct facts *facts) {
	const struct fact_gopls_offer *best = NULL;
	facts_each (gopls_offer, o, facts) {
		best = !best || streq(o->from, "proxy") ? o : best;
	}
	return best;
}

static void add_fixes(const struct facts *facts, struct findings *out, struct finding *f,
                      const char *local, bool may_switch) {
	const struct gopls_release *r = gopls_release_for(local);
	const struct fact_govar *mode = facts_govar(facts, "GOTOOLCHAIN");
	if (r) {
		finding_fix(out, f,
		            arena_printf(out->arena, "install the newest gopls that Go %s builds",
		                         local),
		            "go install golang.org/x/tools/gopls@%s", r->last);
	}
	if (goversion_compare(local, "1.21") >= 0) {
		finding_fix(out, f, "where there is a network, let go fetch the Go it needs",
		            "GOTOOLCHAIN=auto go install golang.org/x/tools/gopls@latest");
	}
	if (mode && !may_switch && !streq(mode->origin, "default")) {
		finding_detail(out, f, "GOTOOLCHAIN=%s, set %s, forbids to switch", mode->value,
		               origin_words(facts, mode));
		finding_cites(f, mode);
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const char *local = "";
	const struct fact_go_version *v = local_go(facts, &local);
	const struct fact_gopls_offer *o = offer(facts);
	const char *mode = facts_govar_value(facts, "GOTOOLCHAIN");
	if (!v || facts_chosen(facts, "gopls") || is_installed(facts) || facts_healthy(facts)) {
		return;
	}
	bool knows_switch = goversion_compare(local, "1.21") >= 0;
	/* Where it cannot be told (go is a script) a switch is not ruled out. */
	bool may_switch =
		knows_switch && (str_empty(mode) || str_has(mode, "auto") || str_has(mode, "path"));
	const char *needs = o && !str_empty(o->go) ? o->go : NEEDED_BY_NOW;
	/* With leave to switch only an attempt that left no gopls shows that it did not work. */
	bool failed = o && streq(o->from, "cache") && str_empty(o->toolchain);
	if (goversion_compare(needs, local) <= 0 || (may_switch && !failed)) {
		return;
	}
	const char *what = o ? arena_printf(out->arena, "golang.org/x/tools/gopls@%s", o->version)
	                     : "golang.org/x/tools/gopls@latest";
	struct finding *f =
		findings_add(out, self, o && !may_switch ? CONF_CERTAIN : CONF_LIKELY, what,
	                     "gopls is not installed, and %s needs Go %s to build: this is Go %s%s",
	                     what, needs, local,
	                     !knows_switch ? ", which cannot fetch a newer one"
	                     : may_switch  ? ", and no newer one is on this machine"
	                                   : ", which may not fetch a newer one");
	finding_about(out, f, "gopls");
	if (o) {
		finding_cites(f, o);
	}
	finding_cites(f, v);
	add_fixes(facts, out, f, local, may_switch);
}

const struct rule rule_tc_go_too_old_to_build_gopls = {
	.id = "tc-go-too-old-to-build-gopls",
	.title = "this Go is too old to build the gopls that would be installed",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool) | FACT_BIT(go_version),
	.explains = IDS("*bin-gopls-missing"),
	.check = check,
};
