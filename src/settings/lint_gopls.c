/* SPDX-License-Identifier: MIT
 * The members of "gopls": gopls itself compares only the last dotted part of a key and rejects what it does not know
 * with a message in the editor. Source: gopls/internal/settings/settings.go, Set and setOne.
 */
#include "base/str.h"
#include "core/lore.h"
#include "settings/lint.h"

#include <strings.h>

static enum severity severity_of(const char *word) {
	return streq(word, "error") ? SEV_ERROR : streq(word, "note") ? SEV_NOTE : SEV_WARNING;
}

static void wrong_type(struct lint *lint, const struct spot *spot, const struct jsonc_node *value,
                       const char *want) {
	const char *json = jsonc_to_json(lint->arena, value);
	struct issue *issue = lint_add(lint, spot, value, ISSUE_WRONG_TYPE, SEV_ERROR,
	                               "gopls rejects %s: it must be %s, not %s", spot->key, want,
	                               lint_shown(lint, spot->key, value));
	bool list = value->type == JSONC_STRING && str_starts(want, "a list");
	bool boolean = streq(want, "true or false") && value->type == JSONC_STRING &&
	               (streq(value->string, "true") || streq(value->string, "false"));
	issue->place = value->place;
	issue->instead = list      ? arena_printf(lint->arena, "[%s]", json)
	                 : boolean ? value->string
	                           : "";
	lint_offer(lint, spot, value, issue, issue->instead);
}

/* Go's time.ParseDuration, roughly: numbers with a unit each. */
static bool is_duration(const char *text) {
	static const char *const units[] = {"ns", "us", "\xc2\xb5s", "ms", "s", "m", "h"};
	const char *p = text + (*text == '-' || *text == '+');
	if (streq(p, "0")) {
		return true;
	}
	do {
		size_t digits = strspn(p, "0123456789.");
		const char *unit = NULL;
		for (size_t i = 0; digits > 0 && i < sizeof(units) / sizeof(units[0]); i++) {
			if (str_starts(p + digits, units[i]) &&
			    (!unit || strlen(units[i]) > strlen(unit))) {
				unit = units[i];
			}
		}
		if (!unit) {
			return false;
		}
		p += digits + strlen(unit);
	} while (*p);
	return true;
}

static void check_enum(struct lint *lint, const struct spot *spot, const struct jsonc_node *value,
                       const struct gopls_option *option) {
	const char *json = jsonc_to_json(lint->arena, value);
	struct strbuf list;
	strbuf_init(&list, lint->arena);
	for (const struct jsonc_node *v = option->values ? option->values->first_child : NULL; v;
	     v = v->next) {
		const char *choice = jsonc_string(jsonc_get(v, "Value"));
		if (choice && strcasecmp(choice, json) == 0) {
			return;
		}
		strbuf_printf(&list, "%s%s", list.len > 0 ? ", " : "", choice ? choice : "");
	}
	const char *word = jsonc_string(value);
	const char *near = word ? schema_near_in(lint->arena, option->values, word) : NULL;
	struct issue *issue =
		lint_add(lint, spot, value, ISSUE_WRONG_VALUE, SEV_ERROR,
	                 "gopls rejects %s = %s: it must be one of %s", spot->key, json, list.data);
	issue->place = value->place;
	issue->instead = near ? arena_printf(lint->arena, "\"%s\"", near) : "";
}

/* What gopls does not know among analyses, codelenses and hints it ignores without a word; a wrong annotation makes it
 * reject the setting. */
/* SA1000, S1001, ST1003, QF1001: up to v0.18 gopls took the analyzers of staticcheck without listing them. */
static bool is_unlisted_analyzer(const struct lint *lint, const char *name) {
	size_t letters = strspn(name, "SATQF");
	return letters > 0 && letters <= 2 && strspn(name + letters, "0123456789") == 4 &&
	       name[letters + 4] == '\0' && strverscmp(lint->schema->gopls_version, "v0.19") < 0;
}

static void check_member_name(struct lint *lint, const struct spot *spot,
                              const struct jsonc_node *member, const struct gopls_option *option) {
	const struct jsonc_node *k = option->keys ? option->keys->first_child : NULL;
	for (; k; k = k->next) {
		if (streq(schema_unquoted(lint->arena, k), member->key)) {
			return;
		}
	}
	if (is_unlisted_analyzer(lint, member->key)) {
		return;
	}
	const char *near = schema_near_in(lint->arena, option->keys, member->key);
	/* Among analyses, codelenses and hints gopls ignores what it does not know; a wrong annotation makes it
	 * reject the setting. */
	enum severity severity = streq(option->name, "annotations") ? SEV_ERROR : SEV_WARNING;
	struct issue *issue =
		lint_add(lint, spot, member, ISSUE_UNKNOWN_KEY, severity,
	                 near ? "gopls %s knows no %s in %s; the nearest is %s"
	                      : "gopls %s knows no %s in %s",
	                 lint->schema->gopls_version, member->key, option->name, near);
	issue->instead = near ? arena_printf(lint->arena, "\"%s\"", near) : "";
}

/* Up to v0.16 a number was fine as the value of a variable (seen with v0.16.2, v0.20.0). */
static bool takes_numbers(const struct lint *lint) {
	return strverscmp(lint->schema->gopls_version, "v0.17") < 0;
}

static void check_map(struct lint *lint, const struct spot *spot, const struct jsonc_node *value,
                      const struct gopls_option *option) {
	bool booleans = str_ends(option->type, "]bool");
	if (value->type != JSONC_OBJECT) {
		wrong_type(lint, spot, value, "an object");
		return;
	}
	for (const struct jsonc_node *m = value->first_child; m; m = m->next) {
		struct spot inner = spot_member(lint, spot, m);
		if (option->keys && option->keys->count > 0) {
			check_member_name(lint, &inner, m, option);
		}
		if (booleans && m->type != JSONC_BOOL) {
			wrong_type(lint, &inner, m, "true or false");
		} else if (!booleans && m->type != JSONC_STRING &&
		           (m->type != JSONC_NUMBER || !takes_numbers(lint))) {
			wrong_type(lint, &inner, m, "a string");
		}
	}
}

/* gopls/internal/settings, validateDirectoryFilter. */
static void check_filter(struct lint *lint, const struct spot *spot,
                         const struct jsonc_node *filter) {
	const char *text = filter->string;
	if (text[0] == '+' || text[0] == '-') {
		return;
	}
	struct issue *issue = lint_add(lint, spot, filter, ISSUE_WRONG_VALUE, SEV_ERROR,
	                               "gopls rejects %s: the filter \"%s\" must begin with + or -",
	                               spot->key, text);
	issue->place = filter->place;
	issue->instead = arena_printf(lint->arena, "\"-%s\"", text);
}

static void check_list(struct lint *lint, const struct spot *spot, const struct jsonc_node *value,
                       const struct gopls_option *option) {
	if (value->type != JSONC_ARRAY) {
		wrong_type(lint, spot, value, "a list of strings");
		return;
	}
	for (const struct jsonc_node *m = value->first_child; m; m = m->next) {
		if (m->type != JSONC_STRING) {
			wrong_type(lint, spot, m, "a string");
		} else if (streq(option->name, "directoryFilters")) {
			check_filter(lint, spot, m);
		}
	}
}

static void check_value(struct lint *lint, const struct spot *spot, const struct jsonc_node *value,
                        const struct gopls_option *option) {
	const char *type = option->type;
	const char *text = jsonc_string(value);
	if (streq(type, "bool") && value->type != JSONC_BOOL) {
		wrong_type(lint, spot, value, "true or false");
	} else if (streq(type, "string") && !text) {
		wrong_type(lint, spot, value, "a string");
	} else if (streq(type, "int64") && value->type != JSONC_NUMBER) {
		wrong_type(lint, spot, value, "a number");
	} else if (streq(type, "time.Duration") && (!text || !is_duration(text))) {
		wrong_type(lint, spot, value, "a duration like \"500ms\"");
	} else if (streq(type, "enum")) {
		check_enum(lint, spot, value, option);
	} else if (streq(type, "[]string")) {
		check_list(lint, spot, value, option);
	} else if (str_starts(type, "map[")) {
		check_map(lint, spot, value, option);
	}
}

/* "ui": {"semanticTokens": true}: the keys inside are settings, so the object is a cut-up key. */
static bool is_cut_up(struct lint *lint, const struct jsonc_node *node) {
	struct gopls_option option;
	for (const struct jsonc_node *m = node->type == JSONC_OBJECT ? node->first_child : NULL; m;
	     m = m->next) {
		if (schema_gopls(lint->schema, m->key, &option) || is_cut_up(lint, m)) {
			return true;
		}
	}
	return false;
}

static void report_known_elsewhere(struct lint *lint, const struct spot *spot,
                                   const struct jsonc_node *node) {
	const char *first;
	const char *last;
	const char *version = lint->schema->gopls_version;
	const struct lore *lore = lore_find(lint->arena, "gopls", schema_last_part(node->key));
	if (lore && streq(lore->was, "internal")) {
		return;
	}
	if (lore) {
		bool never = streq(lore->was, "never");
		struct issue *issue = lint_add(
			lint, spot, node,
			never                         ? ISSUE_NEVER_EXISTED
			: streq(lore->was, "removed") ? ISSUE_REMOVED_KEY
						      : ISSUE_DEPRECATED_KEY,
			severity_of(lore->severity), "%s %s; wanted: %s", spot->key,
			lore_history(lint->arena, lore, "a setting of gopls"), lore->wanted);
		issue->instead = lore->instead;
		lint_offer_unset(lint, spot, issue);
	} else if (schema_gopls_history(lint->arena, node->key, &first, &last)) {
		bool later = strverscmp(version, first) < 0;
		lint_add(lint, spot, node, later ? ISSUE_UNKNOWN_KEY : ISSUE_REMOVED_KEY,
		         SEV_WARNING,
		         later ? "gopls %s does not know %s yet, it came with %s"
		               : "gopls %s does not know %s any more, the last that did was %s",
		         version, spot->key, later ? first : last);
	} else {
		const char *near = schema_near_gopls(lint->schema, node->key);
		struct issue *issue =
			lint_add(lint, spot, node, ISSUE_UNKNOWN_KEY, SEV_WARNING,
		                 near ? "gopls %s has no setting %s; the nearest is %s"
		                      : "gopls %s has no setting %s",
		                 version, spot->key, near);
		issue->instead = near ? arena_printf(lint->arena, "\"%s\"", near) : "";
		lint_offer_unset(lint, spot, issue);
	}
}

static void lint_member(struct lint *lint, const struct spot *spot, const struct jsonc_node *node) {
	struct gopls_option option;
	if (!schema_gopls(lint->schema, node->key, &option)) {
		if (is_cut_up(lint, node)) {
			lint_add(lint, spot, node, ISSUE_NESTED_KEY, SEV_ERROR,
			         "gopls rejects the object %s: join its keys with dots, as "
			         "\"%s.%s\"",
			         spot->key, node->key, node->first_child->key);
			return;
		}
		report_known_elsewhere(lint, spot, node);
		return;
	}
	const struct lore *lore = lore_find(lint->arena, "gopls", option.name);
	if (*option.deprecation || (lore && streq(lore->was, "deprecated"))) {
		struct issue *issue =
			lint_add(lint, spot, node, ISSUE_DEPRECATED_KEY,
		                 lore ? severity_of(lore->severity) : SEV_NOTE, "%s %s; wanted: %s",
		                 spot->key,
		                 lore ? lore_history(lint->arena, lore, "a setting of gopls")
		                      : "is deprecated",
		                 lore ? lore->wanted : option.deprecation);
		issue->instead = lore ? lore->instead : "";
	} else if (strchr(node->key, '.') && !streq(node->key, option.path)) {
		struct issue *issue = lint_add(
			lint, spot, node, ISSUE_UNKNOWN_KEY, SEV_NOTE,
			"%s works, because gopls looks at the last part only; its real name is %s",
			spot->key, option.path);
		issue->instead = arena_printf(lint->arena, "\"%s\"", option.path);
	}
	check_value(lint, spot, node, &option);
	if (streq(option.name, "buildFlags")) {
		lint_build_flags(lint, spot, node);
	}
	lint_placeholders(lint, spot, node);
}

/* gopls refuses the second of two keys with the same last part. */
static void check_twins(struct lint *lint, const struct spot *spot, const struct jsonc_node *gopls,
                        const struct jsonc_node *node) {
	for (const struct jsonc_node *m = gopls->first_child; m && m != node; m = m->next) {
		if (!streq(m->key, node->key) &&
		    streq(schema_last_part(m->key), schema_last_part(node->key))) {
			struct issue *issue =
				lint_add(lint, spot, node, ISSUE_DUPLICATE_KEY, SEV_ERROR,
			                 "gopls takes %s and %s (line %zu) for the same setting "
			                 "and refuses it",
			                 node->key, m->key, m->key_place.line);
			issue->other_file = spot->file;
			issue->other_line = m->key_place.line;
		}
	}
}

void lint_gopls(struct lint *lint, const struct spot *spot, const struct jsonc_node *gopls) {
	if (gopls->type != JSONC_OBJECT) {
		lint_add(lint, spot, gopls, ISSUE_WRONG_TYPE, SEV_ERROR,
		         "gopls must be an object, not %s", jsonc_type_name(gopls->type));
		return;
	}
	for (const struct jsonc_node *m = gopls->first_child; m; m = m->next) {
		if (m->winner) {
			continue;
		}
		struct spot inner = spot_member(lint, spot, m);
		lint_member(lint, &inner, m);
		check_twins(lint, &inner, gopls, m);
	}
}
