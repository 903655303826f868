/* SPDX-License-Identifier: MIT
 * cfg-agent-lsp-not-wired: the client is a coding agent, and no language server is set up for Go
 * in its configuration: the plug-in brings no server entry, it is switched off, or its entry names
 * no program that exists or no Go files.
 * Counter-check: with an entry that leads to a gopls, whatever is wrong lies elsewhere
 * (bin-gopls-missing, bin-go-missing); an agent without anything about servers in its
 * configuration is only worth a note, unless it was asked about by name.
 */
#include "core/rule.h"

static const struct {
	const char *state, *words, *fix;
} kinds[] = {
	{"no_entry", "brings no server entry (lspServers) for .go files",
         "give the plug-in its entry"},
	{"disabled", "is switched off", "switch it on"},
	{"no_program", "names a program that does not exist", "name a program that exists"},
	{"no_extension", "has an entry without .go files", "name the files it is for"},
	{"none", "has nothing about Go", "set gopls up"},
};

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	facts_each (wiring, w, facts) {
		if (streq(w->state, "wired")) {
			return;
		}
	}
	facts_each (wiring, w, facts) {
		for (size_t i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
			if (!streq(w->state, kinds[i].state)) {
				continue;
			}
			struct finding *f = findings_add(
				out, self, CONF_CERTAIN, w->subject,
				"%s starts no language server for Go: %s %s%s%s%s%s", w->agent,
				w->subject, kinds[i].words, str_empty(w->file) ? "" : " (", w->file,
				str_empty(w->command) ? "" : ": ", w->command);
			if (!str_empty(w->file)) {
				f->title = arena_printf(out->arena, "%s)", f->title);
			}
			finding_cites(f, w);
			finding_fix(out, f, kinds[i].fix, "%s", w->fix);
			f->severity =
				streq(w->state, "none") && !w->asked_for ? SEV_NOTE : SEV_ERROR;
			return;
		}
	}
}

const struct rule rule_cfg_agent_lsp_not_wired = {
	.id = "cfg-agent-lsp-not-wired",
	.title = "The coding agent has no language server set up for Go",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(wiring),
	.check = check,
};
