/* SPDX-License-Identifier: MIT
 * The server waits for its editor: that is stopped, frozen or held by a debugger, or it does not read what the server
 * writes. Asked for only when somebody asks about a process that runs (dialtone why): an editor that is stopped on
 * purpose is no fault of a set-up.
 */
#include "core/rule.h"

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (wait_leaf, l, facts) {
		if (l->healthy || !l->settled || !streq(l->role, "editor") ||
		    !streq(l->origin, "asked")) {
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
	.title = "The editor stands still or does not read what the server writes",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(wait_leaf),
	.check = check,
};
