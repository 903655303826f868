/* SPDX-License-Identifier: MIT
 * sec-os-kills-on-exec: the host kills gopls or go at their start.
 * Proof: SIGKILL soon after the start, twice, of a program that asks nothing but its own version.
 * Counter-checks: a killer for want of memory takes what has grown (res-oom-killed), and a version takes
 * none; when a copy in another directory runs it is sec-path-hardening.
 */
#include "base/path.h"
#include "core/guards.h"
#include "core/rule.h"

#include <signal.h>

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_turned_away *r = guards_refused(facts, "exec", 0, SIGKILL);
	if (!facts_hurt(facts) || !r || streq(r->copy, "runs")) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, r->path,
		"%s is killed (SIGKILL) at its start, each time: a policy of this host ends it",
		r->path);
	finding_cites(f, r);
	finding_detail(out, f, "%s",
	               arena_printf(out->arena, "it was run again with the one word version%s",
	                            streq(r->copy, "ended")
	                                    ? ", and so was a copy in another directory"
	                                    : ""));
	finding_fix(
		out, f,
		"build it anew, in case its signature is what is refused; else ask whoever keeps "
		"this host",
		"%s", streq(r->tool, "gopls") ? "go install golang.org/x/tools/gopls@latest" : "");
}

const struct rule rule_sec_os_kills_on_exec = {
	.id = "sec-os-kills-on-exec",
	.title = "The program is killed at its start by a policy of the host",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(turned_away),
	.explains = IDS("*env-go-wrapper-broken"),
	.check = check,
};
