/* SPDX-License-Identifier: MIT
 * TOML from hostile bytes: always a tree within its bounds, an error that lies inside the text, and
 * strict JSON out of it.
 */
#include "wire/toml.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t check_node(const struct jsonc_node *node, size_t depth) {
	size_t count = 0;
	size_t nodes = 1;
	if (depth > (size_t)TOML_DEPTH_MAX * 4) {
		abort();
	}
	for (const struct jsonc_node *child = node->first_child; child; child = child->next) {
		if ((node->type == JSONC_OBJECT) != (child->key != NULL)) {
			abort();
		}
		nodes += check_node(child, depth + 1);
		count++;
	}
	if (count != node->count) {
		abort();
	}
	return nodes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	struct toml_doc *doc = toml_parse(arena, slice_of((const char *)data, size));
	if (check_node(doc->root, 0) > TOML_NODES_MAX ||
	    (doc->error && (doc->place.offset > size || doc->place.line == 0))) {
		abort();
	}
	(void)jsonc_to_json(arena, doc->root);
	arena_free(arena);
	return 0;
}
