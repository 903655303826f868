/* SPDX-License-Identifier: MIT */
#include "wire/jsonc_scan.h"

#include "base/ascii.h"

#include <ctype.h>

void jsonc_scanner_init(struct jsonc_scanner *scanner, struct slice text) {
	*scanner = (struct jsonc_scanner){.text = text, .line = 1, .column = 1};
}

/* The byte at pos, -1 behind the end. */
static int byte_at(const struct jsonc_scanner *s, size_t pos) {
	return pos < s->text.len ? (unsigned char)s->text.data[pos] : -1;
}

static bool bytes_at(const struct jsonc_scanner *s, size_t pos, const char *bytes) {
	return slice_starts(slice_from(s->text, pos), bytes);
}

/* Length of the line break at pos, CR LF together; 0 when there is none. */
static size_t break_len(const struct jsonc_scanner *s, size_t pos) {
	switch (byte_at(s, pos)) {
	case '\n':
		return 1;
	case '\r':
		return byte_at(s, pos + 1) == '\n' ? 2 : 1;
	case 0xe2: /* U+2028, U+2029 */
		return bytes_at(s, pos, "\xe2\x80\xa8") || bytes_at(s, pos, "\xe2\x80\xa9") ? 3 : 0;
	default:
		return 0;
	}
}

/* Length of the white space character at pos, 0 when there is none. */
static size_t space_len(const struct jsonc_scanner *s, size_t pos) {
	int last = byte_at(s, pos + 2);
	switch (byte_at(s, pos)) {
	case ' ':
	case '\t':
	case '\v':
	case '\f':
		return 1;
	case 0xc2: /* U+00A0 */
		return byte_at(s, pos + 1) == 0xa0 ? 2 : 0;
	case 0xe1: /* U+1680 */
		return bytes_at(s, pos, "\xe1\x9a\x80") ? 3 : 0;
	case 0xe2: /* U+2000..200B, U+202F, U+205F */
		if (byte_at(s, pos + 1) == 0x80) {
			return (last >= 0x80 && last <= 0x8b) || last == 0xaf ? 3 : 0;
		}
		return bytes_at(s, pos, "\xe2\x81\x9f") ? 3 : 0;
	case 0xe3: /* U+3000 */
		return bytes_at(s, pos, "\xe3\x80\x80") ? 3 : 0;
	case 0xef: /* U+FEFF, the byte order mark */
		return bytes_at(s, pos, "\xef\xbb\xbf") ? 3 : 0;
	default:
		return 0;
	}
}

/* Brings line and column to pos; positions only grow. */
static void count_to(struct jsonc_scanner *s, size_t pos) {
	while (s->counted < pos) {
		int c = byte_at(s, s->counted);
		if (c == '\n' || (c == '\r' && byte_at(s, s->counted + 1) != '\n')) {
			s->line++;
			s->column = 1;
		} else if (c < 0x80 || c >= 0xc0) {
			s->column++;
		}
		s->counted++;
	}
}

/* Behind "\\u". */
static void scan_hex4(struct jsonc_scanner *s) {
	for (int digits = 0; digits < 4; digits++) {
		int c = byte_at(s, s->pos);
		if (c < 0 || !isxdigit(c)) {
			s->error = JSONC_INVALID_UNICODE;
			return;
		}
		s->pos++;
	}
}

static enum jsonc_token scan_string(struct jsonc_scanner *s) {
	size_t from = ++s->pos;
	for (;;) {
		int c = byte_at(s, s->pos);
		s->value = slice_of(s->text.data + from, s->pos - from);
		if (c < 0 || c == '\n' || c == '\r') {
			s->error = JSONC_UNEXPECTED_END_OF_STRING;
			return TOKEN_STRING;
		}
		s->pos++;
		if (c == '"') {
			return TOKEN_STRING;
		}
		if (c < 0x20) {
			s->error = JSONC_INVALID_CHARACTER;
		}
		if (c != '\\') {
			continue;
		}
		int escaped = byte_at(s, s->pos);
		if (escaped < 0) {
			continue; /* the end of the string is noticed above */
		}
		s->pos++;
		if (escaped == 'u') {
			scan_hex4(s);
		} else if (escaped == 0 || !strchr("\"\\/bfnrt", escaped)) {
			/* Whatever is escaped is dropped, even a line break: the string goes on. */
			s->error = JSONC_INVALID_ESCAPE;
		}
	}
}

static enum jsonc_token scan_number(struct jsonc_scanner *s) {
	size_t from = s->pos;
	if (byte_at(s, s->pos) == '-') {
		s->pos++;
	}
	if (byte_at(s, s->pos) == '0') {
		s->pos++;
	} else {
		while (ascii_is_digit(byte_at(s, s->pos))) {
			s->pos++;
		}
	}
	size_t end = s->pos;
	if (byte_at(s, s->pos) == '.') {
		s->pos++;
		if (!ascii_is_digit(byte_at(s, s->pos))) {
			s->error = JSONC_UNEXPECTED_END_OF_NUMBER;
			s->value = slice_of(s->text.data + from, end - from);
			return TOKEN_NUMBER;
		}
		while (ascii_is_digit(byte_at(s, s->pos))) {
			s->pos++;
		}
		end = s->pos;
	}
	if ((byte_at(s, s->pos) | 0x20) == 'e' && byte_at(s, s->pos) > 0) {
		s->pos++;
		if (byte_at(s, s->pos) == '+' || byte_at(s, s->pos) == '-') {
			s->pos++;
		}
		if (!ascii_is_digit(byte_at(s, s->pos))) {
			s->error = JSONC_UNEXPECTED_END_OF_NUMBER;
		}
		while (ascii_is_digit(byte_at(s, s->pos))) {
			s->pos++;
			end = s->pos;
		}
	}
	s->value = slice_of(s->text.data + from, end - from);
	return TOKEN_NUMBER;
}

static enum jsonc_token scan_slash(struct jsonc_scanner *s) {
	int second = byte_at(s, s->pos + 1);
	if (second == '/') {
		while (s->pos < s->text.len && break_len(s, s->pos) == 0) {
			s->pos++;
		}
		return TOKEN_LINE_COMMENT;
	}
	if (second != '*') {
		s->pos++;
		return TOKEN_UNKNOWN;
	}
	struct slice rest = slice_of(s->text.data + s->pos + 2, s->text.len - s->pos - 2);
	const char *end = rest.len > 0 ? memmem(rest.data, rest.len, "*/", 2) : NULL;
	if (end) {
		s->pos = (size_t)(end - s->text.data) + 2;
	} else {
		s->pos = s->text.len;
		s->error = JSONC_UNEXPECTED_END_OF_COMMENT;
	}
	return TOKEN_BLOCK_COMMENT;
}

static enum jsonc_token scan_word(struct jsonc_scanner *s) {
	size_t from = s->pos;
	for (;;) {
		int c = byte_at(s, s->pos);
		if (c < 0 || (c > 0 && strchr("{}[]\":,/", c)) || space_len(s, s->pos) > 0 ||
		    break_len(s, s->pos) > 0) {
			break;
		}
		s->pos++;
	}
	struct slice word = slice_of(s->text.data + from, s->pos - from);
	if (slice_eq(word, "true")) {
		return TOKEN_TRUE;
	}
	if (slice_eq(word, "false")) {
		return TOKEN_FALSE;
	}
	return slice_eq(word, "null") ? TOKEN_NULL : TOKEN_UNKNOWN;
}

static enum jsonc_token scan_token(struct jsonc_scanner *s) {
	static const char marks[] = "{}[],:";
	int c = byte_at(s, s->pos);
	if (c < 0) {
		return TOKEN_END;
	}
	size_t blank = break_len(s, s->pos);
	if (blank == 0) {
		blank = space_len(s, s->pos);
	}
	if (blank > 0) {
		s->pos += blank;
		return TOKEN_SPACE;
	}
	const char *mark = c > 0 ? strchr(marks, c) : NULL;
	if (mark) {
		s->pos++;
		return TOKEN_OPEN_BRACE + (enum jsonc_token)(mark - marks);
	}
	if (c == '"') {
		return scan_string(s);
	}
	if (c == '/') {
		return scan_slash(s);
	}
	if (ascii_is_digit(c) || (c == '-' && ascii_is_digit(byte_at(s, s->pos + 1)))) {
		return scan_number(s);
	}
	if (c == '-') {
		s->pos++;
		return TOKEN_UNKNOWN;
	}
	return scan_word(s);
}

enum jsonc_token jsonc_scan(struct jsonc_scanner *s) {
	s->error = 0;
	s->value = slice_of(NULL, 0);
	size_t from = s->pos;
	count_to(s, from);
	s->token = scan_token(s);
	s->place = (struct jsonc_place){
		.offset = from, .length = s->pos - from, .line = s->line, .column = s->column};
	return s->token;
}
