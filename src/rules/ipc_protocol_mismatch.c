/* SPDX-License-Identifier: MIT
 * gopls cannot read what its client says in initialize: the shapes of the protocol that the two know
 * differ, because one is older than the other or because a configuration puts a value of the wrong
 * type among the capabilities.
 *
 * Proof: the same gopls takes a greeting without capabilities and refuses this one. A gopls that
 * refuses both is something else; one that is refused for a URI is ipc-unsupported-uri. A server that
 * ends is not this either: this one lives, and every later request finds it deaf.
 */
#include "core/rule.h"

static const char *after(const char *text, const char *word) {
	const char *at = strstr(text, word);
	return at ? at + strlen(word) : NULL;
}

/* "capabilities.textDocument.publishDiagnostics.tagSupport" of encoding/json's sentence "cannot
 * unmarshal bool into Go struct field T.a.b of type U"; "" when it says no such thing. */
static const char *field_of(struct arena *arena, const char *error) {
	const char *at = after(error, "Go struct field ");
	const char *from = at ? strstr(at, "capabilities.") : NULL;
	const char *dot = at ? strchr(at, '.') : NULL;
	const char *end = at ? strchr(at, ' ') : NULL;

	from = from && (!end || from < end) ? from : dot ? dot + 1 : NULL;
	return from && (!end || from < end)
	               ? arena_strndup(arena, from, end ? (size_t)(end - from) : strlen(from))
	               : "";
}

static const char *given(struct arena *arena, const char *error) {
	const char *at = after(error, "cannot unmarshal ");
	const char *end = at ? strchr(at, ' ') : NULL;

	return end ? arena_strndup(arena, at, (size_t)(end - at)) : "";
}

static void advise(struct findings *out, struct finding *f, const char *version, bool own_words) {
	const struct fix_advice *fix;

	if (own_words) {
		fix = finding_fix(out, f,
		                  "take that value out of the capabilities in the editor's "
		                  "configuration, or bring the plug-in that makes them and gopls "
		                  "to one age",
		                  "%s", "");
		(void)fix;
	}
	finding_fix(out, f,
	            str_empty(version) ? "install a gopls that knows this protocol"
	                               : "install a newer gopls",
	            "go install golang.org/x/tools/gopls@latest");
}

static const struct fact_log_event *logged(const struct facts *facts) {
	const struct fact_log_event *found = NULL;

	facts_each (log_event, l, facts) {
		found = l->current && streq(l->kind, "protocol") ? l : found;
		found = l->current && streq(l->kind, "started") ? NULL : found;
	}
	return found;
}

static bool is_about_uri(const char *text) {
	return str_has(text, "URI");
}

static void add(const struct rule *self, const struct facts *facts, struct findings *out,
                const struct fact *proof, const char *error, bool own_words) {
	const struct fact_tool *gopls = facts_chosen(facts, "gopls");
	const struct fact_binary *b = gopls ? facts_binary(facts, gopls->path) : NULL;
	const struct fact_trial *plain = facts_trial(facts, "plain initialize");
	const struct fact_server *server = facts_first(server, facts);
	const char *path = gopls ? gopls->path : server ? server->path : "gopls";
	const char *version = b ? b->version : "";
	const char *field = field_of(out->arena, error);
	struct finding *f = findings_add(
		out, self, plain && plain->better ? CONF_CERTAIN : CONF_LIKELY, path,
		"gopls %s%s(%s) does not understand what %s says in initialize%s%s%s%s%s", version,
		str_empty(version) ? "" : " ", path, own_words ? "the editor" : "a client of today",
		*field ? ": it cannot read " : "", field,
		*field ? " when that is a value of the type " : ": ",
		*field ? given(out->arena, error) : error, "");

	finding_cite(f, proof);
	if (plain) {
		finding_cites(f, plain);
		finding_detail(out, f, "without capabilities the same gopls answers");
	}
	if (b) {
		finding_cites(f, b);
	}
	advise(out, f, version, own_words);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_trial *own = facts_trial(facts, "initialize of the editor");
	const struct fact_trial *plain = facts_trial(facts, "plain initialize");
	const struct fact_feature *opening = facts_feature(facts, "initialize");
	const struct fact_log_event *log = logged(facts);
	bool refused = opening && streq(opening->state, "failed") && !str_empty(opening->detail);

	if (own && !own->better && plain && plain->better && !is_about_uri(own->detail)) {
		add(self, facts, out, &own->base, own->detail, true);
		return;
	}
	if (refused && !is_about_uri(opening->detail) &&
	    ((plain && plain->better) ||
	     (!plain && str_has(opening->detail, "cannot unmarshal")))) {
		add(self, facts, out, &opening->base, opening->detail, false);
		return;
	}
	/* The editor's log says so, and what an editor of this kind says is understood: it says more. */
	if (log && !is_about_uri(log->text) && facts_healthy(facts)) {
		add(self, facts, out, &log->base, log->text, true);
		out->last->severity = SEV_WARNING;
	}
}

const struct rule rule_ipc_protocol_mismatch = {
	.id = "ipc-protocol-mismatch",
	.title = "gopls and its client speak different ages of the protocol",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(feature),
	.explains = IDS("*tc-gopls-too-old-for-go", "*cfg-extension-or-editor-regression"),
	.check = check,
};
