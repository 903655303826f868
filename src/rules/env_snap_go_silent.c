/* SPDX-License-Identifier: MIT
 * Go is the snap, and run by the editor it prints nothing or fails.
 *
 * Proof: the go on the server's PATH is a link to the program snap, and asked with its output in a
 * pipe it gave no answer. Not this: a script that swallows the output (env-go-wrapper-broken); a snap
 * that answers; an editor that is itself in a snap.
 */
#include "core/origin.h"
#include "core/rule.h"

#define SNAP_GO "/snap/go/current/bin/go"

static bool answers(const struct fact_go_run *run) {
	return run && run->started && run->exit_code == 0 && str_has(run->out, "go");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_go_run *run = facts_run(facts, "behind the shim");
	const struct fact_go_run *version = facts_run(facts, "version");
	facts_each (shim, s, facts) {
		bool asked = run && run->started && !run->timed_out;
		if (!streq(s->tool, "go") || !streq(s->manager, "snap") || facts_healthy(facts) ||
		    s->answered || !asked || answers(version)) {
			continue;
		}
		struct finding *f = findings_add(
			out, self, CONF_CERTAIN, s->path,
			run->exit_code == 0
				? "%s is Go's snap (%s), and started from here it prints nothing"
				: "%s is Go's snap (%s), and started from here it fails",
			s->path, s->real);
		finding_about(out, f, "PATH");
		finding_detail(out, f,
		               "the launcher of snaps is confined and loses the pipe it should "
		               "write to; in a terminal it works");
		finding_cites(f, s);
		finding_cites(f, run);
		if (version) {
			finding_cites(f, version);
		}
		origin_cite_judged(facts, f, "PATH");
		finding_fix(out, f,
		            "put the program itself before the launcher, then log in again and "
		            "restart the editor",
		            "echo 'export PATH=\"%s:$PATH\"' >> %s", "/snap/go/current/bin",
		            origin_login_file(facts));
		finding_fix(out, f, "in VS Code: \"go.alternateTools\": {\"go\": \"" SNAP_GO "\"}",
		            "%s", "");
		finding_fix(out, f, "take Go from go.dev or the distribution instead",
		            "sudo snap remove go");
	}
}

const struct rule rule_env_snap_go_silent = {
	.id = "env-snap-go-silent",
	.title = "Go is a snap that prints nothing when the editor starts it",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool),
	.explains = IDS("*env-go-wrapper-broken", "*tc-goroot-incomplete"),
	.check = check,
};
