/* SPDX-License-Identifier: MIT */
#include "base/str.h"

#include "base/ascii.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

bool str_starts(const char *s, const char *prefix) {
	return s && strncmp(s, prefix, strlen(prefix)) == 0;
}

bool str_in(const char *s, const char *const *list) {
	for (; *list; list++) {
		if (streq(s, *list)) {
			return true;
		}
	}
	return false;
}

bool str_ends(const char *s, const char *suffix) {
	if (!s) {
		return false;
	}
	size_t n = strlen(s);
	size_t m = strlen(suffix);
	return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

bool str_has(const char *s, const char *needle) {
	return s && needle[0] && strstr(s, needle) != NULL;
}

int str_to_int64(const char *s, int64_t *ret) {
	if (str_empty(s) || s[0] == ' ' || s[0] == '+') {
		return -EINVAL;
	}
	char *end = NULL;
	errno = 0;
	long long v = strtoll(s, &end, 10);
	if (errno != 0 || *end != '\0') {
		return -EINVAL;
	}
	*ret = v;
	return 0;
}

#define DISTANCE_MAX_LEN 80 /* ids and flags; longer words are never near misses of one */

static size_t min3(size_t a, size_t b, size_t c) {
	size_t m = a < b ? a : b;
	return m < c ? m : c;
}

size_t str_distance(const char *a, const char *b) {
	size_t n = strlen(a);
	size_t m = strlen(b);
	if (n > DISTANCE_MAX_LEN || m > DISTANCE_MAX_LEN) {
		return DISTANCE_MAX_LEN;
	}
	size_t row[3][DISTANCE_MAX_LEN + 1] = {{0}}; /* two rows back, one row back, this row */
	for (size_t j = 0; j <= m; j++) {
		row[1][j] = j;
	}
	for (size_t i = 1; i <= n; i++) {
		row[2][0] = i;
		for (size_t j = 1; j <= m; j++) {
			size_t change = row[1][j - 1] + (a[i - 1] != b[j - 1]);
			row[2][j] = min3(row[1][j] + 1, row[2][j - 1] + 1, change);
			bool swap = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
			if (swap && row[0][j - 2] + 1 < row[2][j]) {
				row[2][j] = row[0][j - 2] + 1;
			}
		}
		memcpy(row[0], row[1], sizeof(row[0]));
		memcpy(row[1], row[2], sizeof(row[1]));
	}
	return row[1][m];
}

void strbuf_init(struct strbuf *buf, struct arena *arena) {
	*buf = (struct strbuf){.arena = arena, .data = arena_alloc(arena, 64), .size = 64};
}

void strbuf_add_n(struct strbuf *buf, const char *s, size_t len) {
	size_t need = buf->len + len + 1;
	if (need > buf->size) {
		size_t size = buf->size * 2 > need ? buf->size * 2 : need;
		char *bigger = arena_alloc(buf->arena, size);
		memcpy(bigger, buf->data, buf->len);
		buf->data = bigger;
		buf->size = size;
	}
	if (len > 0) {
		memcpy(buf->data + buf->len, s, len);
	}
	buf->len += len;
	buf->data[buf->len] = '\0';
}

void strbuf_add(struct strbuf *buf, const char *s) {
	strbuf_add_n(buf, s, strlen(s));
}

void strbuf_add_char(struct strbuf *buf, char c) {
	strbuf_add_n(buf, &c, 1);
}

void strbuf_printf(struct strbuf *buf, const char *fmt, ...) {
	va_list ap;
	va_start(ap, fmt);
	strbuf_add(buf, arena_vprintf(buf->arena, fmt, ap));
	va_end(ap);
}

static bool is_plain(char c) {
	return ascii_is_alnum(c) || strchr("_-./:=,@%+", c) != NULL;
}

const char *str_shell_quote(struct arena *arena, const char *s) {
	bool plain = s[0] != '\0';
	for (const char *p = s; *p && plain; p++) {
		plain = is_plain(*p);
	}
	if (plain) {
		return arena_strdup(arena, s);
	}
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_add_char(&out, '\'');
	for (const char *p = s; *p; p++) {
		if (*p == '\'') {
			strbuf_add(&out, "'\\''");
		} else {
			strbuf_add_char(&out, *p);
		}
	}
	strbuf_add_char(&out, '\'');
	return out.data;
}
