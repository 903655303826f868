/* SPDX-License-Identifier: MIT
 * There is no Go on this machine: neither where the editor looks nor anywhere Go usually lies.
 *
 * Not this: a go that lies elsewhere (env-go-not-on-path-gui and its kin), one that cannot be
 * executed (bin-not-executable-or-dir, sec-noexec-mount).
 */
#include "core/origin.h"
#include "core/rule.h"

/* Nobody looked there while it was recorded (check --from-trace): it may well lie there. */
static bool is_unseen(const struct fact_tool *t) {
	return streq(t->state, "unknown") && streq(t->via, "path") && t->base.ev &&
	       t->base.ev->state == EV_NOT_RECORDED;
}

static bool is_nothing(const struct fact_tool *t) {
	return streq(t->state, "absent") || streq(t->state, "dangling") ||
	       streq(t->state, "unknown") || streq(t->state, "unreachable");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	/* A setting that names a missing one is the nearer cause: cfg-alternate-tools-stale. */
	if (!facts_first(tool, facts) || facts_healthy(facts) ||
	    facts_setting(facts, "go.alternateTools.go")) {
		return;
	}
	const struct fact_tool *dangling = NULL;
	facts_each (tool, t, facts) {
		if (streq(t->tool, "gopls")) {
			continue;
		}
		if (!is_nothing(t) || is_unseen(t) || origin_is_hidden_go(facts, t)) {
			return;
		}
		bool link = streq(t->state, "dangling");
		dangling = link && !dangling ? t : dangling;
	}
	struct finding *f =
		dangling ? findings_add(out, self, CONF_CERTAIN, "go",
	                                "Go is gone: %s is a link to %s, which does not exist",
	                                dangling->path,
	                                str_empty(dangling->real) ? "a file" : dangling->real)
			 : findings_add(out, self, CONF_CERTAIN, "go",
	                                "there is no go on this machine: not on PATH, not in "
	                                "/usr/local/go, not in the home directory");
	if (dangling) {
		finding_cites(f, dangling);
	}
	facts_each (tool, t, facts) {
		if (!streq(t->tool, "gopls") && t != dangling) {
			finding_cites(f, t);
		}
	}
	origin_cite_judged(facts, f, "PATH");
	finding_fix(out, f, "install Go from the distribution", "sudo apt install golang-go");
	finding_fix(out, f, "unpack a release of Go as /usr/local/go, and put it on PATH",
	            "echo 'export PATH=\"$PATH:/usr/local/go/bin\"' >> ~/.profile");
}

const struct rule rule_bin_go_missing = {
	.id = "bin-go-missing",
	.title = "Go is not installed",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool),
	.explains = IDS("*bin-gopls-missing", "*bin-wrong-bin-dir", "*env-goroot-wrong",
                        "*tc-goroot-incomplete", "*env-home-or-cache-undefined"),
	.check = check,
};
