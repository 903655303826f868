/* SPDX-License-Identifier: MIT
 * The one place where text from outside is made harmless before anybody sees it: bytes that are no
 * UTF-8, control characters, escape sequences, characters that turn the direction of writing, and
 * secrets.
 */
#ifndef REPORT_HARMLESS_H
#define REPORT_HARMLESS_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

#define UTF8_BAD UINT32_MAX

/* Cuts the next character off *rest (not empty): its code point, or UTF8_BAD after cutting one byte
 * that belongs to no well-formed character (RFC 3629: no surrogates, nothing overlong, nothing
 * above U+10FFFF). */
uint32_t utf8_next(struct slice *rest);

/* True for what must not reach a terminal as it is: C0, DEL, C1, direction controls (U+061C,
 * U+200E, U+200F, U+202A-U+202E, U+2066-U+2069), line separators, the byte order mark, tag
 * characters. */
bool codepoint_is_harmful(uint32_t codepoint);

/* Columns a harmless character takes: 0, 1 or 2. */
size_t codepoint_columns(uint32_t codepoint);

/* text on one line: newlines and tabs become blanks, other harmful characters and bad bytes \xNN or
 * \u{NNNN}; when the reader's locale is not UTF-8, so does everything that is not ASCII. */
const char *harmless(struct arena *arena, const char *text, bool utf8);
/* The same, but newlines stay and so do leading blanks: for commands. */
const char *harmless_lines(struct arena *arena, const char *text, bool utf8);

/* text with what follows "scheme://" up to '@' replaced by "***", if it is a password or token. */
const char *mask_urls(struct arena *arena, const char *text);
/* True when a variable of this name holds a secret, by its name. */
bool name_is_secret(const char *name);

#endif
