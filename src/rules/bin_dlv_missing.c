/* SPDX-License-Identifier: MIT
 * Something is to be debugged, and dlv is not where the extension looks for it.
 *
 * A machine without dlv on which nobody debugs is well. When gopls or go is not found either, dlv is
 * missing for the same reason and nothing of its own is said.
 */
#include "core/rule.h"

static const char *install_version(const struct facts *facts) {
	/* tools of vscode-go v0.57.2: dlv v1.20.2 for Go below 1.19, v1.22.1 below 1.21. */
	facts_each (go_version, v, facts) {
		if (streq(v->source, "local") &&
		    (str_starts(v->version, "go1.1") || str_starts(v->version, "1.1"))) {
			return "v1.20.2";
		}
	}
	return "latest";
}

/* A list with blanks between its members, as people write it. */
static const char *commas(struct arena *arena, const char *list) {
	struct strbuf out;
	struct slice rest = slice_str(list);
	struct slice word;
	strbuf_init(&out, arena);
	while (slice_cut(&rest, ' ', &word)) {
		strbuf_printf(&out, "%s%.*s", out.len > 0 ? ", " : "", (int)word.len, word.data);
	}
	return out.data;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_debug_config *config = facts_first(debug_config, facts);
	const struct fact_debugger *dlv = facts_first(debugger, facts);

	if (!config || !dlv || streq(dlv->state, "ok") || !facts_chosen(facts, "gopls") ||
	    !facts_chosen(facts, "go")) {
		return;
	}
	const char *what = streq(dlv->state, "absent") ? "is not installed where the editor looks"
	                   : streq(dlv->state, "directory") ? "is a directory there"
	                                                    : "must not be executed there";
	const char *at = str_empty(dlv->path) ? "" : dlv->path;
	const char *looked =
		*at ? ""
		    : arena_printf(out->arena, " (%s, then PATH)", commas(out->arena, dlv->looked));
	struct finding *f =
		findings_add(out, self, CONF_CERTAIN, *at ? at : "dlv",
	                     "%s line %lld debugs with dlv, which %s%s%s%s%s%s", config->file,
	                     (long long)config->line, what, *at ? ": " : "", at, looked,
	                     str_empty(dlv->elsewhere) ? "" : "; one lies at ", dlv->elsewhere);
	finding_about(out, f, "dlv");
	finding_cites(f, config);
	finding_cites(f, dlv);
	if (!str_empty(dlv->file)) {
		finding_detail(out, f, "go.alternateTools.dlv is set in %s line %lld", dlv->file,
		               (long long)dlv->line);
	}
	if (streq(dlv->state, "no_exec_bit")) {
		finding_fix(out, f, "make it executable", "chmod +x %s",
		            str_shell_quote(out->arena, at));
	}
	if (!str_empty(dlv->elsewhere)) {
		finding_fix(out, f, "name that one in the user settings.json",
		            "\"go.alternateTools\": {\"dlv\": \"%s\"}", dlv->elsewhere);
	}
	finding_fix(out, f, "install it", "go install github.com/go-delve/delve/cmd/dlv@%s",
	            install_version(facts));
}

const struct rule rule_bin_dlv_missing = {
	.id = "bin-dlv-missing",
	.title = "there is something to debug and no dlv",
	.wave = 1,
	.severity = SEV_WARNING,
	.needs = FACT_BIT(debug_config) | FACT_BIT(debugger),
	.check = check,
};
