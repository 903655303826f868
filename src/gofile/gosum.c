/* SPDX-License-Identifier: MIT */
#include "gofile/gosum.h"

#include "base/vec.h"
#include "gofile/golex.h"
#include "gofile/modfile.h"

#include <stdlib.h>

/* Go once wrote this checksum of an empty go.mod by mistake and has ignored it since. */
static const char empty_gomod_hash[] = "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=";

static int compare_slices(struct slice a, struct slice b) {
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n > 0 ? memcmp(a.data, b.data, n) : 0;
	return c != 0 ? c : (a.len > b.len) - (a.len < b.len);
}

static int compare_entries(const void *a, const void *b) {
	const struct gosum_entry *x = a;
	const struct gosum_entry *y = b;
	int c = compare_slices(x->path, y->path);
	c = c != 0 ? c : compare_slices(x->version, y->version);
	c = c != 0 ? c : (int)x->is_gomod - (int)y->is_gomod;
	return c != 0 ? c : (x->line > y->line) - (x->line < y->line);
}

/* The words of a line; only the first three are kept. */
static size_t split_line(struct slice line, struct slice words[3]) {
	size_t count = 0;
	struct slice word;
	while (golex_field(&line, &word)) {
		if (count < 3) {
			words[count] = word;
		}
		count++;
	}
	return count;
}

static struct gosum_entry entry_of(const struct slice words[3], int line) {
	static const char suffix[] = "/go.mod";
	size_t n = sizeof(suffix) - 1;
	struct gosum_entry e = {words[0], words[1], words[2], false, line};
	if (e.version.len >= n && memcmp(e.version.data + e.version.len - n, suffix, n) == 0) {
		e.version.len -= n;
		e.is_gomod = true;
	}
	return e;
}

struct gosum gosum_parse(struct arena *arena, struct slice text) {
	struct gosum sum = {0};
	if (text.len > GOSUM_MAX_BYTES) {
		text.len = GOSUM_MAX_BYTES;
		sum.truncated = true;
	}
	sum.conflict_line = modfile_conflict_line(text);
	struct slice line;
	size_t slots = 0;
	for (int number = 1; slice_line(&text, &line); number++) {
		struct slice words[3];
		size_t count = split_line(line, words);
		if (count == 0) {
			continue;
		}
		if (count != 3) {
			if (sum.malformed_line == 0) {
				sum.malformed_line = number;
				sum.malformed_words = count;
			}
			continue;
		}
		if (slice_eq(words[2], empty_gomod_hash)) {
			continue;
		}
		VEC_ROOM(arena, sum.entries, sum.count, &slots);
		sum.entries[sum.count++] = entry_of(words, number);
	}
	if (sum.count > 1) {
		qsort(sum.entries, sum.count, sizeof(*sum.entries), compare_entries);
	}
	return sum;
}

bool gosum_has(const struct gosum *sum, const char *path, const char *version, bool is_gomod) {
	struct gosum_entry want = {
		.path = slice_str(path), .version = slice_str(version), .is_gomod = is_gomod};
	size_t low = 0;
	size_t high = sum->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (compare_entries(&sum->entries[middle], &want) < 0) {
			low = middle + 1;
		} else {
			high = middle;
		}
	}
	for (size_t i = low; i < sum->count; i++) {
		const struct gosum_entry *e = &sum->entries[i];
		bool same = e->is_gomod == is_gomod && compare_slices(e->path, want.path) == 0 &&
		            compare_slices(e->version, want.version) == 0;
		if (!same) {
			return false;
		}
		if (slice_starts(e->hash, "h1:")) {
			return true;
		}
	}
	return false;
}
