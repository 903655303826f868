/* SPDX-License-Identifier: MIT
 * Switches a server that is set up for Go, and switched off, on again.
 */
#include "base/str.h"
#include "core/fix.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_wiring *w = finding_first(wiring, finding);
	(void)facts;
	bool json = w && (str_ends(w->file, ".json") || str_ends(w->file, ".jsonc"));
	if (json && streq(w->state, "disabled") && streq(w->subject, "lsp.gopls")) {
		out->why = arena_printf(out->arena, "lsp.gopls of %s is switched off in %s.",
		                        w->agent, w->file);
		plan_setting(out, w->file, "lsp/gopls/disabled", NULL);
		out->then = "start the agent anew";
		return;
	}
	plan_unable(out, "it has to be set up in the agent: %s",
	            w && !str_empty(w->fix) ? w->fix : "see its documentation");
}

const struct fix fix_cfg_agent_lsp_not_wired = {
	.cause = "cfg-agent-lsp-not-wired",
	.title = "switch the server on in the agent's configuration",
	.plan = plan,
};
