/* SPDX-License-Identifier: MIT
 * Edits of hostile texts: one byte says whether the key is nested, the rest is "KEY NUL VALUE NUL TEXT". What comes out can be taken
 * back to the byte, has no mistake and says what was asked.
 */
#include "wire/jsonc_edit.h"

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

static bool same(struct slice a, struct slice b) {
	return a.len == b.len && (a.len == 0 || memcmp(a.data, b.data, a.len) == 0);
}

static void check(struct arena *arena, struct slice before, const struct jsonc_edit *edit) {
	struct slice back = jsonc_splice_apply(arena, edit->text, &edit->inverse);
	struct slice forth = jsonc_splice_apply(arena, before, &edit->forward);
	if (!same(back, before) || !same(forth, edit->text)) {
		abort();
	}
	const struct jsonc_doc *doc = jsonc_parse(arena, edit->text);
	if (doc->root && doc->errors_total > 0) {
		abort();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
	struct arena *arena = arena_new();
	struct slice rest = slice_of((const char *)data, size);
	bool nested = size > 0 && data[0] & 1;
	if (size > 0) {
		rest = slice_of(rest.data + 1, rest.len - 1);
	}
	const char *key = arena_slicedup(arena, cut(&rest));
	struct slice value = cut(&rest);
	const char *const path[] = {nested ? "gopls" : key, nested ? key : NULL, NULL};
	struct jsonc_edit edit;
	struct err err;
	if (jsonc_edit_set(arena, rest, path, value, &edit, &err) == 0) {
		check(arena, rest, &edit);
	}
	if (jsonc_edit_unset(arena, rest, path, &edit, &err) == 0) {
		check(arena, rest, &edit);
	}
	arena_free(arena);
	return 0;
}
