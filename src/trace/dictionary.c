/* SPDX-License-Identifier: MIT */
#include "trace/dictionary.h"

#include <stdlib.h>

#define FIRST_SLOTS ((size_t)1024)
#define MULTIPLIER  UINT64_C(0x9e3779b97f4a7c15) /* 2^64 divided by the golden ratio */

struct dictionary_slot {
	uint64_t hash;
	size_t at;
	uint32_t len;
	uint32_t id; /* plus one; 0 is free */
};

/* Speed only: a program that makes strings collide makes its own recording slow, chunk by chunk. */
static uint64_t hash_of(struct slice s) {
	uint64_t h = s.len * MULTIPLIER, word;
	size_t i = 0;
	for (; i + sizeof(word) <= s.len; i += sizeof(word)) {
		memcpy(&word, s.data + i, sizeof(word));
		h = (h ^ word) * MULTIPLIER;
		h ^= h >> 29;
	}
	word = 0;
	if (i < s.len) {
		memcpy(&word, s.data + i, s.len - i);
	}
	h = (h ^ word) * MULTIPLIER;
	return h ^ (h >> 32);
}

void dictionary_free(struct dictionary *d) {
	column_free(&d->lengths);
	column_free(&d->bytes);
	free(d->slots);
	*d = (struct dictionary){0};
}

void dictionary_clear(struct dictionary *d) {
	d->lengths.len = d->bytes.len = d->count = 0;
	if (d->slots) {
		memset(d->slots, 0, d->slot_count * sizeof(*d->slots));
	}
}

static bool grow(struct dictionary *d) {
	size_t count = d->slot_count > 0 ? d->slot_count * 2 : FIRST_SLOTS;
	struct dictionary_slot *slots = calloc(count, sizeof(*slots));
	if (!slots) {
		d->failed = true;
		return false;
	}
	for (size_t i = 0; i < d->slot_count; i++) {
		if (d->slots[i].id > 0) {
			size_t k = d->slots[i].hash & (count - 1);
			while (slots[k].id > 0) {
				k = (k + 1) & (count - 1);
			}
			slots[k] = d->slots[i];
		}
	}
	free(d->slots);
	d->slots = slots;
	d->slot_count = count;
	return true;
}

/* Where it is, or the free place where it would be. */
static struct dictionary_slot *slot_of(const struct dictionary *d, struct slice s, uint64_t hash) {
	size_t k = hash & (d->slot_count - 1);
	for (; d->slots[k].id > 0; k = (k + 1) & (d->slot_count - 1)) {
		const struct dictionary_slot *slot = &d->slots[k];
		if (slot->hash == hash && slot->len == s.len &&
		    (s.len == 0 || memcmp(d->bytes.data + slot->at, s.data, s.len) == 0)) {
			break;
		}
	}
	return &d->slots[k];
}

bool dictionary_has(const struct dictionary *d, struct slice s) {
	return d->slot_count > 0 && slot_of(d, s, hash_of(s))->id > 0;
}

size_t dictionary_id(struct dictionary *d, struct slice s) {
	if (d->count * 2 >= d->slot_count && !grow(d)) {
		return 0;
	}
	uint64_t hash = hash_of(s);
	struct dictionary_slot *slot = slot_of(d, s, hash);
	if (slot->id > 0) {
		return slot->id - 1;
	}
	*slot = (struct dictionary_slot){.hash = hash,
	                                 .at = d->bytes.len,
	                                 .len = (uint32_t)s.len,
	                                 .id = (uint32_t)++d->count};
	column_put(&d->lengths, s.len);
	column_put_bytes(&d->bytes, s);
	d->failed = d->failed || d->lengths.failed || d->bytes.failed;
	return d->count - 1;
}
