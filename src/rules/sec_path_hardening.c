/* SPDX-License-Identifier: MIT
 * sec-path-hardening: a policy of the host is about the directory a program lies in.
 * Proof: SIGKILL soon after the start, twice, of a program that asks nothing but its own version, while a copy of it elsewhere runs.
 * Counter-checks: a killer for want of memory takes what has grown (res-oom-killed), and a version takes
 * none; when copies are killed as well it is sec-os-kills-on-exec.
 */
#include "base/path.h"
#include "core/guards.h"
#include "core/rule.h"

#include <signal.h>

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_turned_away *r = guards_refused(facts, "exec", 0, SIGKILL);
	if (!facts_hurt(facts) || !r || !streq(r->copy, "runs")) {
		return;
	}
	struct finding *f =
		findings_add(out, self, CONF_CERTAIN, r->path,
	                     "%s is killed (SIGKILL) at its start, and a copy of it in another "
	                     "directory runs: a policy of this host is about that directory",
	                     r->path);
	finding_cites(f, r);
	finding_detail(out, f, "%s",
	               arena_printf(out->arena, "it was run again with the one word version%s",
	                            ", and the copy was run in the same way"));
	if (streq(r->tool, "gopls")) {
		finding_fix(out, f, "install it in another directory, and name that to the editor",
		            "GOBIN=\"$HOME/.local/bin\" go install "
		            "golang.org/x/tools/gopls@latest");
	}
	finding_fix(out, f,
	            arena_printf(out->arena, "ask whoever keeps this host to allow %s",
	                         path_parent(out->arena, r->path)),
	            "%s", "");
}

const struct rule rule_sec_path_hardening = {
	.id = "sec-path-hardening",
	.title = "A program is killed in one directory and runs in another",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(turned_away),
	.explains = IDS("*env-go-wrapper-broken"),
	.check = check,
};
