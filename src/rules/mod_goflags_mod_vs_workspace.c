/* SPDX-License-Identifier: MIT
 * mod-goflags-mod-vs-workspace: a -mod flag that go does not take, or cannot follow, while a go.work
 * is active: -mod=mod is refused by every command; -mod=vendor wants the vendor directory of the
 * workspace (go work vendor), not that of a module.
 * Counter-check: without a go.work both are fine, and so is -mod=vendor with a workspace vendor
 * directory; one that is there but out of step is mod-inconsistent-vendoring. A go.work that does
 * not use the module of the open file stops only the terminal's go: gopls loads that module alone.
 */
#include "base/path.h"
#include "core/origin.h"
#include "core/rule.h"

static const struct fact_gowork *active_work(const struct facts *facts) {
	facts_each (gowork, w, facts) {
		if (streq(w->role, "active") && str_empty(w->error)) {
			return w;
		}
	}
	return NULL;
}

/* -mod=vendor, and the directory go.work would need is not there. */
static const struct fact_vendor_gap *no_workspace_vendor(const struct facts *facts) {
	const struct fact_vendor *vendor = facts_first(vendor, facts);
	const struct fact_vendor_gap *gap = facts_first(vendor_gap, facts);
	bool made = vendor && vendor->modules_txt;
	return gap && !made && str_ends(gap->gomod, ".work") ? gap : NULL;
}

static void add_fixes(const struct facts *facts, struct findings *out, struct finding *f,
                      const struct fact_mod_flag *flag, const struct fact_gowork *work) {
	const struct fact_govar *var = facts_govar(facts, "GOFLAGS");
	const char *dir = str_shell_quote(out->arena, path_parent(out->arena, work->path));
	if (!streq(flag->from, "GOFLAGS")) {
		finding_fix(out, f,
		            arena_printf(out->arena, "remove -mod=%s from %s in %s", flag->value,
		                         flag->from, flag->where),
		            "%s", "");
	} else if (var) {
		finding_cites(f, var);
		origin_cite_judged(facts, f, "GOFLAGS");
		origin_fix(facts, out, f, var);
	}
	if (streq(flag->value, "vendor")) {
		finding_fix(out, f, "make the vendor directory of the workspace",
		            "cd %s && go work vendor", dir);
	} else {
		finding_fix(out, f, "work on one module without go.work", "export GOWORK=off");
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_mod_flag *flag = facts_first(mod_flag, facts);
	const struct fact_gowork *work = active_work(facts);
	const struct fact_work_member *member = facts_first(work_member, facts);
	if (!flag || !work) {
		return;
	}
	const struct fact_vendor_gap *gap =
		streq(flag->value, "vendor") ? no_workspace_vendor(facts) : NULL;
	if (!streq(flag->value, "mod") && !gap) {
		return;
	}
	bool concerned = !member || member->member;
	const struct fact *said = facts_said(facts, "workspace mode", NULL);
	const char *why =
		gap ? arena_printf(out->arena, "and %s has no vendor directory of its own",
	                           path_parent(out->arena, work->path))
		    : "which go refuses in workspace mode";
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN,
		arena_printf(out->arena, "%s -mod=%s", flag->from, flag->value),
		"%s has -mod=%s while %s is active, %s", flag->from, flag->value, work->path, why);
	finding_about(out, f, streq(flag->from, "GOFLAGS") ? "GOFLAGS" : flag->from);
	finding_cites(f, flag);
	finding_cites(f, work);
	if (gap) {
		finding_cites(f, gap);
	}
	finding_cite(f, said);
	add_fixes(facts, out, f, flag, work);
	bool hurts = concerned ? !facts_healthy(facts) : facts_hurt(facts) && said;
	f->severity = hurts ? SEV_ERROR : SEV_NOTE;
}

const struct rule rule_mod_goflags_mod_vs_workspace = {
	.id = "mod-goflags-mod-vs-workspace",
	.title = "A -mod flag contradicts the go.work that is active",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(mod_flag) | FACT_BIT(gowork),
	.explains = IDS("*mod-inconsistent-vendoring", "*env-goflags-malformed",
                        "*mod-gowork-stray-parent"),
	.check = check,
};
