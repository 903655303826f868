/* SPDX-License-Identifier: MIT
 * The server waits for its editor: that is stopped, frozen or held by a debugger, does not read what the server
 * writes, or does not answer what it asked (but for the settings: cfg-client-no-configuration). When nobody asked about that process (dialtone why), only an editor that cannot read and to which its server
 * wants to write is told of: one that is stopped on purpose is no fault of a set-up.
 */
#include "core/rule.h"

/* One that works through a long list of answers reads the next one sooner. */
#define DEAF_MS 5000

static bool is_it(const struct fact_wait_leaf *l) {
	bool stands =
		streq(l->kind, "stopped") || streq(l->kind, "traced") || streq(l->kind, "frozen");

	bool deaf = streq(l->kind, "reader") && l->since_ms >= DEAF_MS;

	if (streq(l->kind, "answer")) {
		return !l->healthy && l->settled && !streq(l->on, "workspace/configuration");
	}
	return !l->healthy && l->settled && streq(l->role, "editor") &&
	       (streq(l->origin, "asked") ||
	        (streq(l->origin, "running") && streq(l->how, "write") && (stands || deaf)));
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (wait_leaf, l, facts) {
		if (!is_it(l)) {
			continue;
		}
		bool sure = !streq(l->kind, "reader");
		struct finding *f = findings_add(out, self, sure ? CONF_CERTAIN : CONF_LIKELY,
		                                 l->name, "%s", l->text);

		finding_cites(f, l);
		facts_each (wait_unread, u, facts) {
			finding_cites(f, u);
		}
		facts_each (wait_link, link, facts) {
			finding_cites(f, link);
		}
		if (!str_empty(l->cure)) {
			struct fix_advice *fix = finding_fix(out, f, l->cure, "%s", l->command);

			fix->disruptive = l->disruptive;
		}
	}
}

const struct rule rule_ipc_editor_does_not_read = {
	.id = "ipc-editor-does-not-read",
	.title = "The editor stands still, or does not read or answer what the server sends",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(wait_leaf),
	.check = check,
};
