/* SPDX-License-Identifier: MIT
 * Emacs Lisp from hostile bytes: a tree within its bounds, and strict JSON out of what has a value.
 */
#include "wire/lisp.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static size_t check_node(const struct lisp_node *node, size_t depth) {
	size_t count = 0;
	size_t nodes = 1;
	if (depth > LISP_DEPTH_MAX + 1) {
		abort();
	}
	for (const struct lisp_node *child = node->first_child; child; child = child->next) {
		nodes += check_node(child, depth + 1);
		count++;
	}
	if (count != node->count || (node->dotted && count < 2)) {
		abort();
	}
	return nodes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	const struct lisp_node *all = lisp_read(arena, slice_of((const char *)data, size));
	if (check_node(all, 0) > LISP_NODES_MAX + 1) {
		abort();
	}
	for (const struct lisp_node *n = all->first_child; n; n = n->next) {
		struct jsonc_node *json = lisp_to_json(arena, n);
		if (json) {
			(void)jsonc_to_json(arena, json);
		}
	}
	arena_free(arena);
	return 0;
}
