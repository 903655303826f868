/* SPDX-License-Identifier: MIT */
#include "trace/column.h"

#include <stdlib.h>

#define FIRST_BYTES ((size_t)4096)

void column_free(struct column *c) {
	free(c->data);
	*c = (struct column){0};
}

bool column_grow(struct column *c, size_t more) {
	size_t size = c->size > 0 ? c->size : FIRST_BYTES;
	while (size - c->len < more) {
		size *= 2;
	}
	char *data = realloc(c->data, size);
	if (!data) {
		c->failed = true;
		return false;
	}
	c->data = data;
	c->size = size;
	return true;
}

void column_put_bytes(struct column *c, struct slice bytes) {
	if (bytes.len > 0 && (c->size - c->len >= bytes.len || column_grow(c, bytes.len))) {
		memcpy(c->data + c->len, bytes.data, bytes.len);
		c->len += bytes.len;
	}
}

struct slice column_get_bytes(struct column_reader *r, uint64_t len) {
	if (len > (uint64_t)(r->end - r->at)) {
		r->bad = true;
		r->at = r->end;
		return slice_of("", 0);
	}
	struct slice bytes = slice_of((const char *)r->at, (size_t)len);
	r->at += len;
	return bytes;
}

size_t column_get_count(struct column_reader *r, size_t cap) {
	uint64_t n = column_get(r);
	if (n > cap) {
		r->bad = true;
		r->at = r->end;
		return 0;
	}
	return (size_t)n;
}
