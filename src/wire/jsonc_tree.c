/* SPDX-License-Identifier: MIT */
#include "base/str.h"
#include "wire/json_text.h"
#include "wire/jsonc.h"

#include <math.h>

const struct jsonc_node *jsonc_get(const struct jsonc_node *node, const char *key) {
	const struct jsonc_node *found = NULL;
	if (!node || node->type != JSONC_OBJECT) {
		return NULL;
	}
	for (const struct jsonc_node *child = node->first_child; child; child = child->next) {
		if (slice_eq(slice_of(child->key, child->key_len), key)) {
			found = child;
		}
	}
	return found;
}

const struct jsonc_node *jsonc_get_path(const struct jsonc_node *node, ...) {
	va_list keys;
	va_start(keys, node);
	const char *key = va_arg(keys, const char *);
	while (key) {
		node = jsonc_get(node, key);
		key = va_arg(keys, const char *);
	}
	va_end(keys);
	return node;
}

const char *jsonc_string(const struct jsonc_node *node) {
	return node && node->type == JSONC_STRING ? node->string : NULL;
}

const char *jsonc_type_name(enum jsonc_type type) {
	static const char *const names[] = {"null",   "boolean", "number",
	                                    "string", "array",   "object"};
	return names[type];
}

/* At most JSONC_DEPTH_MAX deep, as the tree is. */
static void write_node(struct strbuf *out, const struct jsonc_node *node) {
	bool object = node->type == JSONC_OBJECT;
	switch (node->type) {
	case JSONC_NULL:
		strbuf_add(out, "null");
		return;
	case JSONC_BOOL:
		strbuf_add(out, node->boolean ? "true" : "false");
		return;
	case JSONC_NUMBER:
		if (isfinite(node->number)) {
			strbuf_add_n(out, node->raw.data, node->raw.len);
		} else {
			strbuf_add(out, "null");
		}
		return;
	case JSONC_STRING:
		json_text_string(out, slice_of(node->string, node->string_len));
		return;
	case JSONC_ARRAY:
	case JSONC_OBJECT:
		break;
	}
	char before = object ? '{' : '[';
	for (const struct jsonc_node *child = node->first_child; child; child = child->next) {
		if (child->duplicate_of) {
			continue;
		}
		strbuf_add_char(out, before);
		before = ',';
		if (object) {
			json_text_string(out, slice_of(child->key, child->key_len));
			strbuf_add_char(out, ':');
		}
		write_node(out, child->winner ? child->winner : child);
	}
	if (before != ',') {
		strbuf_add_char(out, before);
	}
	strbuf_add_char(out, object ? '}' : ']');
}

char *jsonc_to_json(struct arena *arena, const struct jsonc_node *node) {
	struct strbuf out;
	strbuf_init(&out, arena);
	if (node) {
		write_node(&out, node);
	} else {
		strbuf_add(&out, "null");
	}
	return out.data;
}
