/* SPDX-License-Identifier: MIT
 * sec-fapolicyd-fanotify: a daemon that is asked before a program is opened for execution (fapolicyd,
 * or another one with fanotify) does not trust gopls or go.
 * Proof: EPERM from execve although modes and mount allow it and the file can be read.
 * Counter-checks: a missing x bit, a directory and a noexec mount refuse with EACCES, as SELinux does
 * (sec-lsm-deny), file capabilities nobody here may get with EPERM too (sec-lsm-deny); what may not even be read is a scanner's doing (sec-antivirus-edr).
 */
#include "base/path.h"
#include "core/guards.h"
#include "core/rule.h"

#include <errno.h>

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_turned_away *r = guards_refused(facts, "exec", EPERM, 0);
	const struct fact_guard *daemon = guards_of(facts, "fapolicyd");
	const struct fact_guard *marks = guards_of(facts, "fanotify");
	if (!facts_hurt(facts) || !r || !str_empty(r->lacking) ||
	    (!daemon && (!r->readable || guards_of(facts, "antivirus")))) {
		return;
	}
	const char *path = str_shell_quote(out->arena, r->path);
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, r->path,
		"%s may be executed by its modes, and the kernel refuses it (EPERM): %s", r->path,
		daemon ? arena_printf(out->arena, "fapolicyd (process %lld) does not trust it",
	                              (long long)daemon->pid)
		       : "a daemon that is asked first (fapolicyd or its like, with fanotify) does "
			 "not trust it");
	finding_cites(f, r);
	finding_cite(f, (const struct fact *)daemon);
	finding_cite(f, (const struct fact *)marks);
	finding_detail(out, f, "the file can be read, so it is its execution that is refused");
	finding_fix(out, f, "let the one who keeps this machine trust that file",
	            "sudo fapolicyd-cli --file add %s && sudo fapolicyd-cli --update", path);
	finding_fix(out, f, "install it as a package, which is trusted", "%s", "");
}

const struct rule rule_sec_fapolicyd_fanotify = {
	.id = "sec-fapolicyd-fanotify",
	.title = "A daemon of the host refuses to let a program be executed",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(turned_away),
	.explains = IDS("*env-go-wrapper-broken"),
	.check = check,
};
