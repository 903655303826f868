/* SPDX-License-Identifier: MIT */
#include "gofile/modindex.h"

#include <stdlib.h>

static int compare_names(const struct modkey *a, const struct modkey *b) {
	int c = strcmp(a->path, b->path);
	return c != 0 ? c : strcmp(a->version, b->version);
}

static int compare_keys(const void *a, const void *b) {
	const struct modkey *x = a;
	const struct modkey *y = b;
	int c = compare_names(x, y);
	return c != 0 ? c : (x->item > y->item) - (x->item < y->item);
}

struct modindex modindex_of(struct modkey *keys, size_t count) {
	if (count > 1) {
		qsort(keys, count, sizeof(*keys), compare_keys);
	}
	return (struct modindex){keys, count};
}

size_t modindex_find(const struct modindex *index, const char *path, const char *version) {
	struct modkey want = {.path = path, .version = version};
	size_t low = 0;
	size_t high = index->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_names(&index->keys[middle], &want) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	if (low < index->count && compare_names(&index->keys[low], &want) == 0) {
		return index->keys[low].item;
	}
	return MODINDEX_NONE;
}
