/* SPDX-License-Identifier: MIT
 * A column: numbers one behind the other, small ones short (LEB128), differences folded so that
 * small negative ones are short too. The reader never reads beyond the column and never fails but
 * once: then it is `bad` and gives zeros.
 */
#ifndef TRACE_COLUMN_H
#define TRACE_COLUMN_H

#include "base/slice.h"

#include <endian.h>
#include <stdint.h>

struct column {
	char *data; /* malloc'ed */
	size_t len;
	size_t size;
	bool failed; /* no memory; what was put since is lost */
};

void column_free(struct column *column);
/* Room for `more` bytes; false without memory. */
bool column_grow(struct column *column, size_t more);
void column_put_bytes(struct column *column, struct slice bytes);

#define VARINT_MAX 10 /* bytes of 64 bits in sevens */

static inline void column_put(struct column *c, uint64_t n) {
	if (c->len + VARINT_MAX > c->size && !column_grow(c, VARINT_MAX)) {
		return;
	}
	while (n >= 0x80) {
		c->data[c->len++] = (char)(n | 0x80);
		n >>= 7;
	}
	c->data[c->len++] = (char)n;
}

static inline uint64_t fold(int64_t n) {
	return ((uint64_t)n << 1) ^ (n < 0 ? UINT64_MAX : 0);
}

static inline int64_t unfold(uint64_t n) {
	return (int64_t)((n >> 1) ^ (~(n & 1) + 1));
}

static inline void column_put_signed(struct column *c, int64_t n) {
	column_put(c, fold(n));
}

struct column_reader {
	const unsigned char *at, *end;
	bool bad;
};

static inline struct column_reader column_reader_of(struct slice s) {
	const unsigned char *at = (const unsigned char *)s.data;
	return (struct column_reader){.at = at, .end = s.len > 0 ? at + s.len : at};
}

/* A number near the end of its column, byte by byte. */
static inline uint64_t column_get_slowly(struct column_reader *r) {
	uint64_t n = 0;
	for (unsigned shift = 0; shift < 64; shift += 7) {
		if (r->at == r->end) {
			break;
		}
		unsigned char byte = *r->at++;
		n |= (uint64_t)(byte & 0x7f) << shift;
		if (byte < 0x80) {
			return n;
		}
	}
	r->bad = true;
	r->at = r->end;
	return 0;
}

#define COLUMN_ENDS                                                                                \
	UINT64_C(0x8080808080808080) /* a byte without its bit of these is a number's last */

/* Eight bytes at once and without a branch on what is in them: lengths vary too much to be guessed. */
static inline uint64_t column_get(struct column_reader *r) {
	uint64_t n;
	if (r->end - r->at < (ptrdiff_t)sizeof(n)) {
		return column_get_slowly(r);
	}
	memcpy(&n, r->at, sizeof(n));
	n = le64toh(n);
	uint64_t last = ~n & COLUMN_ENDS;
	if (last == 0) {
		return column_get_slowly(r);
	}
	r->at += (__builtin_ctzll(last) >> 3) + 1;
	n &= (last ^ (last - 1)) & ~COLUMN_ENDS;
	n = (n & 0x007f007f007f007f) | (n & 0x7f007f007f007f00) >> 1;
	n = (n & 0x00003fff00003fff) | (n & 0x3fff00003fff0000) >> 2;
	return (n & 0x000000000fffffff) | (n & 0x0fffffff00000000) >> 4;
}

/* Over so many numbers. */
static inline void column_skip(struct column_reader *r, size_t count) {
	uint64_t n;
	while (r->end - r->at >= (ptrdiff_t)sizeof(n)) {
		memcpy(&n, r->at, sizeof(n));
		size_t here = ((~n & COLUMN_ENDS) >> 7) * UINT64_C(0x0101010101010101) >> 56;
		if (here >= count) {
			break;
		}
		count -= here;
		r->at += sizeof(n);
	}
	while (count > 0 && r->at < r->end) {
		count -= (*r->at++ & 0x80) == 0;
	}
	r->bad = r->bad || count > 0;
}

static inline int64_t column_get_signed(struct column_reader *r) {
	return unfold(column_get(r));
}

/* len bytes of the column itself; empty and bad when it has fewer. */
struct slice column_get_bytes(struct column_reader *r, uint64_t len);

/* A number of things that take at least one byte each: bad when there cannot be so many. */
size_t column_get_count(struct column_reader *r, size_t cap);

#endif
