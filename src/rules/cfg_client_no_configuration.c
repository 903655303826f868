/* SPDX-License-Identifier: MIT
 * cfg-client-no-configuration: the client says that it can be asked for settings
 * (workspace/configuration) and then answers with an error, with something that is no list, or not
 * at all. gopls then loads no folder ("no views"), or waits for ever. Found by asking the editor
 * itself, so only with --trust; or in a gopls that runs and waits for that answer.
 * Counter-check: a client that does not announce the method is not asked, and an empty list or null
 * is taken for no settings: then gopls works, and settings that went another way are lost, which is
 * a note. A list with a wrong member is cfg-gopls-setting-invalid.
 */
#include "core/rule.h"

static const char *what_it_does(struct arena *arena, const struct fact_client *c) {
	if (streq(c->reply, "silent")) {
		return "never answers";
	}
	if (streq(c->reply, "error")) {
		return arena_printf(arena, "answers with the error %s%s to", c->answer,
		                    streq(c->answer, "-32601") ? " (method not found)" : "");
	}
	return arena_printf(arena, "answers with %.60s, which is no list, to", c->answer);
}

static void add_fix(struct findings *out, struct finding *f, const struct fact_client *c) {
	if (streq(c->editor, "neovim")) {
		finding_fix(out, f, "see what took the place of Neovim's own handler",
		            "nvim --headless -c 'verbose lua print(vim.inspect(debug.getinfo("
		            "vim.lsp.handlers[\"workspace/configuration\"], \"S\")))' -c qa");
	} else if (streq(c->editor, "emacs")) {
		finding_fix(out, f, "see what took the place of eglot's own method: C-h f",
		            "eglot-handle-request");
	}
	finding_fix(out, f, "bring the client of the editor up to date", "%s", "");
}

/* The settings went to the server in a way that it does not read. */
static void check_lost(const struct rule *self, struct findings *out, const struct fact_client *c) {
	bool none = str_empty(c->settings) || streq(c->settings, "{}") ||
	            streq(c->settings, "null") || streq(c->settings, "[]");
	bool empty = streq(c->reply, "unannounced") || streq(c->answer, "[]") ||
	             streq(c->answer, "null") || streq(c->answer, "[null]");
	if (none || !empty || !streq(c->from, "asked")) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, "workspace/configuration",
		"%s sends its settings %.120s to gopls only as a change, which gopls does not "
		"read: they have no effect",
		c->editor, c->settings);
	finding_cites(f, c);
	finding_fix(out, f, "give them as init_options as well", "%s", "");
	f->severity = SEV_NOTE;
}

/* A server that runs has asked, and waits. */
static void check_running(const struct rule *self, const struct facts *facts,
                          struct findings *out) {
	facts_each (wait_leaf, l, facts) {
		if (l->healthy || !l->settled || !streq(l->kind, "answer") ||
		    !streq(l->on, "workspace/configuration")) {
			continue;
		}
		struct finding *f = findings_add(out, self, CONF_CERTAIN, l->name, "%s", l->text);

		finding_cites(f, l);
		finding_cites_links(f, facts, l->target);
		finding_fix(out, f, l->cure, "%s", l->command);
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	check_running(self, facts, out);
	const struct fact_client *c = facts_first(client, facts);
	if (!c || str_empty(c->reply)) {
		return;
	}
	if (c->fits) {
		check_lost(self, out, c);
		return;
	}
	bool silent = streq(c->reply, "silent");
	struct finding *f = findings_add(
		out, self, silent ? CONF_LIKELY : CONF_CERTAIN, "workspace/configuration",
		"%s %s workspace/configuration; gopls then %s", c->editor,
		what_it_does(out->arena, c), silent ? "waits for ever" : "loads no folder");
	finding_cites(f, c);
	finding_cite(f, facts_said(facts, "workspace configuration", NULL));
	add_fix(out, f, c);
	f->severity = facts_healthy(facts) ? SEV_NOTE : SEV_ERROR;
}

const struct rule rule_cfg_client_no_configuration = {
	.id = "cfg-client-no-configuration",
	.title = "The client does not answer workspace/configuration as it promised",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(client),
	.check = check,
};
