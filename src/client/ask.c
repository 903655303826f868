/* SPDX-License-Identifier: MIT
 */
#include "base/path.h"
#include "base/str.h"
#include "client/survey_work.h"
#include "wire/json_text.h"

const struct ask_kind ask_kinds[ASK_COUNT] = {
#define ASK(name_, text_, method_, capability_, needs_, empty_)                                    \
	[ASK_##name_] = {text_, method_, capability_, NEEDS_##needs_, EMPTY_##empty_},
#include "client/ask.def"
#undef ASK
};

const char *ask_name(enum ask ask) {
	return ask_kinds[ask].name;
}

const char *ask_state_name(enum ask_state state) {
	static const char *const names[] = {"skipped", "ok", "failed", "timeout", "no_answer"};
	return names[state];
}

static const char *at(struct arena *arena, struct spot spot) {
	return arena_printf(arena, "{\"line\":%u,\"character\":%u}", spot.line, spot.character);
}

static struct spot spot_for(enum ask_needs needs, const struct survey_script *script,
                            const struct spots *spots) {
	if (script->at.known && needs != NEEDS_STANDARD) {
		return script->at;
	}
	switch (needs) {
	case NEEDS_STANDARD:
		return spots->standard;
	case NEEDS_MEMBER:
		return spots->member.known ? spots->member : spots->use;
	case NEEDS_CALL:
		return spots->call;
	default:
		return spots->use;
	}
}

const char *ask_params(struct arena *arena, enum ask ask, const struct survey_script *script,
                       const struct spots *spots, const char **ret_why_not) {
	enum ask_needs needs = ask_kinds[ask].needs;
	const char *document = arena_printf(arena, "\"textDocument\":{\"uri\":%s}",
	                                    json_text_uri(arena, script->file));
	struct spot spot = spot_for(needs, script, spots);
	const char *place = at(arena, spot);

	*ret_why_not = "no place in this file to ask about";
	switch (needs) {
	case NEEDS_DOCUMENT:
		return arena_printf(arena, "{%s}", document);
	case NEEDS_FORMAT:
		return arena_printf(
			arena, "{%s,\"options\":{\"tabSize\":8,\"insertSpaces\":false}}", document);
	case NEEDS_RANGE:
		return arena_printf(arena,
		                    "{%s,\"range\":{\"start\":{\"line\":0,\"character\":0},"
		                    "\"end\":%s},\"context\":{\"diagnostics\":[]}}",
		                    document, at(arena, spots->end));
	case NEEDS_QUERY:
		return str_empty(spots->name)
		               ? NULL
		               : arena_printf(arena, "{\"query\":%s}",
		                              json_text_quoted(arena, slice_str(spots->name)));
	case NEEDS_POSITIONS:
		return spot.known ? arena_printf(arena, "{%s,\"positions\":[%s]}", document, place)
		                  : NULL;
	default:
		return !spot.known ? NULL
		       : ask == ASK_REFERENCES
		               ? arena_printf(arena,
		                              "{%s,\"position\":%s,"
		                              "\"context\":{\"includeDeclaration\":true}}",
		                              document, place)
		               : arena_printf(arena, "{%s,\"position\":%s}", document, place);
	}
}

static struct json_object *member(struct json_object *from, const char *key) {
	struct json_object *value = NULL;
	return json_object_object_get_ex(from, key, &value) ? value : NULL;
}

/* "b.go:12" of a Location or LocationLink. */
static const char *place_of(struct arena *arena, struct json_object *location) {
	struct json_object *uri = member(location, "uri"), *range = member(location, "range");
	if (!uri) {
		uri = member(location, "targetUri");
		range = member(location, "targetSelectionRange");
	}
	const char *path = uri ? path_from_uri(arena, json_object_get_string(uri)) : NULL;
	int64_t line = json_object_get_int64(member(member(range, "start"), "line"));
	return path ? arena_printf(arena, "%s:%lld", path_base(path), (long long)line + 1) : "";
}

const char *ask_result(struct arena *arena, enum ask ask, struct json_object *result,
                       bool *ret_empty) {
	struct json_object *list = result;
	if (json_object_is_type(result, json_type_object)) {
		static const char *const inside[] = {"items", "signatures", "data"};
		list = NULL;
		for (size_t i = 0; i < sizeof(inside) / sizeof(*inside) && !list; i++) {
			list = member(result, inside[i]);
		}
	}
	bool is_list = json_object_is_type(list, json_type_array);
	size_t count = is_list ? json_object_array_length(list) : 0;
	*ret_empty = !result || (is_list && count == 0);
	if (*ret_empty) {
		return "";
	}
	bool leads = ask == ASK_DEFINITION || ask == ASK_STDLIB_DEFINITION ||
	             ask == ASK_DECLARATION || ask == ASK_TYPE_DEFINITION;
	if (leads) {
		return place_of(arena, is_list ? json_object_array_get_idx(list, 0) : result);
	}
	if (ask == ASK_SEMANTIC_TOKENS) {
		count /= 5; /* numbers a token */
	}
	return is_list ? arena_printf(arena, "%zu", count) : "";
}
