/* SPDX-License-Identifier: MIT
 * Little-endian numbers out of bytes nobody vouches for. Every reader says whether the bytes were
 * there.
 */
#ifndef GOSTACK_BYTES_H
#define GOSTACK_BYTES_H

#include "base/slice.h"

#include <stdint.h>

static inline bool bytes_have(struct slice s, uint64_t offset, uint64_t len) {
	return offset <= s.len && len <= s.len - offset;
}

/* Up to len bytes from offset; empty beyond the end. */
static inline struct slice bytes_sub(struct slice s, uint64_t offset, uint64_t len) {
	if (offset >= s.len) {
		return (struct slice){0};
	}
	uint64_t left = s.len - offset;
	return slice_of(s.data + offset, (size_t)(len < left ? len : left));
}

static inline uint16_t bytes_get_u16(const void *p) {
	uint16_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint32_t bytes_get_u32(const void *p) {
	uint32_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t bytes_get_u64(const void *p) {
	uint64_t v;
	memcpy(&v, p, sizeof(v));
	return v;
}

static inline bool bytes_u8(struct slice s, uint64_t offset, uint8_t *ret) {
	if (!bytes_have(s, offset, 1)) {
		return false;
	}
	*ret = (uint8_t)s.data[offset];
	return true;
}

static inline bool bytes_u32(struct slice s, uint64_t offset, uint32_t *ret) {
	if (!bytes_have(s, offset, 4)) {
		return false;
	}
	*ret = bytes_get_u32(s.data + offset);
	return true;
}

static inline bool bytes_u64(struct slice s, uint64_t offset, uint64_t *ret) {
	if (!bytes_have(s, offset, 8)) {
		return false;
	}
	*ret = bytes_get_u64(s.data + offset);
	return true;
}

/* A number of 7 bits a byte, the lowest first, of at most 32 bits; *offset moves behind it. */
static inline bool bytes_varint(struct slice s, uint64_t *offset, uint32_t *ret) {
	uint32_t v = 0;
	for (unsigned shift = 0; shift < 35; shift += 7) {
		uint8_t b = 0;
		if (!bytes_u8(s, *offset, &b)) {
			return false;
		}
		(*offset)++;
		v |= (uint32_t)(b & 0x7f) << shift;
		if ((b & 0x80) == 0) {
			*ret = v;
			return true;
		}
	}
	return false;
}

/* What stands before the NUL, when there is one within cap bytes. */
static inline bool bytes_text(struct slice s, uint64_t offset, size_t cap, struct slice *ret) {
	struct slice rest = bytes_sub(s, offset, cap);
	const char *end = rest.len > 0 ? memchr(rest.data, '\0', rest.len) : NULL;
	if (!end) {
		return false;
	}
	*ret = slice_of(rest.data, (size_t)(end - rest.data));
	return true;
}

#endif
