/* SPDX-License-Identifier: MIT */
#include "base/siphash.h"

static uint64_t rotated(uint64_t x, int bits) {
	return x << bits | x >> (64 - bits);
}

static uint64_t word_at(const void *bytes) {
	const uint8_t *p = bytes;
	uint64_t word = 0;
	for (int i = 7; i >= 0; i--) {
		word = word << 8 | p[i];
	}
	return word;
}

static void rounds(uint64_t v[4], int count) {
	for (int i = 0; i < count; i++) {
		v[0] += v[1];
		v[1] = rotated(v[1], 13) ^ v[0];
		v[0] = rotated(v[0], 32);
		v[2] += v[3];
		v[3] = rotated(v[3], 16) ^ v[2];
		v[0] += v[3];
		v[3] = rotated(v[3], 21) ^ v[0];
		v[2] += v[1];
		v[1] = rotated(v[1], 17) ^ v[2];
		v[2] = rotated(v[2], 32);
	}
}

static void take_in(uint64_t v[4], uint64_t word) {
	v[3] ^= word;
	rounds(v, 2);
	v[0] ^= word;
}

uint64_t siphash(const uint8_t key[SIPHASH_KEY_BYTES], struct slice bytes) {
	uint64_t k0 = word_at(key);
	uint64_t k1 = word_at(key + 8);
	uint64_t v[4] = {k0 ^ UINT64_C(0x736f6d6570736575), k1 ^ UINT64_C(0x646f72616e646f6d),
	                 k0 ^ UINT64_C(0x6c7967656e657261), k1 ^ UINT64_C(0x7465646279746573)};
	size_t whole = bytes.len / 8 * 8;
	uint64_t last = (uint64_t)(bytes.len & 0xff) << 56;

	for (size_t i = 0; i < whole; i += 8) {
		take_in(v, word_at(bytes.data + i));
	}
	for (size_t i = whole; i < bytes.len; i++) {
		last |= (uint64_t)(uint8_t)bytes.data[i] << (8 * (i - whole));
	}
	take_in(v, last);
	v[2] ^= 0xff;
	rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
