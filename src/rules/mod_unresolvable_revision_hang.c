/* SPDX-License-Identifier: MIT
 * go fetches a required module from its own host, and that host does not answer: the load waits for
 * ever.
 *
 * Not this: a module proxy that does not answer (then the peer is the proxy's host and the module is
 * none that go asks for directly), a toolchain to be downloaded (tc-download-unavailable), a host that
 * refuses or is not known (go goes on with an error), a lock that somebody holds (no socket), a prompt
 * for a password (then the host has spoken).
 */
#include "core/rule.h"

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_fetch_wait *w = facts_first(fetch_wait, facts);

	if (!w || facts_healthy(facts)) {
		return;
	}
	const char *what = str_empty(w->module)
	                           ? w->url
	                           : arena_printf(out->arena, "%s@%s", w->module, w->version);
	const char *where = str_empty(w->gomod) ? ""
	                                        : arena_printf(out->arena, " (%s line %lld)",
	                                                       w->gomod, (long long)w->line);
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, arena_printf(out->arena, "%s: %s", w->host, what),
		"%s must be fetched from %s%s, which %s: %s (process %lld) has waited %.1f s for "
		"%s port "
		"%lld, and nothing limits that",
		what, w->host, where,
		streq(w->state, "connecting") ? "does not answer"
					      : "takes the connection and says nothing",
		w->program, (long long)w->pid, (double)w->age_ms / 1000, w->address,
		(long long)w->port);
	finding_about(out, f, w->host);
	finding_cites(f, w);
	facts_each (mod_absent, m, facts) {
		if (streq(m->module, w->module)) {
			finding_cites(f, m);
		}
	}
	if (!str_empty(w->why)) {
		finding_detail(out, f, "go asks that host itself because of %s", w->why);
	}
	if (!str_empty(w->module)) {
		finding_fix(out, f,
		            "require a version that can be had, or take the requirement out",
		            "go mod edit -droprequire=%s", str_shell_quote(out->arena, w->module));
		finding_fix(out, f, "use a copy on this machine", "go mod edit -replace=%s=../%s",
		            str_shell_quote(out->arena, w->module),
		            strrchr(w->module, '/') ? strrchr(w->module, '/') + 1 : w->module);
	}
	finding_fix(out, f, "is the host down, or is a VPN missing? Ask it yourself",
	            "curl -m 5 -v telnet://%s:%lld", w->host, (long long)w->port);
}

const struct rule rule_mod_unresolvable_revision_hang = {
	.id = "mod-unresolvable-revision-hang",
	.title = "the host of a required module does not answer, and go waits for ever",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(fetch_wait),
	.explains = IDS("*ipc-server-waits-on-child", "*mod-gosum-or-gomod-stale",
                        "*tc-download-unavailable", "?mod-excluded-by-constraints"),
	.check = check,
};
