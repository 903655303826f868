/* SPDX-License-Identifier: MIT
 */
#include "wire/unread.h"

#include "base/ascii.h"
#include "base/str.h"

#include <string.h>

static const char header[] = "Content-Length:";

#define LENGTH_MAX ((size_t)64 << 20)

/* The text of "key":"…" wherever it stands first; a beginning of a message is no JSON yet, so no parser
 * helps. Names have no escapes in them. */
static const char *text_of(struct arena *arena, struct slice body, const char *key) {
	const char *quoted = arena_printf(arena, "\"%s\"", key);
	const char *at = memmem(body.data, body.len, quoted, strlen(quoted));
	const char *end = body.data + body.len;

	for (at = at ? at + strlen(quoted) : end; at < end && (*at == ' ' || *at == ':'); at++) {
	}
	if (at >= end) {
		return NULL;
	}
	if (*at != '"') {
		size_t len = 0;

		while (at + len < end && ascii_is_digit(at[len])) {
			len++;
		}
		return len > 0 ? arena_strndup(arena, at, len) : NULL;
	}
	const char *close = memchr(at + 1, '"', (size_t)(end - at - 1));

	return close && close - at < 128 ? arena_strndup(arena, at + 1, (size_t)(close - at - 1))
	                                 : NULL;
}

static bool is_name(const char *text) {
	for (const char *p = text; *p; p++) {
		if ((*p < 'a' || *p > 'z') && (*p < 'A' || *p > 'Z') && (*p < '0' || *p > '9') &&
		    !strchr("/$_.-", *p)) {
			return false;
		}
	}
	return *text != '\0';
}

/* What a message is called, from what there is of it. Parameters may hold any of these keys, too: the
 * head of a message is long enough for its own to come first. */
static const char *name_of(struct arena *arena, struct slice body) {
	struct slice head = slice_of(body.data, body.len < 4096 ? body.len : 4096);
	static const char *const keys[] = {"method", "command", "event"};

	for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
		const char *name = text_of(arena, head, keys[i]);

		if (name && is_name(name)) {
			return name;
		}
	}
	/* A server may write its result first and what it answers last. */
	size_t tail = body.len < 256 ? body.len : 256;
	const char *id = text_of(arena, head, "id");

	if (!id || !is_name(id)) {
		id = text_of(arena, slice_of(body.data + body.len - tail, tail), "id");
	}
	return id && is_name(id) ? arena_printf(arena, "answer to %s", id) : "";
}

/* "Content-Length: N" up to the empty line. 0 when it is not whole. */
static size_t header_read(struct slice bytes, size_t *ret_length) {
	const char *blank = memmem(bytes.data, bytes.len < 512 ? bytes.len : 512, "\r\n\r\n", 4);
	size_t at = sizeof header - 1;

	*ret_length = 0;
	while (at < bytes.len && bytes.data[at] == ' ') {
		at++;
	}
	size_t first = at;

	while (at < bytes.len && ascii_is_digit(bytes.data[at]) && *ret_length < LENGTH_MAX) {
		*ret_length = *ret_length * 10 + (size_t)(bytes.data[at++] - '0');
	}
	return blank && at > first ? (size_t)(blank - bytes.data) + 4 : 0;
}

size_t unread_read(struct arena *arena, struct slice bytes, struct unread_message *ret, size_t max,
                   size_t *ret_skipped) {
	size_t count = 0;

	*ret_skipped = bytes.len;
	while (count < max && bytes.len > 0) {
		const char *at = memmem(bytes.data, bytes.len, header, sizeof header - 1);
		size_t length, head;

		if (!at) {
			break;
		}
		if (count == 0) {
			*ret_skipped = (size_t)(at - bytes.data);
		}
		bytes = slice_of(at, bytes.len - (size_t)(at - bytes.data));
		head = header_read(bytes, &length);
		size_t here = bytes.len - head < length ? bytes.len - head : length;

		if (head == 0) {
			bytes = slice_from(bytes, 1);
			if (count == 0) {
				*ret_skipped += 1;
			}
			continue;
		}
		ret[count++] = (struct unread_message){
			.name = name_of(arena, slice_of(bytes.data + head, here)),
			.bytes = length,
			.partial = here < length,
		};
		bytes = slice_of(bytes.data + head + here, bytes.len - head - here);
	}
	return count;
}
