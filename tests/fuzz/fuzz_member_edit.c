/* SPDX-License-Identifier: MIT
 * Edits of hostile configurations: one byte says the language and whether it is an element, one the line, the rest is
 * "KEY NUL VALUE NUL TEXT". What comes out has no mistake that was not there before.
 */
#include "wire/member_edit.h"
#include "wire/toml.h"

#include <stdint.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct slice cut(struct slice *rest) {
	const char *end = rest->len > 0 ? memchr(rest->data, '\0', rest->len) : NULL;
	size_t len = end ? (size_t)(end - rest->data) : rest->len;
	struct slice part = slice_of(rest->data, len);
	rest->data += len + (end != NULL);
	rest->len -= len + (end != NULL);
	return part;
}

static void try(struct arena *arena, struct slice text, const struct member_edit *edit) {
	struct slice after;
	struct err err;
	if (member_edit(arena, text, edit, &after, &err) < 0) {
		return;
	}
	if ((edit->language == MEMBER_TOML && toml_parse(arena, after)->error) ||
	    (edit->language == MEMBER_JSON && jsonc_parse(arena, after)->errors_total > 0)) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	if (size < 2) {
		return 0;
	}
	struct arena *arena = arena_new();
	struct slice rest = slice_of((const char *)data + 2, size - 2);
	struct member_edit edit = {.language = (enum member_language)(data[0] % 3),
	                           .line = data[1] % 32};
	edit.key = arena_slicedup(arena, cut(&rest));
	const char *value = arena_slicedup(arena, cut(&rest));
	if (data[0] & 0x80) {
		edit.element = value;
		try(arena, rest, &edit);
	} else {
		try(arena, rest, &edit);
		edit.value = value;
		try(arena, rest, &edit);
	}
	arena_free(arena);
	return 0;
}
