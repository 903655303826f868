/* SPDX-License-Identifier: MIT
 */
#include "wire/lisp.h"

#include "base/str.h"
#include "wire/cursor.h"

#include <stdlib.h>

struct reader {
	struct arena *arena;
	struct cursor in;
	size_t nodes;
	size_t depth;
};

static bool is_blank(int c) {
	return c == ' ' || (c >= '\t' && c <= '\r') || c == '\0';
}

static void skip_blanks(struct reader *r) {
	for (; !cursor_ended(&r->in); cursor_step(&r->in)) {
		if (cursor_is(&r->in, ';')) {
			while (r->in.at + 1 < r->in.text.len && cursor_peek(&r->in, 1) != '\n') {
				r->in.at++;
			}
		} else if (!is_blank(cursor_peek(&r->in, 0))) {
			return;
		}
	}
}

static struct lisp_node *node_new(struct reader *r, enum lisp_type type) {
	struct lisp_node *node = arena_new_of(r->arena, struct lisp_node);

	r->nodes++;
	*node = (struct lisp_node){.type = type, .text = ""};
	node->place = cursor_place(&r->in);
	return node;
}

static void add_child(struct lisp_node *to, struct lisp_node **end, struct lisp_node *child) {
	*end = child;
	to->count++;
}

/* ---- atoms ---- */

static struct lisp_node *read_string(struct reader *r) {
	static const char from[] = "abtnvfre";
	static const char to[] = "\a\b\t\n\v\f\r\033";
	struct lisp_node *node = node_new(r, LISP_STRING);
	struct strbuf out;

	strbuf_init(&out, r->arena);
	for (cursor_step(&r->in); !cursor_ended(&r->in) && !cursor_is(&r->in, '"');
	     cursor_step(&r->in)) {
		char c = r->in.text.data[r->in.at];
		if (c == '\\' && r->in.at + 1 < r->in.text.len) {
			cursor_step(&r->in);
			c = r->in.text.data[r->in.at];
			const char *found = c != '\0' ? strchr(from, c) : NULL;
			if (c == '\n' || c == ' ') {
				continue;
			}
			c = found ? to[found - from] : c;
		}
		strbuf_add_char(&out, c);
	}
	if (!cursor_ended(&r->in)) {
		cursor_step(&r->in);
	}
	node->text = out.data;
	return node;
}

/* ?c ?\n ?\C-x: what character it is does not matter, only where it ends. */
static struct lisp_node *read_character(struct reader *r) {
	struct lisp_node *node = node_new(r, LISP_UNKNOWN);

	cursor_step(&r->in);
	while (cursor_is(&r->in, '\\') && r->in.at + 1 < r->in.text.len) {
		cursor_step(&r->in);
		bool control = cursor_peek(&r->in, 1) == '-';
		cursor_step(&r->in);
		if (control && !cursor_ended(&r->in)) {
			cursor_step(&r->in);
		} else {
			return node;
		}
	}
	if (!cursor_ended(&r->in)) {
		cursor_step(&r->in);
	}
	return node;
}

static bool is_number(const char *text) {
	size_t n = text[0] == '-';
	size_t digits = strspn(text + n, "0123456789");
	const char *rest = text + n + digits;

	if (digits == 0 || (digits > 1 && text[n] == '0')) {
		return false;
	}
	return *rest == '\0' || (*rest == '.' && rest[1] != '\0' &&
	                         strspn(rest + 1, "0123456789") == strlen(rest + 1));
}

static struct lisp_node *read_symbol(struct reader *r) {
	struct lisp_node *node = node_new(r, LISP_SYMBOL);
	size_t from = r->in.at;

	while (!cursor_ended(&r->in) && !is_blank(cursor_peek(&r->in, 0)) &&
	       !strchr("()[]\"';`,", cursor_peek(&r->in, 0))) {
		r->in.at += cursor_is(&r->in, '\\') && r->in.at + 1 < r->in.text.len ? 2 : 1;
	}
	if (r->in.at == from) {
		cursor_step(&r->in); /* a closing bracket too many */
		node->type = LISP_UNKNOWN;
	}
	node->text = arena_slicedup(r->arena, cursor_since(&r->in, from));
	if (is_number(node->text)) {
		node->type = LISP_NUMBER;
	}
	return node;
}

/* ---- lists ---- */

static struct lisp_node *read_form(struct reader *r);

/* (a . (b c)) is (a b c). */
static void splice_tail(struct lisp_node *list, struct lisp_node **last) {
	struct lisp_node *tail = last ? *last : NULL;

	if (!tail || tail->next || list->count < 2) {
		return;
	}
	list->dotted = true;
	if (tail->type == LISP_LIST) {
		*last = tail->first_child;
		list->count += tail->count;
		list->count--;
		list->dotted = tail->dotted;
	}
}

static struct lisp_node *read_list(struct reader *r) {
	bool vector = cursor_is(&r->in, '[');
	struct lisp_node *list = node_new(r, vector ? LISP_VECTOR : LISP_LIST);
	struct lisp_node **end = &list->first_child;
	struct lisp_node **behind_dot = NULL;

	cursor_step(&r->in);
	for (skip_blanks(r); !cursor_ended(&r->in); skip_blanks(r)) {
		int c = cursor_peek(&r->in, 0);
		if (c == ')' || c == ']') {
			cursor_step(&r->in);
			break;
		}
		if (c == '.' &&
		    (is_blank(cursor_peek(&r->in, 1)) || cursor_peek(&r->in, 1) == '(')) {
			cursor_step(&r->in);
			behind_dot = end;
			continue;
		}
		struct lisp_node *child = read_form(r);
		if (!child) {
			break;
		}
		add_child(list, end, child);
		end = &child->next;
	}
	if (!vector) {
		splice_tail(list, behind_dot);
	}
	return list;
}

static void skip_quotes(struct reader *r) {
	for (;;) {
		skip_blanks(r);
		if (cursor_is(&r->in, '\'') || cursor_is(&r->in, '`')) {
			cursor_step(&r->in);
		} else if (cursor_is(&r->in, '#') && cursor_peek(&r->in, 1) == '\'') {
			cursor_step(&r->in);
			cursor_step(&r->in);
		} else {
			return;
		}
	}
}

/* NULL at the end, and beyond the bounds. */
static struct lisp_node *read_form(struct reader *r) {
	skip_quotes(r);
	if (cursor_ended(&r->in) || r->nodes >= LISP_NODES_MAX || r->depth >= LISP_DEPTH_MAX) {
		r->in.at = r->in.text.len;
		return NULL;
	}
	r->depth++;
	struct lisp_node *node;
	int c = cursor_peek(&r->in, 0);
	if (c == ',') {
		node = node_new(r, LISP_UNKNOWN);
		cursor_step(&r->in);
		if (cursor_is(&r->in, '@')) {
			cursor_step(&r->in);
		}
		(void)read_form(r);
	} else if (c == '(' || c == '[') {
		node = read_list(r);
	} else if (c == '"') {
		node = read_string(r);
	} else if (c == '?' && !is_blank(cursor_peek(&r->in, 1))) {
		node = read_character(r);
	} else {
		node = read_symbol(r);
	}
	node->place.length = r->in.at - node->place.offset;
	r->depth--;
	return node;
}

struct lisp_node *lisp_read(struct arena *arena, struct slice text) {
	struct reader r = {.arena = arena, .in = cursor_at_start(text)};
	struct lisp_node *all = node_new(&r, LISP_LIST);
	struct lisp_node **end = &all->first_child;
	struct lisp_node *form;

	while ((form = read_form(&r))) {
		add_child(all, end, form);
		end = &form->next;
	}
	return all;
}

bool lisp_is(const struct lisp_node *node, const char *symbol) {
	return node && node->type == LISP_SYMBOL && streq(node->text, symbol);
}

/* ---- as JSON ---- */

static struct jsonc_node *json_new(struct arena *arena, enum jsonc_type type,
                                   const struct lisp_node *of) {
	struct jsonc_node *node = arena_new_of(arena, struct jsonc_node);

	*node = (struct jsonc_node){.type = type, .place = of->place, .string = ""};
	return node;
}

static bool is_keyword(const struct lisp_node *node) {
	return node && node->type == LISP_SYMBOL && node->text[0] == ':' &&
	       !streq(node->text, ":json-false");
}

static bool is_key(const struct lisp_node *node) {
	return node && (node->type == LISP_SYMBOL || node->type == LISP_STRING);
}

static void add_member(struct jsonc_node *object, struct jsonc_node ***end,
                       const struct lisp_node *key, struct jsonc_node *value) {
	if (!value) {
		return;
	}
	value->key = key->text + (key->type == LISP_SYMBOL && key->text[0] == ':');
	value->key_len = strlen(value->key);
	value->key_place = key->place;
	**end = value;
	*end = &value->next;
	object->count++;
}

/* (:a 1 :b 2), from its first key on. */
static struct jsonc_node *property_list(struct arena *arena, const struct lisp_node *n) {
	struct jsonc_node *object = json_new(arena, JSONC_OBJECT, n);
	struct jsonc_node **end = &object->first_child;

	for (; n && n->next; n = n->next->next) {
		if (is_keyword(n)) {
			add_member(object, &end, n, lisp_to_json(arena, n->next));
		}
	}
	return object;
}

/* ((a . 1) (b . 2)), from its first pair on. */
static struct jsonc_node *association_list(struct arena *arena, const struct lisp_node *n) {
	struct jsonc_node *object = json_new(arena, JSONC_OBJECT, n);
	struct jsonc_node **end = &object->first_child;

	for (; n; n = n->next) {
		if (n->type == LISP_LIST && is_key(n->first_child)) {
			add_member(object, &end, n->first_child,
			           lisp_rest_to_json(arena, n->first_child->next, n->dotted));
		}
	}
	return object->count > 0 ? object : NULL;
}

struct jsonc_node *lisp_rest_to_json(struct arena *arena, const struct lisp_node *node,
                                     bool dotted) {
	if (!node) {
		return NULL;
	}
	if (dotted && !node->next) {
		return lisp_to_json(arena, node);
	}
	if (is_keyword(node)) {
		return property_list(arena, node);
	}
	return node->type == LISP_LIST ? association_list(arena, node) : NULL;
}

static struct jsonc_node *vector_to_json(struct arena *arena, const struct lisp_node *node) {
	struct jsonc_node *array = json_new(arena, JSONC_ARRAY, node);
	struct jsonc_node **end = &array->first_child;

	for (const struct lisp_node *n = node->first_child; n; n = n->next) {
		struct jsonc_node *item = lisp_to_json(arena, n);
		if (!item) {
			return NULL;
		}
		*end = item;
		end = &item->next;
		array->count++;
	}
	return array;
}

struct jsonc_node *lisp_to_json(struct arena *arena, const struct lisp_node *node) {
	struct jsonc_node *made = NULL;

	switch (node->type) {
	case LISP_LIST:
		return lisp_rest_to_json(arena, node->first_child, false);
	case LISP_VECTOR:
		return vector_to_json(arena, node);
	case LISP_SYMBOL:
		if (streq(node->text, "t") || streq(node->text, ":json-false")) {
			made = json_new(arena, JSONC_BOOL, node);
			made->boolean = node->text[0] == 't';
		}
		return made;
	case LISP_STRING:
		made = json_new(arena, JSONC_STRING, node);
		made->string = node->text;
		made->string_len = strlen(node->text);
		return made;
	case LISP_NUMBER:
		made = json_new(arena, JSONC_NUMBER, node);
		made->raw = slice_str(node->text);
		made->number = strtod(node->text, NULL);
		return made;
	case LISP_UNKNOWN:
		break;
	}
	return NULL;
}
