/* SPDX-License-Identifier: MIT */
#include "settings/lint.h"

#include "base/path.h"
#include "base/str.h"
#include "core/lore.h"

#include <stdarg.h>

/* The editor's own settings that reach Go's tools, and where they count. Source: microsoft/vscode
 * src/vs/platform/request/common/request.ts, scope APPLICATION: only in the user's settings. */
static const char *const application_keys[] = {
	"http.proxy",         "http.proxyStrictSSL",     "http.noProxy",
	"http.proxySupport",  "http.proxyAuthorization", "http.systemCertificates",
	"http.electronFetch",
};

struct issue *lint_add(struct lint *lint, const struct spot *spot, const struct jsonc_node *node,
                       enum issue_kind kind, enum severity severity, const char *fmt, ...) {
	va_list ap;
	va_start(ap, fmt);
	const char *message = arena_vprintf(lint->arena, fmt, ap);
	va_end(ap);
	struct issue *issue = issues_add(&lint->issues, kind, severity, "%s", message);
	issue->file = spot->file;
	issue->layer = spot->layer;
	issue->key = spot->key ? spot->key : "";
	if (node) {
		issue->place = node->key ? node->key_place : node->place;
	}
	return issue;
}

static bool is_writable(struct lint *lint, const struct spot *spot) {
	bool writable =
		spot->is_layer && (spot->kind == LAYER_USER || spot->kind == LAYER_WORKSPACE ||
	                           spot->kind == LAYER_FOLDER);
	return writable &&
	       streq(spot->file, layers_file(lint->layers, lint->arena, lint->where, spot->kind));
}

void lint_offer_unset(struct lint *lint, const struct spot *spot, struct issue *issue) {
	if (is_writable(lint, spot)) {
		issue->command = arena_printf(
			lint->arena, "dialtone settings unset --layer %s --yes %s %s",
			layer_name(spot->kind), str_shell_quote(lint->arena, issue->key),
			str_shell_quote(lint->arena, lint->where->workspace));
	}
}

void lint_offer(struct lint *lint, const struct spot *spot, const struct jsonc_node *value,
                struct issue *issue, const char *json) {
	if (!value->key) {
		return; /* one of a list */
	}
	if (str_empty(json)) {
		lint_offer_unset(lint, spot, issue);
	} else if (is_writable(lint, spot)) {
		issue->command = arena_printf(
			lint->arena, "dialtone settings set --layer %s --yes %s %s %s",
			layer_name(spot->kind), str_shell_quote(lint->arena, issue->key),
			str_shell_quote(lint->arena, json),
			str_shell_quote(lint->arena, lint->where->workspace));
	}
}

struct spot spot_member(struct lint *lint, const struct spot *spot,
                        const struct jsonc_node *member) {
	struct spot inner = *spot;
	inner.key = arena_printf(lint->arena, "%s.%s", spot->key, member->key ? member->key : "");
	return inner;
}

const char *lint_shown(struct lint *lint, const char *key, const struct jsonc_node *value) {
	const char *json = jsonc_to_json(lint->arena, value);
	/* Secrets stand in variables; "semanticTokens" is none. */
	bool variable = str_has(key, "EnvVars.") || str_has(key, ".env.") || str_has(key, "Env.");
	if (variable && lint->is_secret && lint->is_secret(schema_last_part(key))) {
		return "***";
	}
	return strlen(json) <= 60 ? json : arena_printf(lint->arena, "%.57s...", json);
}

static enum severity severity_of(const char *word) {
	if (streq(word, "error")) {
		return SEV_ERROR;
	}
	return streq(word, "note") ? SEV_NOTE : SEV_WARNING;
}

/* A key that data/settings-lore.tsv knows; false when it says nothing about it. */
static bool report_lore(struct lint *lint, const struct spot *spot, const struct jsonc_node *node) {
	const struct lore *lore = lore_find(lint->arena, "go", spot->key);
	if (!lore) {
		return false;
	}
	enum issue_kind kind = streq(lore->was, "never")     ? ISSUE_NEVER_EXISTED
	                       : streq(lore->was, "removed") ? ISSUE_REMOVED_KEY
	                                                     : ISSUE_DEPRECATED_KEY;
	struct issue *issue = lint_add(
		lint, spot, node, kind, severity_of(lore->severity), "%s %s; wanted: %s", spot->key,
		lore_history(lint->arena, lore, "a setting of the Go extension"), lore->wanted);
	issue->instead = lore->instead;
	if (kind != ISSUE_DEPRECATED_KEY) {
		lint_offer_unset(lint, spot, issue);
	}
	return true;
}

static void report_unknown(struct lint *lint, const struct spot *spot,
                           const struct jsonc_node *node) {
	struct gopls_option option;
	const char *near = schema_near_setting(lint->schema, spot->key);
	const char *name = schema_last_part(spot->key);
	if (!near && schema_gopls(lint->schema, name, &option)) {
		struct issue *issue = lint_add(
			lint, spot, node, ISSUE_UNKNOWN_KEY, SEV_WARNING,
			"%s is no setting of the Go extension, it is one of gopls", spot->key);
		issue->instead = arena_printf(lint->arena, "\"gopls\": {\"%s\": %s}", option.path,
		                              jsonc_to_json(lint->arena, node));
		return;
	}
	struct issue *issue =
		lint_add(lint, spot, node, ISSUE_UNKNOWN_KEY, SEV_WARNING,
	                 near ? "the Go extension %s has no setting %s; the nearest is %s"
	                      : "the Go extension %s has no setting %s",
	                 lint->schema->extension_version, spot->key, near);
	if (near) {
		issue->instead = arena_printf(lint->arena, "\"%s\": %s", near,
		                              jsonc_to_json(lint->arena, node));
	}
	lint_offer_unset(lint, spot, issue);
}

bool lint_is_ignored(const struct lint *lint, const char *key, enum layer_kind kind) {
	const char *scope = jsonc_string(jsonc_get(schema_setting(lint->schema, key), "scope"));
	for (size_t i = 0; i < sizeof(application_keys) / sizeof(*application_keys); i++) {
		scope = streq(key, application_keys[i]) ? "application" : scope;
	}
	bool application = streq(scope, "application");
	bool machine = application || streq(scope, "machine");
	return (machine && (kind == LAYER_WORKSPACE || kind == LAYER_FOLDER)) ||
	       (application && kind == LAYER_REMOTE);
}

static void check_scope(struct lint *lint, const struct spot *spot, const struct jsonc_node *node) {
	if (!spot->is_layer || !lint_is_ignored(lint, spot->key, spot->kind)) {
		return;
	}
	struct issue *issue =
		lint_add(lint, spot, node, ISSUE_WRONG_SCOPE, SEV_WARNING,
	                 "%s is a setting of the machine: the editor ignores it in the %s settings",
	                 spot->key, spot->layer);
	issue->instead = "put it into the user settings";
	lint_offer_unset(lint, spot, issue);
}

/* A .code-workspace with more than one folder: the editor then takes only settings of the scope resource from a folder's
 * file. */
static const struct layer *several_folders(const struct lint *lint) {
	for (size_t i = 0; i < lint->layers->count; i++) {
		const struct layer *l = &lint->layers->items[i];
		const struct jsonc_node *folders = l->kind == LAYER_WORKSPACE && l->doc
		                                           ? jsonc_get(l->doc->root, "folders")
		                                           : NULL;
		if (folders && folders->type == JSONC_ARRAY && folders->count > 1) {
			return l;
		}
	}
	return NULL;
}

static void check_window_scope(struct lint *lint, const struct spot *spot,
                               const struct jsonc_node *node, const char *scope) {
	const struct layer *window = several_folders(lint);
	if (spot->is_layer && spot->kind == LAYER_FOLDER && window &&
	    (!scope || streq(scope, "window"))) {
		struct issue *issue = lint_add(lint, spot, node, ISSUE_WRONG_SCOPE, SEV_NOTE,
		                               "%s is a setting of the whole window: while %s is "
		                               "open it does not count here",
		                               spot->key, window->file);
		issue->instead =
			arena_printf(lint->arena, "put it into \"settings\" of %s", window->file);
	}
}

static void check_flags(struct lint *lint, const struct spot *spot,
                        const struct jsonc_node *flags) {
	const struct jsonc_node *f = flags->type == JSONC_ARRAY ? flags->first_child : NULL;
	for (; f; f = f->next) {
		const char *text = jsonc_string(f);
		if (!text) {
			continue;
		}
		const char *blank = strpbrk(text, " \t");
		if (text[0] == '-' && blank && blank[strspn(blank, " \t")] == '-') {
			lint_add(lint, spot, f, ISSUE_BAD_FLAG, SEV_ERROR,
			         "\"%s\" is one flag to gopls, which ends with status 2: each "
			         "needs a "
			         "string of its own",
			         text);
			continue;
		}
		const char *name = arena_strndup(lint->arena, text, strcspn(text, "="));
		const char *one_dash = name[0] == '-' && name[1] == '-' ? name + 1 : name;
		const struct lore *lore = lore_find(lint->arena, "flag", name);
		lore = lore ? lore : lore_find(lint->arena, "flag", one_dash);
		if (lore) {
			struct issue *issue = lint_add(
				lint, spot, f, ISSUE_BAD_FLAG, severity_of(lore->severity),
				"%s %s%s; wanted: %s", name,
				lore_history(lint->arena, lore, "a flag of gopls"),
				streq(lore->severity, "error") ? ", which ends with status 2" : "",
				lore->wanted);
			issue->instead = lore->instead;
		}
	}
}

void lint_build_flags(struct lint *lint, const struct spot *spot, const struct jsonc_node *flags) {
	const struct jsonc_node *f = flags->type == JSONC_ARRAY ? flags->first_child : NULL;
	for (; f; f = f->next) {
		const char *text = jsonc_string(f);
		size_t name = text ? strcspn(text, "= \t") : 0;
		if (!text || text[0] != '-' || (text[name] != ' ' && text[name] != '\t')) {
			continue;
		}
		const char *rest = text + name + strspn(text + name, " \t");
		struct issue *issue = lint_add(lint, spot, f, ISSUE_BAD_FLAG, SEV_ERROR,
		                               "\"%s\" is one argument to go, which knows no flag "
		                               "of that name and ends with status 2",
		                               text);
		if (rest[0] == '-') {
			issue->instead = arena_printf(lint->arena, "\"%.*s\", \"%s\"", (int)name,
			                              text, rest);
		} else if (rest[0] != '\0') {
			issue->instead =
				arena_printf(lint->arena, "\"%.*s=%s\"", (int)name, text, rest);
		} else {
			issue->instead = arena_printf(lint->arena, "\"%.*s\"", (int)name, text);
		}
	}
}

static void check_env_names(struct lint *lint, const struct spot *spot,
                            const struct jsonc_node *env) {
	const struct jsonc_node *m = env->type == JSONC_OBJECT ? env->first_child : NULL;
	for (; m; m = m->next) {
		const struct lore *lore = lore_find(lint->arena, "env", m->key);
		if (lore) {
			struct spot inner = spot_member(lint, spot, m);
			struct issue *issue = lint_add(
				lint, &inner, m, ISSUE_NEVER_EXISTED, severity_of(lore->severity),
				"no Go tool reads the variable %s; wanted: %s", m->key,
				lore->wanted);
			issue->instead = lore->instead;
		}
	}
}

static void lint_go_key(struct lint *lint, const struct spot *spot, const struct jsonc_node *node) {
	const struct jsonc_node *schema = schema_setting(lint->schema, spot->key);
	if (!schema) {
		if (!report_lore(lint, spot, node)) {
			report_unknown(lint, spot, node);
		}
		return;
	}
	const char *deprecation = jsonc_string(jsonc_get(schema, "deprecationMessage"));
	if (deprecation && !report_lore(lint, spot, node)) {
		lint_add(lint, spot, node, ISSUE_DEPRECATED_KEY, SEV_NOTE, "%s is deprecated: %s",
		         spot->key, deprecation);
	}
	check_scope(lint, spot, node);
	check_window_scope(lint, spot, node, jsonc_string(jsonc_get(schema, "scope")));
	lint_value(lint, spot, node, schema);
	lint_placeholders(lint, spot, node);
	if (streq(spot->key, "go.languageServerFlags")) {
		check_flags(lint, spot, node);
	} else if (streq(spot->key, "go.buildFlags") || streq(spot->key, "go.testFlags") ||
	           streq(spot->key, "go.vetFlags")) {
		lint_build_flags(lint, spot, node);
	} else if (streq(spot->key, "go.toolsEnvVars") || streq(spot->key, "go.testEnvVars")) {
		check_env_names(lint, spot, node);
	}
}

/* VS Code splits a top-level key at its dots, so gopls gets {"ui": {"semanticTokens": true}}. */
static void lint_dotted_gopls(struct lint *lint, const struct spot *spot,
                              const struct jsonc_node *node) {
	const char *rest = spot->key + strlen("gopls.");
	struct gopls_option option;
	const char *path = schema_gopls(lint->schema, rest, &option) ? option.path : rest;
	bool split = strchr(rest, '.') != NULL;
	struct issue *issue =
		lint_add(lint, spot, node, split ? ISSUE_NESTED_KEY : ISSUE_UNKNOWN_KEY,
	                 split ? SEV_ERROR : SEV_NOTE,
	                 split ? "%s does not reach gopls: the editor splits it at its dots, and "
	                         "gopls rejects "
	                         "the object"
	                       : "%s works, but stands apart from the other settings of gopls",
	                 spot->key);
	issue->instead = arena_printf(lint->arena, "\"gopls\": {\"%s\": %s}", path,
	                              jsonc_to_json(lint->arena, node));
}

/* "[go]": {...} takes settings of the editor that depend on the language; those of the extension do not. */
static void lint_language_block(struct lint *lint, const struct spot *spot,
                                const struct jsonc_node *block) {
	const struct jsonc_node *m = block->type == JSONC_OBJECT ? block->first_child : NULL;
	for (; m; m = m->next) {
		if (str_starts(m->key, "go.") || streq(m->key, "gopls")) {
			struct spot inner = *spot;
			inner.key = m->key;
			struct issue *issue =
				lint_add(lint, &inner, m, ISSUE_WRONG_SCOPE, SEV_WARNING,
			                 "%s is no setting that depends on the language: inside %s "
			                 "it is ignored",
			                 m->key, block->key);
			issue->instead = arena_printf(lint->arena, "move it out of %s", block->key);
		}
	}
}

void lint_settings(struct lint *lint, const struct spot *file, const struct jsonc_node *root) {
	for (const struct jsonc_node *m = root->first_child; m; m = m->next) {
		if (m->winner) {
			continue; /* a later one of that name counts */
		}
		struct spot spot = *file;
		spot.key = m->key;
		if (str_starts(m->key, "go.")) {
			lint_go_key(lint, &spot, m);
		} else if (streq(m->key, "gopls")) {
			lint_gopls(lint, &spot, m);
		} else if (str_starts(m->key, "gopls.")) {
			lint_dotted_gopls(lint, &spot, m);
		} else if (streq(m->key, "[go]")) {
			lint_language_block(lint, &spot, m);
		}
		if (str_starts(m->key, "http.")) {
			check_scope(lint, &spot, m);
		}
	}
}

static void lint_layer(struct lint *lint, const struct layer *layer) {
	struct spot spot = {
		.file = layer->file,
		.layer = layer_name(layer->kind),
		.key = "",
		.kind = layer->kind,
		.is_layer = true,
	};
	if (!layer->doc) {
		lint_add(lint, &spot, NULL, ISSUE_UNREADABLE, SEV_ERROR, "%s cannot be read (%s)",
		         layer->file, ev_state_name(layer->ev->state));
		return;
	}
	lint_text(lint, &spot, layer->doc, false);
	if (layer->root) {
		lint_settings(lint, &spot, layer->root);
	}
}

void lint_layers(struct lint *lint) {
	for (size_t i = 0; i < lint->layers->count; i++) {
		lint_layer(lint, &lint->layers->items[i]);
	}
	lint_overrides(lint);
}
