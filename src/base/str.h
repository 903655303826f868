/* SPDX-License-Identifier: MIT
 * Small questions about NUL-terminated strings, and a string that grows in an arena.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

/* NULL counts as "". */
static inline bool streq(const char *a, const char *b) {
	return strcmp(a ? a : "", b ? b : "") == 0;
}

static inline bool str_empty(const char *s) {
	return !s || s[0] == '\0';
}

bool str_starts(const char *s, const char *prefix);
/* True when s is one of these, which are ended by NULL. */
bool str_in(const char *s, const char *const *list);
#define STR_IN(s, ...) str_in(s, (const char *const[]){__VA_ARGS__, NULL})
bool str_ends(const char *s, const char *suffix);
/* True when needle (not empty) occurs in s. */
bool str_has(const char *s, const char *needle);

/* Decimal number that fills the whole string: 0 and *ret, or -EINVAL. */
int str_to_int64(const char *s, int64_t *ret);

/* Number of edits (insert, delete, replace, swap of neighbours) between a and b; for "did you mean". */
size_t str_distance(const char *a, const char *b);

/* A growing string; its buffer is always NUL-terminated and lives in the arena. */
struct strbuf {
	struct arena *arena;
	char *data;  /* never NULL after strbuf_init */
	size_t len;  /* bytes, without the NUL */
	size_t size; /* bytes allocated */
};

void strbuf_init(struct strbuf *buf, struct arena *arena);
void strbuf_add(struct strbuf *buf, const char *s);
void strbuf_add_n(struct strbuf *buf, const char *s, size_t len);
void strbuf_add_char(struct strbuf *buf, char c);
void strbuf_printf(struct strbuf *buf, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/* s as one word for a POSIX shell: unchanged when it needs no quoting, else in single quotes. */
const char *str_shell_quote(struct arena *arena, const char *s);

#endif
