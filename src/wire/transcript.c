/* SPDX-License-Identifier: MIT */
#include "wire/transcript.h"

#include "base/ascii.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

static const char magic[] = "dialtone-transcript 1\n";
#define MAGIC_LEN      (sizeof(magic) - 1)
#define LINE_BYTES_MAX ((size_t)64) /* "KIND MS LENGTH\n" never needs more */
#define NS_PER_US      ((int64_t)1000)
#define SIZE_MIN       ((size_t)4096)

void transcript_init(struct transcript *transcript) {
	*transcript = (struct transcript){0};
}

void transcript_release(struct transcript *transcript) {
	free(transcript->data);
	transcript_init(transcript);
}

struct slice transcript_bytes(const struct transcript *transcript) {
	return slice_of(transcript->data, transcript->len);
}

static int grow(struct transcript *transcript, size_t need) {
	if (need <= transcript->size) {
		return 0;
	}
	size_t size = transcript->size * 2;
	size = size < SIZE_MIN ? SIZE_MIN : size;
	size = size < need ? need : size;
	char *bigger = realloc(transcript->data, size);
	if (!bigger) {
		return -ENOMEM;
	}
	transcript->data = bigger;
	transcript->size = size;
	return 0;
}

static void append(struct transcript *transcript, const char *data, size_t len) {
	if (len > 0) {
		memcpy(transcript->data + transcript->len, data, len);
		transcript->len += len;
	}
}

static int write_event(struct transcript *transcript, enum transcript_kind kind, int64_t at_ns,
                       struct slice payload) {
	char line[LINE_BYTES_MAX];
	int64_t us = at_ns > 0 ? at_ns / NS_PER_US : 0;
	int len = snprintf(line, sizeof(line), "%c %" PRId64 ".%03" PRId64 " %zu\n", (char)kind,
	                   us / 1000, us % 1000, payload.len);
	int r = grow(transcript, transcript->len + MAGIC_LEN + (size_t)len + payload.len + 1);
	if (r < 0) {
		return r;
	}
	if (transcript->len == 0) {
		append(transcript, magic, MAGIC_LEN);
	}
	append(transcript, line, (size_t)len);
	append(transcript, payload.data, payload.len);
	append(transcript, "\n", 1);
	return 0;
}

static bool fits(const struct transcript *transcript, size_t payload_len, size_t cap) {
	size_t used = transcript->len + MAGIC_LEN + LINE_BYTES_MAX + 1;
	return payload_len <= cap && used <= cap - payload_len;
}

int transcript_add(struct transcript *transcript, enum transcript_kind kind, int64_t at_ns,
                   struct slice payload) {
	bool vital = kind == TRANSCRIPT_EXIT || kind == TRANSCRIPT_NOTE;
	size_t cap = TRANSCRIPT_BYTES_MAX - (vital ? 0 : TRANSCRIPT_RESERVE_BYTES);
	if (fits(transcript, payload.len, cap) && (vital || !transcript->truncated)) {
		return write_event(transcript, kind, at_ns, payload);
	}
	transcript->dropped_bytes += payload.len;
	char letter = (char)kind;
	if (transcript->truncated || !fits(transcript, 1, TRANSCRIPT_BYTES_MAX)) {
		transcript->truncated = true;
		return 0;
	}
	int r = write_event(transcript, TRANSCRIPT_TRUNCATED, at_ns, slice_of(&letter, 1));
	transcript->truncated = r == 0;
	return r;
}

int transcript_reader_init(struct transcript_reader *reader, struct slice bytes, struct err *err) {
	*reader = (struct transcript_reader){.rest = bytes};
	if (bytes.len == 0) {
		return 0;
	}
	if (!slice_starts(bytes, magic)) {
		reader->rest.len = 0;
		return err_set(err, -EBADMSG, "these bytes are no session transcript");
	}
	reader->rest = slice_of(bytes.data + MAGIC_LEN, bytes.len - MAGIC_LEN);
	reader->offset = MAGIC_LEN;
	return 0;
}

/* Cuts decimal digits off *rest; false when there are none or the number is above max. */
static bool take_number(struct slice *rest, uint64_t max, uint64_t *ret) {
	uint64_t n = 0;
	size_t i = 0;
	for (; i < rest->len && ascii_is_digit(rest->data[i]); i++) {
		unsigned digit = (unsigned)(rest->data[i] - '0');
		if (n > (max - digit) / 10) {
			return false;
		}
		n = n * 10 + digit;
	}
	rest->data += i;
	rest->len -= i;
	*ret = n;
	return i > 0;
}

static bool take_char(struct slice *rest, char c) {
	if (rest->len == 0 || rest->data[0] != c) {
		return false;
	}
	rest->data++;
	rest->len--;
	return true;
}

static bool parse_line(struct slice line, struct transcript_event *event, uint64_t *ret_len) {
	uint64_t ms = 0;
	uint64_t us = 0;
	if (line.len < 1 || line.data[0] == '\0' || !strchr("SREJXNT", line.data[0])) {
		return false;
	}
	event->kind = (enum transcript_kind)line.data[0];
	line.data++;
	line.len--;
	if (!take_char(&line, ' ') || !take_number(&line, INT64_MAX / 1000000 - 1, &ms) ||
	    !take_char(&line, '.')) {
		return false;
	}
	size_t before = line.len;
	if (!take_number(&line, 999, &us) || before - line.len != 3 || !take_char(&line, ' ') ||
	    !take_number(&line, TRANSCRIPT_BYTES_MAX, ret_len)) {
		return false;
	}
	event->at_ns = (int64_t)(ms * 1000 + us) * NS_PER_US;
	return line.len == 0;
}

int transcript_next(struct transcript_reader *reader, struct transcript_event *ret,
                    struct err *err) {
	struct slice rest = reader->rest;
	if (rest.len == 0) {
		return 0;
	}
	size_t room = rest.len < LINE_BYTES_MAX ? rest.len : LINE_BYTES_MAX;
	const char *lf = memchr(rest.data, '\n', room);
	uint64_t len = 0;
	struct transcript_event event = {0};
	if (!lf || !parse_line(slice_of(rest.data, (size_t)(lf - rest.data)), &event, &len)) {
		return err_set(err, -EBADMSG, "the session transcript is damaged at byte %zu",
		               reader->offset);
	}
	size_t head = (size_t)(lf - rest.data) + 1;
	if (len >= rest.len - head || rest.data[head + len] != '\n') {
		return err_set(err, -EBADMSG,
		               "the session transcript ends inside the event at byte %zu",
		               reader->offset);
	}
	event.payload = slice_of(rest.data + head, (size_t)len);
	size_t used = head + (size_t)len + 1;
	reader->rest = slice_from(rest, used);
	reader->offset += used;
	*ret = event;
	return 1;
}
