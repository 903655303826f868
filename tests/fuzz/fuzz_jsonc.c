/* SPDX-License-Identifier: MIT
 * JSON with comments from hostile bytes: always a document, places inside the text, and what it
 * writes is strict JSON that reads back to the same.
 */
#include "wire/jsonc.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_place(struct jsonc_place place, size_t size) {
	if (place.offset > size || place.length > size - place.offset || place.line == 0 ||
	    place.column == 0) {
		abort();
	}
}

static void check_node(const struct jsonc_node *node, size_t size, size_t depth) {
	size_t count = 0;
	check_place(node->place, size);
	if (depth > JSONC_DEPTH_MAX) {
		abort();
	}
	for (const struct jsonc_node *child = node->first_child; child; child = child->next) {
		check_node(child, size, depth + 1);
		count++;
	}
	if (count != node->count || count > JSONC_NODES_MAX) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	struct jsonc_doc *doc = jsonc_parse(arena, slice_of((const char *)data, size));
	for (size_t i = 0; i < doc->errors_len; i++) {
		check_place(doc->errors[i].place, size);
	}
	for (size_t i = 0; i < doc->lost_len; i++) {
		check_place(doc->lost[i].place, size);
	}
	if (doc->root) {
		check_node(doc->root, size, 0);
		(void)jsonc_get_path(doc->root, "gopls", "build.env", NULL);
		const char *json = jsonc_to_json(arena, doc->root);
		struct jsonc_doc *again = jsonc_parse(arena, slice_str(json));
		if (again->errors_total > 0 || again->duplicates_total > 0 ||
		    strcmp(json, jsonc_to_json(arena, again->root)) != 0) {
			abort();
		}
	}
	arena_free(arena);
	return 0;
}
