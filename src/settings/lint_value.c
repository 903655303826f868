/* SPDX-License-Identifier: MIT
 * A value against the part of JSON schema that extensions use.
 */
#include "base/str.h"
#include "settings/lint.h"

static bool type_fits(const char *type, const struct jsonc_node *value) {
	if (streq(type, "integer")) {
		return value->type == JSONC_NUMBER &&
		       value->number == (double)(int64_t)value->number;
	}
	return streq(type, jsonc_type_name(value->type));
}

/* "string", "string or null". */
static const char *types_text(struct arena *arena, const struct jsonc_node *type) {
	if (type->type == JSONC_STRING) {
		return type->string;
	}
	struct strbuf out;
	strbuf_init(&out, arena);
	for (const struct jsonc_node *t = type->first_child; t; t = t->next) {
		strbuf_printf(&out, "%s%s", out.len > 0 ? " or " : "", t->string);
	}
	return out.data;
}

static bool types_fit(const struct jsonc_node *type, const struct jsonc_node *value) {
	if (type->type == JSONC_STRING) {
		return type_fits(type->string, value);
	}
	for (const struct jsonc_node *t = type->first_child; t; t = t->next) {
		if (type_fits(t->string, value)) {
			return true;
		}
	}
	return type->count == 0;
}

/* What was surely meant, as JSON of a type that fits; "" when nobody can know. */
static const char *in_type(struct arena *arena, const char *types, const struct jsonc_node *value) {
	const char *text = jsonc_string(value);
	int64_t number = 0;
	if (text && str_has(types, "array")) {
		return arena_printf(arena, "[%s]", jsonc_to_json(arena, value));
	}
	if (text && str_has(types, "boolean") && (streq(text, "true") || streq(text, "false"))) {
		return text;
	}
	if (text && (str_has(types, "number") || str_has(types, "integer")) &&
	    str_to_int64(text, &number) == 0) {
		return text;
	}
	if ((value->type == JSONC_NUMBER || value->type == JSONC_BOOL) &&
	    str_has(types, "string")) {
		return arena_printf(arena, "\"%s\"", jsonc_to_json(arena, value));
	}
	return "";
}

static void check_enum(struct lint *lint, const struct spot *spot, const struct jsonc_node *value,
                       const struct jsonc_node *choices) {
	const char *json = jsonc_to_json(lint->arena, value);
	struct strbuf list;
	strbuf_init(&list, lint->arena);
	for (const struct jsonc_node *c = choices->first_child; c; c = c->next) {
		const char *choice = jsonc_to_json(lint->arena, c);
		if (streq(choice, json)) {
			return;
		}
		strbuf_printf(&list, "%s%s", list.len > 0 ? ", " : "", choice);
	}
	const char *word = jsonc_string(value);
	const char *near = word ? schema_near_in(lint->arena, choices, word) : NULL;
	struct issue *issue = lint_add(lint, spot, value, ISSUE_WRONG_VALUE, SEV_ERROR,
	                               "%s is %s, but must be one of %s", spot->key,
	                               lint_shown(lint, spot->key, value), list.data);
	issue->place = value->place;
	if (near) {
		issue->instead = arena_printf(lint->arena, "\"%s\"", near);
	}
}

static void check_properties(struct lint *lint, const struct spot *spot,
                             const struct jsonc_node *value, const struct jsonc_node *schema) {
	const struct jsonc_node *properties = jsonc_get(schema, "properties");
	const struct jsonc_node *more = jsonc_get(schema, "additionalProperties");
	bool closed = more && more->type == JSONC_BOOL && !more->boolean;
	for (const struct jsonc_node *m = value->first_child; m; m = m->next) {
		struct spot inner = spot_member(lint, spot, m);
		const struct jsonc_node *known = jsonc_get(properties, m->key);
		if (known) {
			lint_value(lint, &inner, m, known);
		} else if (closed) {
			const char *near = schema_near_in(lint->arena, properties, m->key);
			struct issue *issue =
				lint_add(lint, &inner, m, ISSUE_UNKNOWN_KEY, SEV_WARNING,
			                 near ? "%s has no member %s; the nearest is %s"
			                      : "%s has no member %s",
			                 spot->key, m->key, near);
			issue->instead = near ? arena_printf(lint->arena, "\"%s\"", near) : "";
		}
	}
}

void lint_value(struct lint *lint, const struct spot *spot, const struct jsonc_node *value,
                const struct jsonc_node *schema) {
	const struct jsonc_node *type = jsonc_get(schema, "type");
	const struct jsonc_node *choices = jsonc_get(schema, "enum");
	if (type && !types_fit(type, value)) {
		struct issue *issue = lint_add(
			lint, spot, value, ISSUE_WRONG_TYPE, SEV_ERROR, "%s must be %s, not %s: %s",
			spot->key, types_text(lint->arena, type), jsonc_type_name(value->type),
			lint_shown(lint, spot->key, value));
		issue->place = value->place;
		issue->instead = in_type(lint->arena, types_text(lint->arena, type), value);
		lint_offer(lint, spot, value, issue, issue->instead);
		const char *usual =
			jsonc_get(schema, "default")
				? jsonc_to_json(lint->arena, jsonc_get(schema, "default"))
				: NULL;
		if (str_empty(issue->instead) && usual) {
			issue->instead =
				arena_printf(lint->arena, "%s, which is the default", usual);
		}
		return;
	}
	if (choices && choices->type == JSONC_ARRAY) {
		check_enum(lint, spot, value, choices);
	}
	if (value->type == JSONC_OBJECT) {
		check_properties(lint, spot, value, schema);
	}
	const struct jsonc_node *items = jsonc_get(schema, "items");
	if (value->type == JSONC_ARRAY && items && items->type == JSONC_OBJECT) {
		for (const struct jsonc_node *m = value->first_child; m; m = m->next) {
			lint_value(lint, spot, m, items);
		}
	}
}
