/* SPDX-License-Identifier: MIT
 * Switches a server that is set up for Go, and switched off, on again; gives a plug-in without an entry its entry.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"

/* A plug-in lies in a directory of its own; what it may have beside its manifest is .lsp.json. */
static void plan_entry(const struct fact_wiring *w, struct plan *out) {
	static const char manifest[] = "/.claude-plugin/plugin.json";
	const char *dir =
		str_ends(w->file, manifest)
			? arena_strndup(out->arena, w->file, strlen(w->file) - strlen(manifest))
			: w->file;
	out->why = arena_printf(out->arena, "The plug-in %s has no entry for a server of Go.",
	                        w->subject);
	plan_append(out, path_join(out->arena, dir, ".lsp.json"),
	            "{\"gopls\": {\"command\": \"gopls\", \"extensionToLanguage\": "
	            "{\".go\": \"go\"}}}");
	out->then = "start the agent anew";
}

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
	if (w && streq(w->state, "no_entry") && w->file[0] == '/' &&
	    str_has(w->file, "/.claude/plugins/")) {
		plan_entry(w, out);
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
