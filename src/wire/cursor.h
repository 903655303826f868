/* SPDX-License-Identifier: MIT
 * Where the reader of a text is: byte, line and column, for readers that look a few bytes ahead and
 * say where things stand. Columns count bytes here.
 */
#ifndef WIRE_CURSOR_H
#define WIRE_CURSOR_H

#include "wire/jsonc.h"

struct cursor {
	struct slice text;
	size_t at;
	size_t line;       /* from 1 */
	size_t line_start; /* offset of its first byte */
};

static inline struct cursor cursor_at_start(struct slice text) {
	return (struct cursor){.text = text, .line = 1};
}

static inline bool cursor_ended(const struct cursor *c) {
	return c->at >= c->text.len;
}

/* What was read since `from`. */
static inline struct slice cursor_since(const struct cursor *c, size_t from) {
	return slice_of(c->text.data + from, c->at - from);
}

/* The byte so many ahead, 0 is the next one; -1 behind the end. */
static inline int cursor_peek(const struct cursor *c, size_t ahead) {
	return c->at + ahead < c->text.len ? (unsigned char)c->text.data[c->at + ahead] : -1;
}

/* True when this byte, this word (not empty) comes next. */
static inline bool cursor_is(const struct cursor *c, char byte) {
	return c->at < c->text.len && c->text.data[c->at] == byte;
}

static inline bool cursor_starts(const struct cursor *c, const char *word) {
	size_t n = strlen(word);
	return c->text.len - c->at >= n && memcmp(c->text.data + c->at, word, n) == 0;
}

/* Over one byte; not at the end. Bytes that are no line end may also be passed by counting `at` up. */
static inline void cursor_step(struct cursor *c) {
	if (c->text.data[c->at++] == '\n') {
		c->line++;
		c->line_start = c->at;
	}
}

/* Over all bytes that are one of these. */
static inline void cursor_skip(struct cursor *c, const char *bytes) {
	while (cursor_peek(c, 0) > 0 && strchr(bytes, cursor_peek(c, 0))) {
		cursor_step(c);
	}
}

/* Up to the end of the line, or of the text. */
static inline void cursor_to_line_end(struct cursor *c) {
	while (!cursor_ended(c) && c->text.data[c->at] != '\n') {
		c->at++;
	}
}

static inline struct jsonc_place cursor_place(const struct cursor *c) {
	return (struct jsonc_place){
		.offset = c->at, .line = c->line, .column = c->at - c->line_start + 1};
}

#endif
