/* SPDX-License-Identifier: MIT
 */
#include "wire/toml.h"

#include "base/ascii.h"
#include "base/str.h"
#include "base/utf8.h"
#include "wire/cursor.h"

#include <math.h>
#include <stdlib.h>

struct reader {
	struct arena *arena;
	struct toml_doc *doc;
	struct cursor in;
	size_t nodes;
};

/* ---- places and errors ---- */

/* The first one stays. Always false. */
static bool fail(struct reader *r, const char *what) {
	if (!r->doc->error) {
		r->doc->error = what;
		r->doc->place = cursor_place(&r->in);
	}
	return false;
}

static void skip_blanks(struct reader *r) {
	cursor_skip(&r->in, " \t");
}

static void skip_comment(struct reader *r) {
	if (cursor_is(&r->in, '#')) {
		cursor_to_line_end(&r->in);
	}
}

/* Blanks, line ends and comments. */
static void skip_lines(struct reader *r) {
	for (;;) {
		skip_blanks(r);
		skip_comment(r);
		if (!cursor_is(&r->in, '\n') && !cursor_is(&r->in, '\r')) {
			return;
		}
		cursor_step(&r->in);
	}
}

/* ---- the tree ---- */

static struct jsonc_node *node_new(struct reader *r, enum jsonc_type type) {
	if (++r->nodes > TOML_NODES_MAX) {
		fail(r, "too many values");
		return NULL;
	}
	struct jsonc_node *node = arena_new_of(r->arena, struct jsonc_node);
	node->type = type;
	node->place = cursor_place(&r->in);
	node->string = "";
	return node;
}

static void append(struct jsonc_node *to, struct jsonc_node *child) {
	struct jsonc_node **end = &to->first_child;

	while (*end) {
		end = &(*end)->next;
	}
	*end = child;
	to->count++;
}

static struct jsonc_node *child_of(const struct jsonc_node *of, const char *key) {
	for (struct jsonc_node *n = of->first_child; n; n = n->next) {
		if (streq(n->key, key)) {
			return n;
		}
	}
	return NULL;
}

static struct jsonc_node *last_child(const struct jsonc_node *of) {
	struct jsonc_node *n = of->first_child;

	while (n && n->next) {
		n = n->next;
	}
	return n;
}

static void name_node(struct jsonc_node *node, const char *key, struct jsonc_place place) {
	node->key = key;
	node->key_len = strlen(key);
	node->key_place = place;
}

/* The table under key, made when it is not there; the last one of an array of tables. */
static struct jsonc_node *table_under(struct reader *r, struct jsonc_node *in, const char *key,
                                      struct jsonc_place place) {
	struct jsonc_node *n = child_of(in, key);

	if (n && n->type == JSONC_ARRAY && last_child(n)) {
		n = last_child(n);
	}
	if (n) {
		if (n->type != JSONC_OBJECT) {
			fail(r, "this key has a value already");
			return NULL;
		}
		return n;
	}
	n = node_new(r, JSONC_OBJECT);
	if (n) {
		name_node(n, key, place);
		append(in, n);
	}
	return n;
}

/* ---- strings and keys ---- */

static void add_utf8(struct strbuf *out, unsigned long c) {
	char bytes[UTF8_BYTES_MAX];
	strbuf_add_n(out, bytes, utf8_encode(c <= UINT32_MAX ? (uint32_t)c : UINT32_MAX, bytes));
}

static bool read_code(struct reader *r, struct strbuf *out, size_t digits) {
	unsigned long c = 0;

	for (size_t i = 0; i < digits; i++) {
		int v = ascii_hex(cursor_peek(&r->in, 0));
		if (v < 0) {
			return fail(r, "hexadecimal digit expected");
		}
		c = c * 16 + (unsigned long)v;
		r->in.at++;
	}
	add_utf8(out, c);
	return true;
}

/* Behind a backslash. */
static bool read_escape(struct reader *r, struct strbuf *out, bool many_lines) {
	static const char from[] = "btnfre\"\\";
	static const char to[] = "\b\t\n\f\r\033\"\\";
	int c = cursor_peek(&r->in, 0);
	const char *at = c > 0 ? strchr(from, c) : NULL;

	if (at && *at) {
		strbuf_add_char(out, to[at - from]);
		r->in.at++;
		return true;
	}
	if (c == 'u' || c == 'U') {
		r->in.at++;
		return read_code(r, out, c == 'u' ? 4 : 8);
	}
	if (many_lines && (c == ' ' || c == '\t' || c == '\n' || c == '\r')) {
		cursor_skip(&r->in, " \t\r\n");
		return true;
	}
	return fail(r, "unknown escape");
}

/* At its opening quote; NULL with an error when it is not closed. */
static const char *read_string(struct reader *r, size_t *ret_len) {
	char quote = r->in.text.data[r->in.at];
	const char *three = quote == '"' ? "\"\"\"" : "'''";
	bool many = cursor_starts(&r->in, three);
	struct strbuf out;

	strbuf_init(&out, r->arena);
	r->in.at += many ? 3 : 1;
	if (many && cursor_starts(&r->in, "\r\n")) {
		r->in.at++;
	}
	if (many && cursor_is(&r->in, '\n')) {
		cursor_step(&r->in);
	}
	for (;;) {
		int c = cursor_peek(&r->in, 0);

		if (c < 0 || (c == '\n' && !many)) {
			fail(r, "unclosed string");
			return NULL;
		}
		if (many ? cursor_starts(&r->in, three) : c == quote) {
			r->in.at += many ? 3 : 1;
			/* One or two quotes more belong to the text. */
			for (int i = 0; many && i < 2 && cursor_is(&r->in, quote);
			     i++, r->in.at++) {
				strbuf_add_char(&out, quote);
			}
			*ret_len = out.len;
			return out.data;
		}
		if (c == '\\' && quote == '"') {
			r->in.at++;
			if (!read_escape(r, &out, many)) {
				return NULL;
			}
			continue;
		}
		strbuf_add_char(&out, (char)c);
		cursor_step(&r->in);
	}
}

static bool is_bare(int c) {
	return ascii_is_word(c) || c == '-';
}

static const char *read_key_part(struct reader *r) {
	size_t start = r->in.at;
	size_t len = 0;

	if (cursor_is(&r->in, '"') || cursor_is(&r->in, '\'')) {
		return read_string(r, &len);
	}
	while (is_bare(cursor_peek(&r->in, 0))) {
		r->in.at++;
	}
	if (r->in.at == start) {
		fail(r, "key expected");
		return NULL;
	}
	return arena_slicedup(r->arena, cursor_since(&r->in, start));
}

/* a.b.c: walks (and makes) the tables a, b below `in`; the last part is left to the caller. */
static struct jsonc_node *read_key(struct reader *r, struct jsonc_node *in, const char **ret_last,
                                   struct jsonc_place *ret_place) {
	for (size_t depth = 0; in && depth < TOML_DEPTH_MAX; depth++) {
		*ret_place = cursor_place(&r->in);
		*ret_last = read_key_part(r);
		if (!*ret_last) {
			return NULL;
		}
		skip_blanks(r);
		if (!cursor_is(&r->in, '.')) {
			return in;
		}
		r->in.at++;
		skip_blanks(r);
		in = table_under(r, in, *ret_last, *ret_place);
	}
	fail(r, "too many parts");
	return NULL;
}

/* ---- values ---- */

static struct jsonc_node *read_value(struct reader *r, size_t depth);
static bool read_pair(struct reader *r, struct jsonc_node *table, size_t depth);

static struct jsonc_node *read_array(struct reader *r, size_t depth) {
	struct jsonc_node *array = node_new(r, JSONC_ARRAY);
	struct jsonc_node **end = array ? &array->first_child : NULL;

	r->in.at++;
	while (array) {
		skip_lines(r);
		if (cursor_is(&r->in, ']')) {
			r->in.at++;
			return array;
		}
		struct jsonc_node *value = read_value(r, depth + 1);
		if (!value) {
			return NULL;
		}
		*end = value;
		end = &value->next;
		array->count++;
		skip_lines(r);
		if (cursor_is(&r->in, ',')) {
			r->in.at++;
		} else if (!cursor_is(&r->in, ']')) {
			fail(r, "comma or bracket expected");
			return NULL;
		}
	}
	return NULL;
}

static struct jsonc_node *read_inline_table(struct reader *r, size_t depth) {
	struct jsonc_node *table = node_new(r, JSONC_OBJECT);

	r->in.at++;
	while (table) {
		skip_lines(r);
		if (cursor_is(&r->in, '}')) {
			r->in.at++;
			return table;
		}
		if (!read_pair(r, table, depth + 1)) {
			return NULL;
		}
		skip_lines(r);
		if (cursor_is(&r->in, ',')) {
			r->in.at++;
		} else if (!cursor_is(&r->in, '}')) {
			fail(r, "comma or brace expected");
			return NULL;
		}
	}
	return NULL;
}

static struct jsonc_node *text_node(struct reader *r, const char *text, size_t len) {
	struct jsonc_node *node = text ? node_new(r, JSONC_STRING) : NULL;

	if (node) {
		node->string = text;
		node->string_len = len;
	}
	return node;
}

/* 1_000, 0x1f, 0o17, 0b1, 1.5e3, inf, nan; false when word is none. */
static bool number_of(struct reader *r, const char *word, double *ret) {
	struct strbuf plain;
	const char *digits = word + (word[0] == '+' || word[0] == '-');
	char *end = NULL;

	strbuf_init(&plain, r->arena);
	for (const char *p = word; *p; p++) {
		if (*p != '_') {
			strbuf_add_char(&plain, *p);
		}
	}
	if (str_starts(digits, "0b") || str_starts(digits, "0o")) {
		*ret = (double)strtoll(plain.data + 2, &end, digits[1] == 'b' ? 2 : 8);
	} else if (!streq(digits, "inf") && !streq(digits, "nan") && !ascii_is_digit(digits[0])) {
		return false;
	} else {
		*ret = strtod(plain.data, &end);
	}
	return end && *end == '\0' && end > plain.data;
}

static bool looks_like_time(const char *word) {
	size_t n = strspn(word, "0123456789");

	return (n == 4 && word[4] == '-') || (n == 2 && word[2] == ':');
}

static struct jsonc_node *read_word(struct reader *r) {
	size_t start = r->in.at;
	double number = 0;

	while (is_bare(cursor_peek(&r->in, 0)) || cursor_is(&r->in, '+') ||
	       cursor_is(&r->in, '.') || cursor_is(&r->in, ':')) {
		r->in.at++;
	}
	const char *word = arena_slicedup(r->arena, cursor_since(&r->in, start));
	if (streq(word, "true") || streq(word, "false")) {
		struct jsonc_node *node = node_new(r, JSONC_BOOL);
		if (node) {
			node->boolean = word[0] == 't';
		}
		return node;
	}
	if (looks_like_time(word)) {
		return text_node(r, word, strlen(word));
	}
	if (!number_of(r, word, &number)) {
		r->in.at = start;
		fail(r, "value expected");
		return NULL;
	}
	struct jsonc_node *node = node_new(r, JSONC_NUMBER);
	if (node) {
		node->number = number;
		node->raw = slice_str(isfinite(number) ? arena_printf(r->arena, "%.17g", number)
		                                       : "null");
	}
	return node;
}

static struct jsonc_node *read_any(struct reader *r, size_t depth) {
	size_t len = 0;

	if (depth > TOML_DEPTH_MAX) {
		fail(r, "too deep");
		return NULL;
	}
	switch (cursor_peek(&r->in, 0)) {
	case '"':
	case '\'': {
		const char *text = read_string(r, &len);
		return text_node(r, text, len);
	}
	case '[':
		return read_array(r, depth);
	case '{':
		return read_inline_table(r, depth);
	default:
		return read_word(r);
	}
}

/* With the place from its first to its last byte. */
static struct jsonc_node *read_value(struct reader *r, size_t depth) {
	struct jsonc_place place = cursor_place(&r->in);
	struct jsonc_node *value = read_any(r, depth);

	if (value) {
		place.length = r->in.at - place.offset;
		value->place = place;
	}
	return value;
}

static bool read_pair(struct reader *r, struct jsonc_node *table, size_t depth) {
	struct jsonc_place place = {0};
	const char *key = NULL;
	struct jsonc_node *in = read_key(r, table, &key, &place);

	if (!in) {
		return false;
	}
	if (!cursor_is(&r->in, '=')) {
		return fail(r, "'=' expected");
	}
	r->in.at++;
	skip_blanks(r);
	struct jsonc_node *value = read_value(r, depth);
	if (!value) {
		return false;
	}
	if (child_of(in, key)) {
		return fail(r, "this key has a value already");
	}
	name_node(value, key, place);
	append(in, value);
	return true;
}

/* [a.b] or [[a.b]]; the table that follows. */
static struct jsonc_node *read_header(struct reader *r) {
	bool many = cursor_starts(&r->in, "[[");
	struct jsonc_place place = {0};
	const char *key = NULL;

	r->in.at += many ? 2 : 1;
	skip_blanks(r);
	struct jsonc_node *in = read_key(r, r->doc->root, &key, &place);
	if (!in) {
		return NULL;
	}
	if (!cursor_starts(&r->in, many ? "]]" : "]")) {
		fail(r, "']' expected");
		return NULL;
	}
	r->in.at += many ? 2 : 1;
	if (!many) {
		return table_under(r, in, key, place);
	}
	struct jsonc_node *array = child_of(in, key);
	if (!array && (array = node_new(r, JSONC_ARRAY))) {
		name_node(array, key, place);
		append(in, array);
	}
	if (!array || array->type != JSONC_ARRAY) {
		fail(r, "this key has a value already");
		return NULL;
	}
	struct jsonc_node *table = node_new(r, JSONC_OBJECT);
	if (table) {
		table->place = place;
		append(array, table);
	}
	return table;
}

static bool end_line(struct reader *r) {
	skip_blanks(r);
	skip_comment(r);
	if (cursor_is(&r->in, '\r')) {
		r->in.at++;
	}
	if (!cursor_ended(&r->in) && !cursor_is(&r->in, '\n')) {
		return fail(r, "end of line expected");
	}
	return true;
}

struct toml_doc *toml_parse(struct arena *arena, struct slice text) {
	struct toml_doc *doc = arena_new_of(arena, struct toml_doc);
	struct reader r = {.arena = arena, .doc = doc, .in = cursor_at_start(text)};
	struct jsonc_node *table = node_new(&r, JSONC_OBJECT);

	doc->root = table;
	if (cursor_starts(&r.in, "\xef\xbb\xbf")) {
		r.in.at += 3;
	}
	for (skip_lines(&r); table && !cursor_ended(&r.in); skip_lines(&r)) {
		if (cursor_is(&r.in, '[')) {
			table = read_header(&r);
		} else if (!read_pair(&r, table, 0)) {
			break;
		}
		if (table && !end_line(&r)) {
			break;
		}
	}
	return doc;
}
