/* SPDX-License-Identifier: MIT
 * The atoms of Go's file formats: UTF-8 runes as Go decodes them, rune classes, quoted strings.
 * Source: Go 1.26 unicode/utf8, unicode, strconv.
 */
#ifndef GOFILE_GOLEX_H
#define GOFILE_GOLEX_H

#include "base/arena.h"
#include "base/utf8.h"

#include <stdbool.h>
#include <stdint.h>

#define RUNE_ERROR UTF8_REPLACEMENT

/* The first rune of s and its width in bytes (0 only when s is empty).
 * A byte that starts no valid encoding is RUNE_ERROR of width 1. */
uint32_t rune_decode(struct slice s, size_t *ret_width);
/* UTF-16 code units the rune takes, as positions of the language server protocol count. */
size_t rune_utf16_units(uint32_t rune);

/* unicode.IsSpace, exact. */
bool rune_is_space(uint32_t rune);
/* unicode.IsPrint; exact for ASCII and Latin-1, beyond it everything counts but separators, format
 * and private characters. */
bool rune_is_print(uint32_t rune);
/* unicode.IsLetter or IsDigit or '_'; beyond ASCII every printable rune but Latin-1 and general
 * punctuation counts. */
bool rune_is_word(uint32_t rune);

/* strconv.Unquote of "..." and `...`: the value, or NULL when s is no valid literal.
 * *ret_len (may be NULL) is its length in bytes: a value may hold NUL bytes. */
char *golex_unquote(struct arena *arena, struct slice s, size_t *ret_len);

/* Cuts the next field off *rest: separated by blanks, tabs, CR, VT, FF (strings.Fields); false when
 * none is left. */
bool golex_field(struct slice *rest, struct slice *ret_field);

/* s without white space of any kind (strings.TrimSpace) at both ends. */
struct slice golex_trim(struct slice s);

#endif
