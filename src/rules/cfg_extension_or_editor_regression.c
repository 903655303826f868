/* SPDX-License-Identifier: MIT
 * The editor or its Go extension does not start gopls, and that is the fault of its release.
 *
 * gopls, go and settings are sound: started by us as the editor would, everything answers. Then
 * either the extension's version is one that is known for it (data/vscode-regressions.tsv), or the
 * editor's log of its newest run says that activating this very version failed. Two extensions that
 * get into each other's way fail in the same words (cfg-command-already-registered), and an editor
 * that has a gopls here does start it.
 */
#include "core/registry.h"
#include "core/rule.h"

struct known {
	struct slice id, first, last, works, what;
};

/* 0.11.5 against 0.9.12 */
static int version_compare(const char *a, struct slice b) {
	char other[32] = "";
	memcpy(other, b.data, b.len < sizeof(other) - 1 ? b.len : sizeof(other) - 1);
	return strverscmp(a, other);
}

static bool find_known(const struct fact_extension *e, struct known *ret) {
	struct slice text = {0};
	struct slice line;
	for (size_t i = 0; registry_data[i].id; i++) {
		if (streq(registry_data[i].id, "vscode-regressions.tsv")) {
			text = slice_str(registry_data[i].text);
		}
	}
	while (slice_line(&text, &line)) {
		struct known k = {0};
		bool whole = line.len > 0 && line.data[0] != '#' && slice_cut(&line, '\t', &k.id) &&
		             slice_cut(&line, '\t', &k.first) && slice_cut(&line, '\t', &k.last) &&
		             slice_cut(&line, '\t', &k.works) && slice_cut(&line, '\t', &k.what);
		if (whole && slice_eq(k.id, e->id) && version_compare(e->version, k.first) >= 0 &&
		    version_compare(e->version, k.last) <= 0) {
			*ret = k;
			return true;
		}
	}
	return false;
}

/* The editor has a server here, so it does start one. */
static bool is_refuted(const struct facts *facts) {
	facts_each (running_server, s, facts) {
		if (s->here && str_starts(s->editor_kind, "vscode")) {
			return true;
		}
	}
	return false;
}

/* The last word of the newest run about this version: it failed, and not for another's sake. */
static const struct fact_log_event *failure_of(const struct facts *facts,
                                               const struct fact_extension *e) {
	const struct fact_log_event *found = NULL;
	facts_each (log_event, l, facts) {
		bool ours = l->current && str_has(l->text, e->id) && l->at_ns >= e->installed_ns;
		if (streq(l->kind, "command-exists") && l->current) {
			return NULL;
		}
		if (streq(l->kind, "started") && l->current) {
			found = NULL;
		}
		if (streq(l->kind, "activation-failed") && ours &&
		    !str_has(l->text, "already exists") && !str_has(l->text, "already has")) {
			found = l;
		}
	}
	return found;
}

static void add(const struct rule *self, const struct facts *facts, struct findings *out,
                const struct fact_extension *e, const struct known *known,
                const struct fact_log_event *failure) {
	const struct fact_install *v = facts_first(install, facts);
	const struct fact_feature *works = facts_feature(facts, "definition");
	const char *cli = v && !str_empty(v->cli) ? v->cli : "code";
	struct finding *f = findings_add(
		out, self, CONF_LIKELY, arena_printf(out->arena, "%s %s", e->id, e->version),
		"the extension %s %s %.*s: gopls, started here as the editor would, answers "
		"everything",
		e->id, e->version, known ? (int)known->what.len : 100,
		known ? known->what.data : "fails to activate, says the editor's log");
	if (failure) {
		finding_cites(f, failure);
		finding_detail(out, f, "%s line %lld: %s", failure->file, (long long)failure->line,
		               failure->text);
	}
	finding_cites(f, e);
	if (works) {
		finding_cites(f, works);
	}
	if (known) {
		finding_fix(out, f, "go back to the release that works, or on to a newer one",
		            "%s --install-extension %s@%.*s --force", cli, e->id,
		            (int)known->works.len, known->works.data);
	} else {
		finding_fix(out, f, "install it anew; if it still fails, the release before it",
		            "%s --install-extension %s --force", cli, e->id);
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	if (!facts_healthy(facts) || is_refuted(facts)) {
		return;
	}
	facts_each (extension, e, facts) {
		struct known known;
		bool go = str_starts(e->id, "golang.go") || streq(e->id, "ms-vscode.go");
		bool is_known = go && e->enabled && find_known(e, &known);
		const struct fact_log_event *failure =
			go && e->enabled ? failure_of(facts, e) : NULL;
		if (is_known || failure) {
			add(self, facts, out, e, is_known ? &known : NULL, failure);
		}
	}
}

const struct rule rule_cfg_extension_or_editor_regression = {
	.id = "cfg-extension-or-editor-regression",
	.title = "this release of the editor's Go extension does not start gopls",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(extension),
	.check = check,
};
