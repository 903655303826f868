/* SPDX-License-Identifier: MIT
 */
#include "wire/lua.h"

#include "base/ascii.h"
#include "base/str.h"
#include "base/vec.h"
#include "wire/cursor.h"

#include <stdlib.h>

enum kind { L_END, L_NAME, L_STRING, L_NUMBER, L_SYMBOL };

struct token {
	enum kind kind;
	struct slice text;
	const char *string; /* of a STRING: what it means */
	struct jsonc_place place;
};

struct reader {
	struct arena *arena;
	struct cursor in;
	struct token *tokens;
	size_t count;
	size_t slots;
	struct lua_table *first;
	struct lua_table **end;
	size_t table_count;
	size_t depth;
};

/* ---- tokens ---- */

/* The level of the long bracket that begins here, [[ is 0, [=[ is 1; -1 when none does. */
static int long_level(const struct reader *r) {
	int level = 0;

	if (!cursor_is(&r->in, '[')) {
		return -1;
	}
	while (cursor_peek(&r->in, (size_t)level + 1) == '=') {
		level++;
	}
	return cursor_peek(&r->in, (size_t)level + 1) == '[' ? level : -1;
}

/* From its first bracket on; gives what stands between. Without an end it goes to the end. */
static struct slice read_long(struct reader *r, int level) {
	const char *close = arena_printf(r->arena, "]%.*s]", level,
	                                 "================================================");
	size_t n = strlen(close);

	for (int i = 0; i < level + 2; i++) {
		cursor_step(&r->in);
	}
	size_t from = r->in.at;
	while (!cursor_ended(&r->in)) {
		if (cursor_starts(&r->in, close)) {
			size_t to = r->in.at;
			for (size_t i = 0; i < n; i++) {
				cursor_step(&r->in);
			}
			return slice_of(r->in.text.data + from, to - from);
		}
		cursor_step(&r->in);
	}
	return slice_from(r->in.text, from);
}

static void skip_comment(struct reader *r) {
	r->in.at += 2;
	int level = long_level(r);
	if (level >= 0 && level < 40) {
		read_long(r, level);
		return;
	}
	cursor_to_line_end(&r->in);
}

static void read_escape(struct reader *r, struct strbuf *out) {
	static const char from[] = "abfnrtv";
	static const char to[] = "\a\b\f\n\r\t\v";
	int c = cursor_peek(&r->in, 0);
	const char *found = c > 0 ? strchr(from, c) : NULL;

	if (ascii_is_digit(c)) {
		int value = 0;
		for (int i = 0; i < 3 && ascii_is_digit(cursor_peek(&r->in, 0)); i++) {
			value = value * 10 + (cursor_peek(&r->in, 0) - '0');
			r->in.at++;
		}
		strbuf_add_char(out, (char)(value & 255));
	} else if (c >= 0) {
		strbuf_add_char(out, found ? to[found - from] : (char)c);
		cursor_step(&r->in);
	}
}

static const char *read_quoted(struct reader *r) {
	char quote = r->in.text.data[r->in.at];
	struct strbuf out;

	strbuf_init(&out, r->arena);
	cursor_step(&r->in);
	while (!cursor_ended(&r->in) && !cursor_is(&r->in, quote) && !cursor_is(&r->in, '\n')) {
		if (cursor_is(&r->in, '\\')) {
			cursor_step(&r->in);
			read_escape(r, &out);
		} else {
			strbuf_add_char(&out, r->in.text.data[r->in.at]);
			cursor_step(&r->in);
		}
	}
	if (cursor_is(&r->in, quote)) {
		cursor_step(&r->in);
	}
	return out.data;
}

static struct token *token_new(struct reader *r, enum kind kind) {
	VEC_ROOM(r->arena, r->tokens, r->count, &r->slots);
	struct token *t = &r->tokens[r->count++];
	*t = (struct token){.kind = kind, .string = ""};
	t->place = cursor_place(&r->in);
	return t;
}

static void read_token(struct reader *r) {
	int c = cursor_peek(&r->in, 0);
	size_t from = r->in.at;
	int level = long_level(r);
	struct token *t = token_new(r, L_SYMBOL);

	if (ascii_is_word_start(c)) {
		t->kind = L_NAME;
		while (ascii_is_word(cursor_peek(&r->in, 0))) {
			r->in.at++;
		}
	} else if (ascii_is_digit(c)) {
		t->kind = L_NUMBER;
		while (ascii_is_word(cursor_peek(&r->in, 0)) || cursor_is(&r->in, '.')) {
			r->in.at++;
		}
	} else if (c == '"' || c == '\'') {
		t->kind = L_STRING;
		t->string = read_quoted(r);
	} else if (level >= 0 && level < 40) {
		t->kind = L_STRING;
		t->string = arena_slicedup(r->arena, read_long(r, level));
	} else {
		cursor_step(&r->in);
		/* ==, ~=, <= and >= are no assignments; .. and ... no fields. */
		while ((strchr("=~<>", c) && cursor_is(&r->in, '=')) ||
		       (c == '.' && cursor_is(&r->in, '.'))) {
			cursor_step(&r->in);
		}
	}
	t->text = cursor_since(&r->in, from);
	t->place.length = t->text.len;
}

static void read_tokens(struct reader *r) {
	while (!cursor_ended(&r->in)) {
		int c = cursor_peek(&r->in, 0);
		if (c == ' ' || c == '\t' || c == '\r' || c == '\n' || c == '\0') {
			cursor_step(&r->in);
		} else if (c == '-' && cursor_peek(&r->in, 1) == '-') {
			skip_comment(r);
		} else {
			read_token(r);
		}
	}
}

static const struct token *at(const struct reader *r, size_t i) {
	static const struct token nothing = {.kind = L_END, .string = ""};

	return i < r->count ? &r->tokens[i] : &nothing;
}

/* The one so many before i. */
static const struct token *back(const struct reader *r, size_t i, size_t n) {
	return i >= n ? at(r, i - n) : at(r, r->count);
}

static bool is(const struct token *t, const char *symbol) {
	return t->kind == L_SYMBOL && slice_eq(t->text, symbol);
}

static bool is_word(const struct token *t, const char *word) {
	return t->kind == L_NAME && slice_eq(t->text, word);
}

/* ---- where a table stands ---- */

/* The part before ".name" at i, "" when there is none: a.name, a["x"].name. */
static const char *part_before(const struct reader *r, size_t i) {
	bool dot = is(back(r, i, 1), ".") || is(back(r, i, 1), ":");

	if (dot && back(r, i, 2)->kind == L_NAME) {
		return arena_slicedup(r->arena, back(r, i, 2)->text);
	}
	if (dot && is(back(r, i, 2), "]") && back(r, i, 3)->kind == L_STRING) {
		return back(r, i, 3)->string;
	}
	return "";
}

/* For the opening bracket at i. */
static void place_table(const struct reader *r, size_t i, struct lua_table *t) {
	const struct token *before = back(r, i, 1);
	size_t call = is(before, "(") ? 2 : 1;
	const struct token *name = back(r, i, call);

	t->where = LUA_OTHER;
	t->name = t->of = "";
	if (is(before, "=")) {
		bool quoted = is(back(r, i, 2), "]") && back(r, i, 3)->kind == L_STRING;
		t->where = LUA_MEMBER;
		t->name = quoted ? back(r, i, 3)->string
		                 : arena_slicedup(r->arena, back(r, i, 2)->text);
	} else if (is_word(before, "return")) {
		t->where = LUA_RETURN;
	} else if (is(before, ",") && back(r, i, 2)->kind == L_STRING && is(back(r, i, 3), "(") &&
	           back(r, i, 4)->kind == L_NAME) {
		t->where = LUA_NAMED;
		t->name = arena_slicedup(r->arena, back(r, i, 4)->text);
		t->of = back(r, i, 2)->string;
	} else if (name->kind == L_NAME && i >= call) {
		t->where = LUA_CALL;
		t->name = arena_slicedup(r->arena, name->text);
		t->of = part_before(r, i - call);
	}
}

/* ---- tables ---- */

static size_t read_table(struct reader *r, size_t i, const struct lua_table *inside,
                         struct jsonc_node **ret);

static struct jsonc_node *node_new(struct reader *r, enum jsonc_type type, const struct token *t) {
	struct jsonc_node *node = arena_new_of(r->arena, struct jsonc_node);

	node->type = type;
	node->place = t->place;
	node->string = "";
	return node;
}

/* +1 for what opens a block or bracket, -1 for what closes one. */
static int nesting(const struct token *t) {
	static const char *const opening[] = {"function", "do", "if", "repeat"};
	static const char *const closing[] = {"end", "until"};

	if (t->kind == L_SYMBOL) {
		char c = t->text.data[0];
		return c == '(' || c == '[' ? 1 : c == ')' || c == ']' ? -1 : 0;
	}
	for (size_t i = 0; i < sizeof(opening) / sizeof(*opening); i++) {
		if (is_word(t, opening[i])) {
			return 1;
		}
	}
	for (size_t i = 0; i < sizeof(closing) / sizeof(*closing); i++) {
		if (is_word(t, closing[i])) {
			return -1;
		}
	}
	return 0;
}

static bool ends_field(const struct token *t) {
	return t->kind == L_END || is(t, ",") || is(t, ";") || is(t, "}");
}

/* Over an expression that is not literal, with the tables that are written in it. */
static size_t skip_value(struct reader *r, size_t i, const struct lua_table *inside) {
	int depth = 0;

	while (at(r, i)->kind != L_END && (depth > 0 || !ends_field(at(r, i)))) {
		if (is(at(r, i), "{")) {
			i = read_table(r, i, inside, NULL);
			continue;
		}
		depth += nesting(at(r, i));
		depth = depth < 0 ? 0 : depth;
		i++;
	}
	return i;
}

/* Digits, or digits and a fraction: what is a number in JSON too. */
static bool is_plain_number(struct slice s) {
	size_t whole = 0;
	while (whole < s.len && ascii_is_digit(s.data[whole])) {
		whole++;
	}
	size_t n = whole + (whole < s.len && s.data[whole] == '.');
	size_t from = n;
	while (n < s.len && ascii_is_digit(s.data[n])) {
		n++;
	}
	bool fraction = whole < s.len;
	return whole > 0 && n == s.len && (!fraction || n > from) &&
	       (whole == 1 || s.data[0] != '0');
}

static struct jsonc_node *literal(struct reader *r, size_t i) {
	const struct token *t = at(r, i);
	struct jsonc_node *node = NULL;

	if (t->kind == L_STRING) {
		node = node_new(r, JSONC_STRING, t);
		node->string = t->string;
		node->string_len = strlen(t->string);
	} else if (is_word(t, "true") || is_word(t, "false")) {
		node = node_new(r, JSONC_BOOL, t);
		node->boolean = is_word(t, "true");
	} else if (t->kind == L_NUMBER && is_plain_number(t->text)) {
		node = node_new(r, JSONC_NUMBER, t);
		node->raw = t->text;
		node->number = strtod(arena_slicedup(r->arena, t->text), NULL);
	}
	return node;
}

/* *ret: NULL when it is not literal, or nil. */
static size_t read_value(struct reader *r, size_t i, const struct lua_table *inside,
                         struct jsonc_node **ret) {
	*ret = NULL;
	if (is(at(r, i), "{")) {
		size_t behind = read_table(r, i, inside, ret);
		if (ends_field(at(r, behind))) {
			return behind;
		}
		*ret = NULL;
		return skip_value(r, behind, inside);
	}
	if (ends_field(at(r, i + 1))) {
		*ret = literal(r, i);
		if (*ret || is_word(at(r, i), "nil")) {
			return i + 1;
		}
	}
	return skip_value(r, i, inside);
}

struct members {
	struct jsonc_node *first[2]; /* with a name; without */
	struct jsonc_node **end[2];
	size_t count[2];
	bool unknown_element;
};

static void add_member(struct members *m, struct jsonc_node *node, bool named) {
	for (struct jsonc_node *n = named ? m->first[0] : NULL; n; n = n->next) {
		if (streq(n->key, node->key)) {
			n->winner = node;
			node->duplicate_of = n;
			break;
		}
	}
	size_t side = named ? 0 : 1;
	*m->end[side] = node;
	m->end[side] = &node->next;
	m->count[side]++;
}

/* One field of a table at i. */
static size_t read_field(struct reader *r, size_t i, const struct lua_table *inside,
                         struct members *m) {
	bool plain = at(r, i)->kind == L_NAME && is(at(r, i + 1), "=");
	bool quoted = is(at(r, i), "[") && at(r, i + 1)->kind == L_STRING &&
	              is(at(r, i + 2), "]") && is(at(r, i + 3), "=");
	const struct token *key = at(r, quoted ? i + 1 : i);
	struct jsonc_node *node = NULL;

	if (is(at(r, i), "[") && !quoted) {
		return skip_value(r, i, inside);
	}
	i = read_value(r, i + (plain ? 2 : quoted ? 4 : 0), inside, &node);
	if (!node) {
		m->unknown_element = m->unknown_element || !(plain || quoted);
		return i;
	}
	if (plain || quoted) {
		node->key = quoted ? key->string : arena_slicedup(r->arena, key->text);
		node->key_len = strlen(node->key);
		node->key_place = key->place;
	}
	add_member(m, node, plain || quoted);
	return i;
}

/* From the opening bracket at i; gives what stands behind the closing one. *ret (ret may be NULL):
 * NULL when nothing can be said of its value. */
static size_t read_table(struct reader *r, size_t i, const struct lua_table *inside,
                         struct jsonc_node **ret) {
	struct members m = {.end = {&m.first[0], &m.first[1]}};
	struct jsonc_node *node = node_new(r, JSONC_OBJECT, at(r, i));
	struct lua_table *table = arena_new_of(r->arena, struct lua_table);

	if (++r->table_count > LUA_TABLES_MAX || ++r->depth > LUA_DEPTH_MAX) {
		if (ret) {
			*ret = NULL;
		}
		return r->count;
	}
	place_table(r, i, table);
	table->inside = inside;
	*r->end = table;
	r->end = &table->next;
	for (i++; at(r, i)->kind != L_END && !is(at(r, i), "}");) {
		i = ends_field(at(r, i)) ? i + 1 : read_field(r, i, table, &m);
	}
	r->depth--;
	const struct token *end = at(r, i);
	node->place.length =
		(end->kind == L_END ? r->in.text.len : end->place.offset + 1) - node->place.offset;
	bool list = m.count[0] == 0 && m.count[1] > 0 && !m.unknown_element;
	node->type = list ? JSONC_ARRAY : JSONC_OBJECT;
	node->first_child = m.first[list ? 1 : 0];
	node->count = m.count[list ? 1 : 0];
	table->value = node;
	if (ret) {
		*ret = node->count > 0 ? node : NULL;
	}
	return i + 1;
}

/* ---- variables of the environment ---- */

/* vim.env.NAME or vim.env["NAME"] from i on, and the "=" behind it: where that stands, else 0. */
static size_t match_assignment(const struct reader *r, size_t i, size_t *ret_name) {
	bool env =
		is_word(at(r, i), "vim") && is(at(r, i + 1), ".") && is_word(at(r, i + 2), "env");
	bool dot = env && is(at(r, i + 3), ".") && at(r, i + 4)->kind == L_NAME;
	bool quoted = env && is(at(r, i + 3), "[") && at(r, i + 4)->kind == L_STRING &&
	              is(at(r, i + 5), "]");
	size_t equals = i + (quoted ? 6 : 5);
	*ret_name = i + 4;
	return (dot || quoted) && is(at(r, equals), "=") ? equals : 0;
}

/* vim.fn.setenv("NAME", from i on: where the comma stands, else 0. */
static size_t match_call(const struct reader *r, size_t i, size_t *ret_name) {
	static const char *const calls[][2] = {
		{"fn", "setenv"}, {"uv", "os_setenv"}, {"loop", "os_setenv"}};
	for (size_t c = 0; c < sizeof(calls) / sizeof(*calls); c++) {
		if (is_word(at(r, i), "vim") && is(at(r, i + 1), ".") &&
		    is_word(at(r, i + 2), calls[c][0]) && is(at(r, i + 3), ".") &&
		    is_word(at(r, i + 4), calls[c][1]) && is(at(r, i + 5), "(") &&
		    at(r, i + 6)->kind == L_STRING && is(at(r, i + 7), ",")) {
			*ret_name = i + 6;
			return i + 7;
		}
	}
	return 0;
}

/* Nothing is done to the value before it. */
static bool ends_statement(const struct token *t) {
	bool goes_on = is_word(t, "and") || is_word(t, "or");
	return t->kind == L_END || (t->kind == L_NAME && !goes_on) || is(t, ";");
}

static void read_variable(struct reader *r, size_t i, bool always, struct lua_variable ***end) {
	size_t name = 0, call = match_call(r, i, &name);
	size_t before = call > 0 ? call : match_assignment(r, i, &name);
	if (before == 0 || is(back(r, i, 1), ".") || is(back(r, i, 1), ":")) {
		return;
	}
	const struct token *key = at(r, name), *value = at(r, before + 1);
	size_t last = before + (call > 0 ? 2 : 1);
	bool whole = ends_statement(at(r, last + 1)) && (call == 0 || is(at(r, last), ")"));
	struct lua_variable *v = arena_new_of(r->arena, struct lua_variable);
	v->name = key->kind == L_STRING ? key->string : arena_slicedup(r->arena, key->text);
	v->place = at(r, i)->place;
	v->place.length = at(r, last)->place.offset + at(r, last)->place.length - v->place.offset;
	if (always && whole && value->kind == L_STRING) {
		struct jsonc_node *node = literal(r, before + 1);
		node->key = v->name;
		node->key_len = strlen(v->name);
		node->key_place = key->place;
		v->value = node;
	}
	**end = v;
	*end = &v->next;
}

static struct lua_variable *variables_of(struct reader *r) {
	struct lua_variable *first = NULL, **end = &first;
	int depth = 0;
	for (size_t i = 0; i < r->count; i++) {
		const struct token *t = at(r, i);
		read_variable(r, i, depth == 0, &end);
		depth += nesting(t) + is(t, "{") - is(t, "}");
		depth = depth < 0 ? 0 : depth;
	}
	return first;
}

static const char *const *strings_of(const struct reader *r) {
	const char **strings = arena_array_of(r->arena, const char *, r->count + 1);
	size_t n = 0;

	for (size_t i = 0; i < r->count; i++) {
		if (r->tokens[i].kind == L_STRING) {
			strings[n++] = r->tokens[i].string;
		}
	}
	return strings;
}

struct lua_text *lua_read(struct arena *arena, struct slice text) {
	struct lua_text *out = arena_new_of(arena, struct lua_text);
	struct reader r = {.arena = arena, .in = cursor_at_start(text)};

	r.end = &r.first;
	read_tokens(&r);
	for (size_t i = 0; i < r.count;) {
		r.depth = 0;
		i = is(at(&r, i), "{") ? read_table(&r, i, NULL, NULL) : i + 1;
	}
	out->tables = r.first;
	out->variables = variables_of(&r);
	out->strings = strings_of(&r);
	return out;
}
