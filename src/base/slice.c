/* SPDX-License-Identifier: MIT */
#include "base/slice.h"

#include "base/ascii.h"

bool slice_has(struct slice a, const char *needle) {
	size_t n = strlen(needle);
	return n > 0 && a.len >= n && memmem(a.data, a.len, needle, n) != NULL;
}

static bool is_blank(char c) {
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

struct slice slice_trim(struct slice a) {
	while (a.len > 0 && is_blank(a.data[0])) {
		a.data++;
		a.len--;
	}
	while (a.len > 0 && is_blank(a.data[a.len - 1])) {
		a.len--;
	}
	return a;
}

bool slice_cut(struct slice *rest, char sep, struct slice *ret_part) {
	if (rest->len == 0) {
		return false;
	}
	const char *end = memchr(rest->data, sep, rest->len);
	size_t len = end ? (size_t)(end - rest->data) : rest->len;
	size_t used = end ? len + 1 : len;
	*ret_part = slice_of(rest->data, len);
	rest->data += used;
	rest->len -= used;
	return true;
}

bool slice_line(struct slice *rest, struct slice *ret_line) {
	if (!slice_cut(rest, '\n', ret_line)) {
		return false;
	}
	if (ret_line->len > 0 && ret_line->data[ret_line->len - 1] == '\r') {
		ret_line->len--;
	}
	return true;
}

bool slice_number(struct slice *rest, struct slice *ret_number) {
	size_t n = 0;
	while (n < rest->len && ascii_is_digit(rest->data[n])) {
		n++;
	}
	if (n == 0 || (rest->data[0] == '0' && n > 1)) {
		return false;
	}
	*ret_number = slice_of(rest->data, n);
	*rest = slice_from(*rest, n);
	return true;
}
