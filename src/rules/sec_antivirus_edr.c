/* SPDX-License-Identifier: MIT
 * sec-antivirus-edr: a virus scanner or an agent for endpoint security refuses a file: it may not be
 * read, or not be executed while such a daemon runs.
 * Proof: EPERM although modes allow it to this user.
 * Counter-checks: fapolicyd lets a file be read and refuses its execution; a sandbox refuses only what
 * is inside of it, and we are not; SELinux refuses with EACCES.
 */
#include "core/guards.h"
#include "core/rule.h"

#include <errno.h>

/* The server waits for its answer, and does not get it. */
static void check_silent(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_wait_leaf *waits = NULL;
	const struct fact_guard *daemon = guards_of(facts, "antivirus");
	facts_each (wait_leaf, l, facts) {
		bool it = streq(l->kind, "guard") && l->settled && !l->healthy;
		waits = !waits && it ? l : waits;
	}
	if (!waits || facts_healthy(facts) || guards_of(facts, "fapolicyd")) {
		return;
	}
	daemon = daemon ? daemon : guards_of(facts, "fanotify");
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, str_empty(waits->on) ? waits->name : waits->on,
		"%s waits for leave to open %s: %s is asked before, and does not answer",
		waits->name, str_empty(waits->on) ? "a file" : waits->on,
		daemon ? arena_printf(out->arena, "the scanner %s (process %lld)", daemon->name,
	                              (long long)daemon->pid)
		       : "a scanner of this host (fanotify: virus protection, endpoint security)");
	finding_about(out, f, arena_printf(out->arena, "%lld", (long long)waits->pid));
	finding_cites(f, waits);
	finding_cite(f, (const struct fact *)daemon);
	finding_fix(out, f, "see who may ask for permission on this machine",
	            "sudo grep -l '^fanotify' /proc/[0-9]*/fdinfo/* 2>/dev/null");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	check_silent(self, facts, out);
	const struct fact_turned_away *exec = guards_refused(facts, "exec", EPERM, 0);
	const struct fact_turned_away *read = guards_refused(facts, "read", EPERM, 0);
	const struct fact_guard *daemon = guards_of(facts, "antivirus");
	const struct fact_turned_away *r = exec && (!exec->readable || daemon) ? exec : read;
	if (!facts_hurt(facts) || !r || guards_of(facts, "fapolicyd") || !str_empty(r->lacking)) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, r->path,
		"%s may be %s by its modes, and %s refuses it (EPERM)", r->path,
		r == exec ? "executed" : "read",
		daemon ? arena_printf(out->arena, "the scanner %s (process %lld)", daemon->name,
	                              (long long)daemon->pid)
		       : "a scanner of this host (virus protection, endpoint security)");
	finding_cites(f, r);
	finding_cite(f, (const struct fact *)daemon);
	finding_cite(f, (const struct fact *)guards_of(facts, "fanotify"));
	if (r == exec && !r->readable) {
		finding_detail(out, f, "not even its bytes can be read");
	}
	finding_fix(out, f,
	            arena_printf(out->arena,
	                         "have it examined and released: ask whoever keeps the scanner to "
	                         "allow %s",
	                         r->path),
	            "sha256sum %s", str_shell_quote(out->arena, r->path));
}

const struct rule rule_sec_antivirus_edr = {
	.id = "sec-antivirus-edr",
	.title = "A virus scanner or endpoint agent refuses a file",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(turned_away),
	.explains = IDS("*env-go-wrapper-broken", "*bin-self-exe-unreadable", "*fs-cache-corrupt",
                        "*ipc-server-stopped", "*ipc-server-waits-on-child"),
	.check = check,
};
