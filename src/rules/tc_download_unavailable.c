/* SPDX-License-Identifier: MIT
 * The module or GOTOOLCHAIN asks for a Go that is not here and cannot be fetched.
 *
 * A switch that go can make is no fault: it is one only when the toolchain is neither in the module
 * cache nor on PATH, and go said so or may not fetch.
 */
#include "core/origin.h"
#include "core/rule.h"

static const struct fact *go_says_so(const struct facts *facts) {
	facts_each (go_run, run, facts) {
		bool failed = run->started && run->exit_code != 0;
		bool about = str_has(run->err, "toolchain") || str_has(run->err, "go: download") ||
		             str_has(run->err, "cannot find \"go") ||
		             str_has(run->err, "GOTOOLCHAIN");
		if (failed && about) {
			return &run->base;
		}
	}
	return facts_said(facts, "toolchain not available", NULL);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_toolchain *t = facts_first(toolchain, facts);
	if (!t || t->present || facts_healthy(facts)) {
		return;
	}
	bool invalid = streq(t->verdict, "invalid");
	if (!invalid && !streq(t->verdict, "needs")) {
		return;
	}
	const struct fact *said = go_says_so(facts);
	bool forbidden = t->proxy_off || t->path_only;
	if (!said && !forbidden && !facts_hurt(facts)) {
		return;
	}
	const char *wanted = invalid ? t->mode : t->need;
	struct finding *f = findings_add(
		out, self, said || forbidden ? CONF_CERTAIN : CONF_LIKELY,
		arena_printf(out->arena, "%s wanted by %s", wanted, t->where),
		invalid ? "GOTOOLCHAIN is %s (%s), which names no toolchain"
			: "%s is wanted (%s), is not on this machine, and cannot be fetched",
		wanted, t->where);
	finding_about(out, f, "GOTOOLCHAIN");
	finding_detail(out, f, "the Go installed here is %s; GOTOOLCHAIN=%s, GOPROXY=%s", t->local,
	               t->mode, t->proxy);
	finding_cites(f, t);
	finding_cite(f, said);
	const struct fact_govar *mode = facts_govar(facts, "GOTOOLCHAIN");
	const struct fact_govar *proxy = facts_govar(facts, "GOPROXY");
	if (mode) {
		finding_cites(f, mode);
	}
	if (proxy) {
		finding_cites(f, proxy);
	}
	if (invalid && mode) {
		origin_fix(facts, out, f, mode);
		return;
	}
	finding_fix(out, f, "where there is a network, fetch it once", "GOTOOLCHAIN=%s go version",
	            t->need);
	if (!streq(t->where, t->file) && mode) {
		origin_fix(facts, out, f, mode);
	}
}

const struct rule rule_tc_download_unavailable = {
	.id = "tc-download-unavailable",
	.title = "the Go version that is wanted is not here and cannot be fetched",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(toolchain),
	.explains = IDS("*mod-gosum-or-gomod-stale", "*bin-wrong-bin-dir"),
	.check = check,
};
