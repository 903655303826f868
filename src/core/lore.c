/* SPDX-License-Identifier: MIT */
#include "core/lore.h"

#include "base/str.h"
#include "core/registry.h"

enum column { KIND, KEY, WAS, VERSION, SEVERITY, WANTED, INSTEAD, COLUMNS };

const char *lore_data(const char *path) {
	for (size_t i = 0; registry_data[i].id; i++) {
		if (streq(registry_data[i].id, path)) {
			return registry_data[i].text;
		}
	}
	return NULL;
}

/* 2 for the key itself, 1 for a row with '*' that covers it, 0 otherwise. */
static int match(struct slice pattern, const char *key) {
	if (slice_eq(pattern, key)) {
		return 2;
	}
	if (pattern.len == 0 || pattern.data[pattern.len - 1] != '*') {
		return 0;
	}
	return strncmp(pattern.data, key, pattern.len - 1) == 0 ? 1 : 0;
}

static void split(struct slice line, struct slice columns[COLUMNS]) {
	for (size_t i = 0; i < COLUMNS; i++) {
		columns[i] = slice_of(NULL, 0);
		(void)slice_cut(&line, '\t', &columns[i]);
	}
}

/* 0 for a row of another kind, else as match; of most rows no more than their kind is looked at. */
static int match_row(struct slice line, const char *kind, size_t kind_len, const char *key) {
	struct slice pattern;
	if (line.len <= kind_len || line.data[kind_len] != '\t' ||
	    memcmp(line.data, kind, kind_len) != 0) {
		return 0;
	}
	line = slice_of(line.data + kind_len + 1, line.len - kind_len - 1);
	return slice_cut(&line, '\t', &pattern) ? match(pattern, key) : 0;
}

const struct lore *lore_find(struct arena *arena, const char *kind, const char *key) {
	struct slice rest = slice_str(lore_data("settings-lore.tsv"));
	struct slice line;
	struct slice best = {0};
	size_t kind_len = strlen(kind);
	int best_match = 0;
	while (best_match < 2 && slice_line(&rest, &line)) {
		int m = match_row(line, kind, kind_len, key);
		if (m > best_match) {
			best_match = m;
			best = line;
		}
	}
	if (best_match == 0) {
		return NULL;
	}
	struct slice columns[COLUMNS];
	split(best, columns);
	struct lore *lore = arena_new_of(arena, struct lore);
	lore->key = arena_slicedup(arena, columns[KEY]);
	lore->was = arena_slicedup(arena, columns[WAS]);
	lore->version = arena_slicedup(arena, columns[VERSION]);
	lore->severity = arena_slicedup(arena, columns[SEVERITY]);
	lore->wanted = arena_slicedup(arena, columns[WANTED]);
	lore->instead = arena_slicedup(arena, columns[INSTEAD]);
	return lore;
}

const char *lore_history(struct arena *arena, const struct lore *lore, const char *what) {
	bool dated = lore->version[0] != '\0';
	if (streq(lore->was, "never")) {
		return arena_printf(arena, "was never %s", what);
	}
	if (streq(lore->was, "removed")) {
		return arena_printf(
			arena, dated ? "was %s up to %s and is gone" : "was %s once and is gone",
			what, lore->version);
	}
	if (streq(lore->was, "deprecated")) {
		return arena_printf(arena,
		                    dated ? "is deprecated as %s since %s" : "is deprecated as %s",
		                    what, lore->version);
	}
	if (streq(lore->was, "renamed")) {
		return arena_printf(arena, "is the old name of %s", what);
	}
	return arena_printf(arena, "has no effect as %s", what);
}
