/* SPDX-License-Identifier: MIT
 * What a byte is, in ASCII and in no locale. Bytes beyond ASCII, and what stands for the end (-1),
 * are nothing of this.
 */
#ifndef BASE_ASCII_H
#define BASE_ASCII_H

#include <stdbool.h>

static inline bool ascii_is_digit(int c) {
	return c >= '0' && c <= '9';
}

static inline bool ascii_is_letter(int c) {
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

static inline bool ascii_is_alnum(int c) {
	return ascii_is_letter(c) || ascii_is_digit(c);
}

/* What names of variables consist of: letters, digits and _. */
static inline bool ascii_is_word(int c) {
	return ascii_is_alnum(c) || c == '_';
}

static inline bool ascii_is_word_start(int c) {
	return ascii_is_letter(c) || c == '_';
}

/* The value of a hexadecimal digit, -1 for anything else. */
static inline int ascii_hex(int c) {
	if (ascii_is_digit(c)) {
		return c - '0';
	}
	if (c >= 'a' && c <= 'f') {
		return c - 'a' + 10;
	}
	return c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
}

#endif
