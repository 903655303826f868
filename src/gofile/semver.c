/* SPDX-License-Identifier: MIT */
#include "gofile/semver.h"

#include "base/ascii.h"
#include "base/str.h"

#include <stdint.h>

static bool is_ident(char c) {
	return ascii_is_alnum(c) || c == '-';
}

static bool all_digits(struct slice s) {
	for (size_t i = 0; i < s.len; i++) {
		if (!ascii_is_digit(s.data[i])) {
			return false;
		}
	}
	return true;
}

/* "-a.b" or "+a.b": dotted identifiers that are not empty; numbers of a pre-release have no leading
 * zero. */
static bool cut_suffix(struct slice *s, char end, struct slice *ret) {
	size_t start = 1;
	size_t i = 1;
	for (;; i++) {
		bool ended = i >= s->len || s->data[i] == end;
		if (ended || s->data[i] == '.') {
			struct slice ident = slice_of(s->data + start, i - start);
			bool bad_number = end == '+' && ident.len > 1 && ident.data[0] == '0' &&
			                  all_digits(ident);
			if (ident.len == 0 || bad_number) {
				return false;
			}
			start = i + 1;
		} else if (!is_ident(s->data[i])) {
			return false;
		}
		if (ended) {
			break;
		}
	}
	*ret = slice_of(s->data, i);
	*s = slice_from(*s, i);
	return true;
}

bool semver_parse(const char *text, struct semver *ret) {
	struct semver v = {0};
	struct slice s = slice_str(text);
	if (!slice_starts(s, "v")) {
		return false;
	}
	s = slice_from(s, 1);
	struct slice *numbers[] = {&v.major, &v.minor, &v.patch};
	for (size_t i = 0; i < 3; i++) {
		if (!slice_number(&s, numbers[i])) {
			return false;
		}
		if (s.len == 0) {
			*ret = v;
			return true;
		}
		if (i < 2) {
			if (s.data[0] != '.') {
				return false;
			}
			s = slice_from(s, 1);
		}
	}
	if (s.len > 0 && s.data[0] == '-' && !cut_suffix(&s, '+', &v.pre)) {
		return false;
	}
	if (s.len > 0 && s.data[0] == '+' && !cut_suffix(&s, '\0', &v.build)) {
		return false;
	}
	if (s.len > 0) {
		return false;
	}
	*ret = v;
	return true;
}

bool semver_is_valid(const char *text) {
	struct semver v;
	return semver_parse(text, &v);
}

bool semver_is_canonical(const char *text) {
	struct semver v;
	return semver_parse(text, &v) && v.patch.len > 0 &&
	       (v.build.len == 0 || slice_eq(v.build, "+incompatible"));
}

static int compare_number(struct slice a, struct slice b) {
	struct slice x = a.len > 0 ? a : slice_str("0");
	struct slice y = b.len > 0 ? b : slice_str("0");
	if (x.len != y.len) {
		return x.len < y.len ? -1 : 1;
	}
	return slice_compare(x, y);
}

static int compare_ident(struct slice a, struct slice b) {
	bool number_a = all_digits(a);
	bool number_b = all_digits(b);
	if (number_a != number_b) {
		return number_a ? -1 : 1;
	}
	return number_a ? compare_number(a, b) : slice_compare(a, b);
}

static int compare_pre(struct slice a, struct slice b) {
	if (a.len == 0 || b.len == 0) {
		return (a.len == 0) - (b.len == 0);
	}
	struct slice x = slice_from(a, 1);
	struct slice y = slice_from(b, 1);
	struct slice ident_x;
	struct slice ident_y;
	for (;;) {
		bool more_x = slice_cut(&x, '.', &ident_x);
		bool more_y = slice_cut(&y, '.', &ident_y);
		if (!more_x || !more_y) {
			return (int)more_x - (int)more_y;
		}
		int c = compare_ident(ident_x, ident_y);
		if (c != 0) {
			return c;
		}
	}
}

int semver_compare(const char *a, const char *b) {
	struct semver x;
	struct semver y;
	bool valid_a = semver_parse(a, &x);
	bool valid_b = semver_parse(b, &y);
	if (!valid_a || !valid_b) {
		return (int)valid_a - (int)valid_b;
	}
	int c = compare_number(x.major, y.major);
	c = c != 0 ? c : compare_number(x.minor, y.minor);
	c = c != 0 ? c : compare_number(x.patch, y.patch);
	return c != 0 ? c : compare_pre(x.pre, y.pre);
}

static bool gopkg_major(struct slice path, struct slice *ret_major) {
	size_t end = path.len;
	struct slice unstable = slice_str("-unstable");
	if (end > unstable.len &&
	    memcmp(path.data + end - unstable.len, unstable.data, unstable.len) == 0) {
		end -= unstable.len;
	}
	size_t i = end;
	while (i > 0 && ascii_is_digit(path.data[i - 1])) {
		i--;
	}
	if (i <= 1 || path.data[i - 1] != 'v' || path.data[i - 2] != '.') {
		return false;
	}
	struct slice major = slice_from(path, i - 2);
	if (i == end || (path.data[i] == '0' && !slice_eq(major, ".v0"))) {
		return false;
	}
	*ret_major = major;
	return true;
}

bool semver_path_major(const char *module_path, struct slice *ret_major) {
	struct slice path = slice_str(module_path);
	*ret_major = slice_from(path, path.len);
	if (slice_starts(path, "gopkg.in/")) {
		return gopkg_major(path, ret_major);
	}
	size_t i = path.len;
	bool dot = false;
	while (i > 0 && (ascii_is_digit(path.data[i - 1]) || path.data[i - 1] == '.')) {
		dot = dot || path.data[i - 1] == '.';
		i--;
	}
	if (i <= 1 || i == path.len || path.data[i - 1] != 'v' || path.data[i - 2] != '/') {
		return true;
	}
	struct slice major = slice_from(path, i - 2);
	if (dot || path.data[i] == '0' || slice_eq(major, "/v1")) {
		return false;
	}
	*ret_major = major;
	return true;
}

const char *semver_check_major(struct arena *arena, const char *version, struct slice major) {
	struct semver v = {0};
	if (!semver_parse(version, &v)) {
		return "not a version";
	}
	size_t unstable = strlen("-unstable");
	if (slice_starts(major, ".v") && major.len > unstable &&
	    memcmp(major.data + major.len - unstable, "-unstable", unstable) == 0) {
		major.len -= unstable;
	}
	if (slice_eq(major, ".v1") && str_starts(version, "v0.0.0-")) {
		return NULL; /* old pseudo-versions of gopkg.in modules, allowed for ever */
	}
	if (major.len == 0) {
		if (slice_eq(v.major, "0") || slice_eq(v.major, "1") ||
		    slice_eq(v.build, "+incompatible")) {
			return NULL;
		}
		return arena_printf(arena, "should be v0 or v1, not v%.*s", (int)v.major.len,
		                    v.major.data);
	}
	struct slice want = slice_from(major, 2);
	if (slice_compare(want, v.major) == 0) {
		return NULL;
	}
	return arena_printf(arena, "should be v%.*s, not v%.*s", (int)want.len, want.data,
	                    (int)v.major.len, v.major.data);
}
