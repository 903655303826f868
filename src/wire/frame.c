/* SPDX-License-Identifier: MIT */
#include "wire/frame.h"

#include "base/ascii.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>

#define FEED_SIZE_MIN ((size_t)16 << 10)

static const char length_name[] = "Content-Length:";
static const char type_name[] = "Content-Type:";
#define LENGTH_NAME_LEN (sizeof(length_name) - 1)
#define TYPE_NAME_LEN   (sizeof(type_name) - 1)

void frame_reader_init(struct frame_reader *reader, size_t max_body_bytes) {
	*reader = (struct frame_reader){.max_body_bytes = max_body_bytes};
	if (max_body_bytes == 0 || max_body_bytes > FRAME_BYTES_MAX) {
		reader->max_body_bytes = FRAME_BYTES_MAX;
	}
}

void frame_reader_release(struct frame_reader *reader) {
	free(reader->data);
	*reader = (struct frame_reader){.max_body_bytes = reader->max_body_bytes};
}

int frame_feed(struct frame_reader *reader, struct slice bytes) {
	if (reader->ended) {
		return -EPIPE;
	}
	if (bytes.len == 0) {
		return 0;
	}
	size_t held = reader->end - reader->start;
	size_t limit = reader->max_body_bytes + FRAME_HEADER_BYTES_MAX + FRAME_BACKLOG_BYTES;
	if (bytes.len > limit || held > limit - bytes.len) {
		return -ENOBUFS;
	}
	if (reader->start > 0) {
		memmove(reader->data, reader->data + reader->start, held);
		reader->scanned -= reader->start;
		reader->start = 0;
		reader->end = held;
	}
	size_t need = held + bytes.len;
	if (need > reader->size) {
		size_t size = reader->size * 2 > need ? reader->size * 2 : need;
		size = size < FEED_SIZE_MIN ? FEED_SIZE_MIN : size;
		char *bigger = realloc(reader->data, size);
		if (!bigger) {
			return -ENOMEM;
		}
		reader->data = bigger;
		reader->size = size;
	}
	memcpy(reader->data + held, bytes.data, bytes.len);
	reader->end = need;
	return 0;
}

void frame_end(struct frame_reader *reader) {
	reader->ended = true;
}

size_t frame_header(char buf[FRAME_HEADER_SIZE], size_t body_bytes) {
	int n = snprintf(buf, FRAME_HEADER_SIZE, "Content-Length: %zu\r\n\r\n", body_bytes);
	return (size_t)n;
}

static void consume(struct frame_reader *reader, size_t len) {
	reader->start += len;
	reader->scanned = reader->start;
}

static enum frame_kind give_junk(struct frame_reader *reader, size_t len, struct frame *ret) {
	const char *data = reader->data + reader->start;
	reader->junk_bytes += len;
	*ret = (struct frame){.kind = FRAME_JUNK, .bytes = slice_of(data, len)};
	consume(reader, len);
	return FRAME_JUNK;
}

static bool starts_nocase(struct slice s, const char *name, size_t name_len) {
	return s.len >= name_len && strncasecmp(s.data, name, name_len) == 0;
}

/* Where "Content-Length:" begins in line, not before from; or line.len. */
static size_t find_length_name(struct slice line, size_t from) {
	for (size_t i = from; i + LENGTH_NAME_LEN <= line.len; i++) {
		if ((line.data[i] | 0x20) == 'c' &&
		    strncasecmp(line.data + i, length_name, LENGTH_NAME_LEN) == 0) {
			return i;
		}
	}
	return line.len;
}

/* What the value of Content-Length says; *ret_bytes saturates. */
static enum frame_error parse_length(struct slice value, uint64_t *ret_bytes) {
	value = slice_trim(value);
	bool negative = value.len > 1 && value.data[0] == '-';
	size_t i = negative ? 1 : 0;
	uint64_t n = 0;
	if (i == value.len) {
		return FRAME_ERROR_NOT_NUMBER;
	}
	for (; i < value.len; i++) {
		unsigned digit = (unsigned)(unsigned char)value.data[i] - '0';
		if (digit > 9) {
			return FRAME_ERROR_NOT_NUMBER;
		}
		n = n > (UINT64_MAX - digit) / 10 ? UINT64_MAX : n * 10 + digit;
	}
	*ret_bytes = n;
	return negative ? FRAME_ERROR_NEGATIVE : FRAME_ERROR_NONE;
}

/* "name: value" with a name of letters, digits and dashes. */
static bool is_header_line(struct slice line) {
	size_t i = 0;
	while (i < line.len && (line.data[i] == '-' || ascii_is_alnum(line.data[i]))) {
		i++;
	}
	return i > 0 && i < line.len && line.data[i] == ':';
}

enum block_state { BLOCK_MORE, BLOCK_GOOD, BLOCK_NOT };

struct block {
	size_t len; /* GOOD: with the blank line; NOT: bytes that are surely junk */
	enum frame_error error;
	uint64_t body_bytes;
	bool lf_only;
};

/* Reads a header block at the start of the buffer. */
static enum block_state read_block(const struct frame_reader *reader, struct block *ret) {
	struct slice held = slice_of(reader->data + reader->start, reader->end - reader->start);
	*ret = (struct block){.error = FRAME_ERROR_NO_LENGTH};
	size_t pos = 0;
	for (;;) {
		size_t room = held.len - pos;
		size_t cap = FRAME_HEADER_BYTES_MAX - pos;
		const char *lf = memchr(held.data + pos, '\n', room < cap ? room : cap);
		if (!lf) {
			ret->len = pos > 0 ? pos : cap;
			return room >= cap ? BLOCK_NOT : BLOCK_MORE;
		}
		struct slice line = slice_of(held.data + pos, (size_t)(lf - held.data) - pos);
		if (line.len > 0 && line.data[line.len - 1] == '\r') {
			line.len--;
		} else {
			ret->lf_only = true;
		}
		if (line.len > 0 && !is_header_line(line)) {
			ret->len = pos; /* this line may hold the next header: look at it again */
			return BLOCK_NOT;
		}
		pos = (size_t)(lf - held.data) + 1;
		if (line.len == 0) {
			ret->len = pos;
			return BLOCK_GOOD;
		}
		if (starts_nocase(line, length_name, LENGTH_NAME_LEN)) {
			struct slice value =
				slice_of(line.data + LENGTH_NAME_LEN, line.len - LENGTH_NAME_LEN);
			ret->error = parse_length(value, &ret->body_bytes);
		}
	}
}

static enum frame_kind give_more(struct frame_reader *reader, struct frame *ret) {
	size_t held = reader->end - reader->start;
	if (reader->ended && held > 0) {
		return give_junk(reader, held, ret);
	}
	*ret = (struct frame){.kind = FRAME_MORE};
	return FRAME_MORE;
}

/* A header block was read: its frame, its error, or wait for the body. */
static enum frame_kind give_block(struct frame_reader *reader, const struct block *block,
                                  struct frame *ret) {
	size_t held = reader->end - reader->start;
	*ret = (struct frame){.kind = FRAME_ERROR,
	                      .error = block->error,
	                      .bytes = slice_of(reader->data + reader->start, block->len),
	                      .header_bytes = block->len,
	                      .body_bytes = block->body_bytes,
	                      .lf_only = block->lf_only};
	if (block->error == FRAME_ERROR_NONE && block->body_bytes > reader->max_body_bytes) {
		ret->error = FRAME_ERROR_TOO_LARGE;
	}
	if (ret->error != FRAME_ERROR_NONE) {
		consume(reader, block->len);
		return FRAME_ERROR;
	}
	size_t body = (size_t)block->body_bytes;
	if (held - block->len >= body) {
		ret->kind = FRAME_BODY;
		ret->bytes = slice_of(reader->data + reader->start + block->len, body);
		reader->frames++;
		consume(reader, block->len + body);
		return FRAME_BODY;
	}
	if (reader->ended) {
		ret->error = FRAME_ERROR_TRUNCATED;
		ret->bytes.len = held;
		consume(reader, held);
		return FRAME_ERROR;
	}
	*ret = (struct frame){.kind = FRAME_MORE};
	return FRAME_MORE;
}

/* The line at the start begins no header block: how much of it is junk. 0: wait for the rest of the
 * line. */
static size_t junk_length(struct frame_reader *reader) {
	size_t held = reader->end - reader->start;
	size_t seen = reader->scanned - reader->start;
	const char *lf =
		memchr(reader->data + reader->scanned, '\n', reader->end - reader->scanned);
	reader->scanned = reader->end;
	struct slice line = slice_of(reader->data + reader->start, held);
	if (lf) {
		line.len = (size_t)(lf - line.data) + 1;
	}
	/* The name may have begun in what was looked at before. */
	size_t at =
		find_length_name(line, seen < LENGTH_NAME_LEN ? 0 : seen - (LENGTH_NAME_LEN - 1));
	if (at < line.len) {
		return at; /* never 0: the caller tried a block here */
	}
	if (lf) {
		return line.len;
	}
	/* A very long line: keep only what could be the first part of the name. */
	return held > FRAME_HEADER_BYTES_MAX ? held - (LENGTH_NAME_LEN - 1) : 0;
}

enum frame_kind frame_next(struct frame_reader *reader, struct frame *ret) {
	struct slice held = slice_of(NULL, reader->end - reader->start);
	if (held.len == 0) {
		*ret = (struct frame){.kind = FRAME_MORE};
		return FRAME_MORE;
	}
	held.data = reader->data + reader->start;
	if (starts_nocase(held, length_name, LENGTH_NAME_LEN) ||
	    starts_nocase(held, type_name, TYPE_NAME_LEN)) {
		struct block block;
		switch (read_block(reader, &block)) {
		case BLOCK_GOOD:
			return give_block(reader, &block, ret);
		case BLOCK_NOT:
			/* At least one byte, so that the search moves on. */
			return give_junk(reader, block.len > 0 ? block.len : 1, ret);
		case BLOCK_MORE:
			return give_more(reader, ret);
		}
	}
	size_t junk = junk_length(reader);
	return junk > 0 ? give_junk(reader, junk, ret) : give_more(reader, ret);
}
