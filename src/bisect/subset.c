/* SPDX-License-Identifier: MIT
 */
#include "bisect/subset.h"

#include <string.h>

#define WORDS (SUBSET_MAX / 64)

bool subset_has(const struct subset *set, size_t i) {
	return (set->words[i / 64] >> (i % 64)) & 1;
}

void subset_put(struct subset *set, size_t i) {
	set->words[i / 64] |= (uint64_t)1 << (i % 64);
}

void subset_take(struct subset *set, size_t i) {
	set->words[i / 64] &= ~((uint64_t)1 << (i % 64));
}

size_t subset_count(const struct subset *set) {
	size_t count = 0;

	for (size_t i = 0; i < WORDS; i++) {
		count += (size_t)__builtin_popcountll(set->words[i]);
	}
	return count;
}

bool subset_equal(const struct subset *a, const struct subset *b) {
	return memcmp(a->words, b->words, sizeof a->words) == 0;
}

bool subset_within(const struct subset *a, const struct subset *b) {
	for (size_t i = 0; i < WORDS; i++) {
		if (a->words[i] & ~b->words[i]) {
			return false;
		}
	}
	return true;
}

struct subset subset_minus(const struct subset *a, const struct subset *b) {
	struct subset out;

	for (size_t i = 0; i < WORDS; i++) {
		out.words[i] = a->words[i] & ~b->words[i];
	}
	return out;
}

struct subset subset_plus(const struct subset *a, const struct subset *b) {
	struct subset out;

	for (size_t i = 0; i < WORDS; i++) {
		out.words[i] = a->words[i] | b->words[i];
	}
	return out;
}

struct subset subset_first(size_t count) {
	struct subset out = {0};

	for (size_t i = 0; i < count; i++) {
		subset_put(&out, i);
	}
	return out;
}
