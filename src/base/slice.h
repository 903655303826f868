/* SPDX-License-Identifier: MIT
 * Bytes from outside: pointer and length, not NUL-terminated, never owned by the slice.
 */
#ifndef BASE_SLICE_H
#define BASE_SLICE_H

#include <stdbool.h>
#include <stddef.h>
#include <string.h>

struct slice {
	const char *data; /* may be NULL when len is 0 */
	size_t len;       /* bytes */
};

static inline struct slice slice_of(const char *data, size_t len) {
	return (struct slice){.data = data, .len = len};
}

static inline struct slice slice_str(const char *s) {
	return slice_of(s, s ? strlen(s) : 0);
}

/* Without its first n bytes; n is at most a.len. */
static inline struct slice slice_from(struct slice a, size_t n) {
	return slice_of(a.data + n, a.len - n);
}

static inline bool slice_eq(struct slice a, const char *s) {
	size_t n = strlen(s);
	return a.len == n && (n == 0 || memcmp(a.data, s, n) == 0);
}

static inline bool slice_starts(struct slice a, const char *prefix) {
	size_t n = strlen(prefix);
	return a.len >= n && (n == 0 || memcmp(a.data, prefix, n) == 0);
}

/* True when needle (not empty) occurs in a. */
bool slice_has(struct slice a, const char *needle);

/* By bytes, a shorter one before what it begins: -1, 0, 1. */
static inline int slice_compare(struct slice a, struct slice b) {
	size_t n = a.len < b.len ? a.len : b.len;
	int c = n > 0 ? memcmp(a.data, b.data, n) : 0;
	return c != 0 ? (c > 0) - (c < 0) : (a.len > b.len) - (a.len < b.len);
}

/* a without blanks, tabs, CR and LF at both ends. */
struct slice slice_trim(struct slice a);

/* Cuts the next line (without its LF and a CR before it) off *rest into *ret_line.
 * Returns false when *rest is empty. */
bool slice_line(struct slice *rest, struct slice *ret_line);

/* Cuts a decimal number without leading zeros off the front of *rest; false when there is none. */
bool slice_number(struct slice *rest, struct slice *ret_number);

/* Cuts up to the next byte `sep` (or the end) off *rest into *ret_part; false when *rest is used up.
 * "a:" gives "a" only; "a::b" gives "a", "", "b". */
bool slice_cut(struct slice *rest, char sep, struct slice *ret_part);

#endif
