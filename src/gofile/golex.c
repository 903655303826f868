/* SPDX-License-Identifier: MIT */
#include "gofile/golex.h"

#include "base/ascii.h"

#include <string.h>

static bool is_tail(unsigned char c) {
	return (c & 0xC0) == 0x80;
}

uint32_t rune_decode(struct slice s, size_t *ret_width) {
	*ret_width = s.len > 0 ? 1 : 0;
	if (s.len == 0) {
		return RUNE_ERROR;
	}
	const unsigned char *p = (const unsigned char *)s.data;
	if (p[0] < 0x80) {
		return p[0];
	}
	if (p[0] >= 0xC2 && p[0] <= 0xDF && s.len >= 2 && is_tail(p[1])) {
		*ret_width = 2;
		return ((uint32_t)(p[0] & 0x1F) << 6) | (p[1] & 0x3F);
	}
	if ((p[0] & 0xF0) == 0xE0 && s.len >= 3 && is_tail(p[1]) && is_tail(p[2])) {
		uint32_t r = ((uint32_t)(p[0] & 0x0F) << 12) | ((uint32_t)(p[1] & 0x3F) << 6) |
		             (p[2] & 0x3F);
		if (r >= 0x800 && (r < 0xD800 || r > 0xDFFF)) {
			*ret_width = 3;
			return r;
		}
		return RUNE_ERROR;
	}
	if (p[0] >= 0xF0 && p[0] <= 0xF4 && s.len >= 4 && is_tail(p[1]) && is_tail(p[2]) &&
	    is_tail(p[3])) {
		uint32_t r = ((uint32_t)(p[0] & 0x07) << 18) | ((uint32_t)(p[1] & 0x3F) << 12) |
		             ((uint32_t)(p[2] & 0x3F) << 6) | (p[3] & 0x3F);
		if (r >= 0x10000 && r <= 0x10FFFF) {
			*ret_width = 4;
			return r;
		}
	}
	return RUNE_ERROR;
}

size_t rune_utf16_units(uint32_t rune) {
	return rune >= 0x10000 ? 2 : 1;
}

bool rune_is_space(uint32_t rune) {
	return (rune >= '\t' && rune <= '\r') || rune == ' ' || rune == 0x85 || rune == 0xA0 ||
	       rune == 0x1680 || (rune >= 0x2000 && rune <= 0x200A) || rune == 0x2028 ||
	       rune == 0x2029 || rune == 0x202F || rune == 0x205F || rune == 0x3000;
}

bool rune_is_print(uint32_t rune) {
	if (rune < 0x7F) {
		return rune >= ' ';
	}
	if (rune <= 0xA0 || rune == 0xAD) {
		return false;
	}
	bool format = rune == 0x061C || rune == 0x180E || (rune >= 0x200B && rune <= 0x200F) ||
	              (rune >= 0x202A && rune <= 0x202E) || (rune >= 0x2060 && rune <= 0x206F) ||
	              rune == 0xFEFF || (rune >= 0xFFF9 && rune <= 0xFFFB);
	bool private_use = (rune >= 0xE000 && rune <= 0xF8FF) || rune >= 0xE0000;
	return !format && !private_use && !rune_is_space(rune) && (rune & 0xFFFE) != 0xFFFE;
}

bool rune_is_word(uint32_t rune) {
	if (rune < 0x80) {
		return ascii_is_alnum(rune) || rune == '_';
	}
	if (rune < 0xC0) {
		return rune == 0xAA || rune == 0xB5 || rune == 0xBA;
	}
	bool symbol = rune == 0xD7 || rune == 0xF7 || (rune >= 0x2000 && rune <= 0x206F) ||
	              (rune >= 0x20A0 && rune <= 0x20CF) || (rune >= 0x2190 && rune <= 0x2BFF) ||
	              (rune >= 0x3001 && rune <= 0x3004) || rune == RUNE_ERROR ||
	              (rune >= 0x1F000 && rune <= 0x1FAFF);
	return !symbol && rune_is_print(rune);
}

/* Reads `digits` hex digits at the start of *s. */
static bool cut_hex(struct slice *s, size_t digits, uint32_t *ret) {
	uint32_t value = 0;
	for (size_t i = 0; i < digits; i++) {
		int digit = i < s->len ? ascii_hex(s->data[i]) : -1;
		if (digit < 0) {
			return false;
		}
		value = (value << 4) | (uint32_t)digit;
	}
	*s = slice_from(*s, digits);
	*ret = value;
	return true;
}

static bool cut_octal(struct slice *s, uint32_t *ret) {
	uint32_t value = 0;
	for (size_t i = 0; i < 3; i++) {
		if (i >= s->len || s->data[i] < '0' || s->data[i] > '7') {
			return false;
		}
		value = (value << 3) | (uint32_t)(s->data[i] - '0');
	}
	*s = slice_from(*s, 3);
	*ret = value;
	return value <= 255;
}

/* *s starts behind a backslash; writes what the escape means to out and gives the length, 0 when it
 * is invalid. */
static size_t unescape(struct slice *s, char *out) {
	static const char names[] = "abfnrtv\\\"";
	static const char values[] = "\a\b\f\n\r\t\v\\\"";
	if (s->len == 0 || s->data[0] == '\0') {
		return 0;
	}
	char c = s->data[0];
	uint32_t value = 0;
	if (c >= '0' && c <= '7') {
		bool octal = cut_octal(s, &value);
		out[0] = (char)value;
		return octal ? 1 : 0;
	}
	*s = slice_from(*s, 1);
	const char *simple = strchr(names, c);
	if (simple) {
		out[0] = values[simple - names];
		return 1;
	}
	if (c == 'x') {
		bool ok = cut_hex(s, 2, &value);
		out[0] = (char)value;
		return ok ? 1 : 0;
	}
	if ((c == 'u' && cut_hex(s, 4, &value)) || (c == 'U' && cut_hex(s, 8, &value))) {
		bool scalar = value <= 0x10FFFF && (value < 0xD800 || value > 0xDFFF);
		return scalar ? utf8_encode(value, out) : 0;
	}
	return 0;
}

static char *unquote_raw(struct arena *arena, struct slice body, size_t *ret_len) {
	char *out = arena_alloc(arena, body.len + 1);
	size_t len = 0;
	for (size_t i = 0; i < body.len; i++) {
		if (body.data[i] == '`') {
			return NULL;
		}
		if (body.data[i] != '\r') {
			out[len++] = body.data[i];
		}
	}
	*ret_len = len;
	return out;
}

char *golex_unquote(struct arena *arena, struct slice s, size_t *ret_len) {
	size_t len = 0;
	size_t *len_out = ret_len ? ret_len : &len;
	if (s.len < 2 || s.data[0] != s.data[s.len - 1] || (s.data[0] != '"' && s.data[0] != '`')) {
		return NULL;
	}
	struct slice body = slice_of(s.data + 1, s.len - 2);
	if (s.data[0] == '`') {
		return unquote_raw(arena, body, len_out);
	}
	char *out = arena_alloc(arena, body.len + 8);
	while (body.len > 0) {
		char c = body.data[0];
		if (c == '"' || c == '\n') {
			return NULL;
		}
		body = slice_from(body, 1);
		if (c != '\\') {
			out[len++] = c;
			continue;
		}
		size_t n = unescape(&body, out + len);
		if (n == 0) {
			return NULL;
		}
		len += n;
	}
	out[len] = '\0';
	*len_out = len;
	return out;
}

struct slice golex_trim(struct slice s) {
	size_t width = 0;
	while (s.len > 0 && rune_is_space(rune_decode(s, &width))) {
		s = slice_from(s, width);
	}
	while (s.len > 0) {
		size_t start = s.len - 1;
		while (start > 0 && s.len - start < 4 && is_tail((unsigned char)s.data[start])) {
			start--;
		}
		uint32_t rune = rune_decode(slice_from(s, start), &width);
		if (!rune_is_space(rune) || start + width != s.len) {
			break;
		}
		s.len = start;
	}
	return s;
}

bool golex_field(struct slice *rest, struct slice *ret_field) {
	size_t width = 0;
	while (rest->len > 0 && rune_is_space(rune_decode(*rest, &width))) {
		*rest = slice_from(*rest, width);
	}
	if (rest->len == 0) {
		return false;
	}
	size_t n = 0;
	while (n < rest->len && !rune_is_space(rune_decode(slice_from(*rest, n), &width))) {
		n += width;
	}
	*ret_field = slice_of(rest->data, n);
	*rest = slice_from(*rest, n);
	return true;
}
