/* SPDX-License-Identifier: MIT */
#include "wire/jsonc.h"

#include "base/ascii.h"
#include "wire/jsonc_scan.h"

#include <locale.h>
#include <stdlib.h>

struct parser {
	struct arena *arena;
	struct jsonc_scanner scan;
	struct jsonc_doc *doc;
	size_t nodes;
	unsigned depth; /* containers open */
	/* The first token, be it a meaningless word, behind the last comma, opening bracket or
	 * complete value: where the item begins that may have to be given up. */
	struct jsonc_place item;
	bool item_awaited;
};

static const char *code_text(enum jsonc_code code) {
	switch (code) {
	case JSONC_INVALID_SYMBOL:
		return "not a JSON word";
	case JSONC_INVALID_NUMBER_FORMAT:
		return "not a number";
	case JSONC_PROPERTY_NAME_EXPECTED:
		return "a key in double quotes expected";
	case JSONC_VALUE_EXPECTED:
		return "value expected";
	case JSONC_COLON_EXPECTED:
		return "colon expected";
	case JSONC_COMMA_EXPECTED:
		return "comma expected";
	case JSONC_CLOSE_BRACE_EXPECTED:
		return "closing brace expected";
	case JSONC_CLOSE_BRACKET_EXPECTED:
		return "closing bracket expected";
	case JSONC_END_OF_FILE_EXPECTED:
		return "end of file expected";
	case JSONC_INVALID_COMMENT:
		return "comment not allowed";
	case JSONC_UNEXPECTED_END_OF_COMMENT:
		return "comment is never closed";
	case JSONC_UNEXPECTED_END_OF_STRING:
		return "string is not closed on its line";
	case JSONC_UNEXPECTED_END_OF_NUMBER:
		return "number ends too early";
	case JSONC_INVALID_UNICODE:
		return "\\u needs four hexadecimal digits";
	case JSONC_INVALID_ESCAPE:
		return "no such escape in a string";
	case JSONC_INVALID_CHARACTER:
		return "control character in a string";
	case JSONC_TOO_DEEP:
		return "nested too deeply";
	case JSONC_TOO_LARGE:
		return "too many values";
	}
	return "unknown error";
}

static void add_error_at(struct parser *p, enum jsonc_code code, struct jsonc_place place) {
	struct jsonc_doc *doc = p->doc;
	doc->errors_total++;
	if (!doc->errors) {
		doc->errors = arena_array_of(p->arena, struct jsonc_error, JSONC_LISTED_MAX);
	}
	if (doc->errors_len < JSONC_LISTED_MAX) {
		doc->errors[doc->errors_len++] =
			(struct jsonc_error){.code = code, .place = place, .text = code_text(code)};
	}
}

static void add_error(struct parser *p, enum jsonc_code code) {
	add_error_at(p, code, p->scan.place);
}

/* Notes the text from place up to offset end as lost. */
static void add_lost(struct parser *p, enum jsonc_lost_kind kind, struct jsonc_place place,
                     size_t end) {
	struct jsonc_doc *doc = p->doc;
	if (end <= place.offset) {
		return;
	}
	place.length = end - place.offset;
	doc->lost_total++;
	if (!doc->lost) {
		doc->lost = arena_array_of(p->arena, struct jsonc_lost, JSONC_LISTED_MAX);
	}
	if (doc->lost_len < JSONC_LISTED_MAX) {
		struct slice text = slice_of(p->scan.text.data + place.offset, place.length);
		doc->lost[doc->lost_len++] =
			(struct jsonc_lost){.kind = kind, .place = place, .text = text};
	}
}

static void note_comment(struct parser *p) {
	struct jsonc_place place = p->scan.place;
	struct slice inner = slice_of(p->scan.text.data + place.offset + 2, place.length - 2);
	if (p->scan.error) {
		add_lost(p, JSONC_LOST_COMMENT, place, place.offset + place.length);
	} else if (slice_has(inner, "/*") && slice_has(inner, "\n")) {
		add_lost(p, JSONC_LOST_NESTED, place, place.offset + place.length);
	}
}

/* Goes to the next token that means something; words that mean nothing are errors and otherwise
 * passed over. */
static enum jsonc_token next(struct parser *p) {
	for (;;) {
		enum jsonc_token token = jsonc_scan(&p->scan);
		if (p->scan.error) {
			add_error(p, p->scan.error);
		}
		if (token == TOKEN_SPACE || token == TOKEN_LINE_COMMENT) {
			continue;
		}
		if (token == TOKEN_BLOCK_COMMENT) {
			note_comment(p);
			continue;
		}
		if (p->item_awaited) {
			p->item = p->scan.place;
			p->item_awaited = false;
		}
		if (token == TOKEN_UNKNOWN) {
			add_error(p, JSONC_INVALID_SYMBOL);
			continue;
		}
		if (p->scan.error == JSONC_UNEXPECTED_END_OF_STRING) {
			add_lost(p, JSONC_LOST_STRING, p->scan.place, p->scan.pos);
		}
		return token;
	}
}

/* Consumes a comma, an opening bracket or the last token of a value. */
static void next_item(struct parser *p) {
	p->item_awaited = true;
	next(p);
}

static void skip_until(struct parser *p, enum jsonc_token a, enum jsonc_token b) {
	while (p->scan.token != a && p->scan.token != b && p->scan.token != TOKEN_END) {
		next(p);
	}
}

/* An item cannot be understood: it is given up to the next comma or closing bracket. */
static void give_up_item(struct parser *p, enum jsonc_code code, enum jsonc_token close) {
	struct jsonc_place item = p->item;
	add_error(p, code);
	skip_until(p, close, TOKEN_COMMA);
	add_lost(p, JSONC_LOST_SKIPPED, item, p->scan.place.offset);
}

static struct jsonc_node *new_node(struct parser *p, enum jsonc_type type) {
	p->nodes++;
	if (p->nodes == JSONC_NODES_MAX) {
		struct jsonc_place rest = p->scan.place;
		rest.offset = p->scan.pos;
		add_error(p, JSONC_TOO_LARGE);
		add_lost(p, JSONC_LOST_LIMIT, rest, p->scan.text.len);
		p->scan.pos = p->scan.text.len;
	}
	struct jsonc_node *node = arena_new_of(p->arena, struct jsonc_node);
	node->type = type;
	node->place = p->scan.place;
	node->string = "";
	return node;
}

/* The C locale's number, whatever the locale of the process is. */
static double to_number(struct arena *arena, struct slice raw) {
	bool simple = raw.len <= 15;
	for (size_t i = 0; i < raw.len && simple; i++) {
		simple = ascii_is_digit(raw.data[i]) || raw.data[i] == '-';
	}
	const char *text = arena_slicedup(arena, raw);
	if (simple) {
		return (double)strtoll(text, NULL, 10);
	}
	locale_t c = newlocale(LC_NUMERIC_MASK, "C", (locale_t)0);
	double number = c ? strtod_l(text, NULL, c) : strtod(text, NULL);
	if (c) {
		freelocale(c);
	}
	return number;
}

static struct jsonc_node *parse_value(struct parser *p);

static void append(struct jsonc_node *parent, struct jsonc_node **tail, struct jsonc_node *node) {
	if (*tail) {
		(*tail)->next = node;
	} else {
		parent->first_child = node;
	}
	*tail = node;
	parent->count++;
}

static bool parse_property(struct parser *p, struct jsonc_node *object, struct jsonc_node **tail) {
	if (p->scan.token != TOKEN_STRING) {
		give_up_item(p, JSONC_PROPERTY_NAME_EXPECTED, TOKEN_CLOSE_BRACE);
		return false;
	}
	struct jsonc_place key_place = p->scan.place;
	struct slice raw = p->scan.value;
	struct jsonc_place item = p->item;
	if (next(p) != TOKEN_COLON) {
		give_up_item(p, JSONC_COLON_EXPECTED, TOKEN_CLOSE_BRACE);
		return true;
	}
	next(p);
	struct jsonc_node *node = parse_value(p);
	if (!node) {
		p->item = item;
		give_up_item(p, JSONC_VALUE_EXPECTED, TOKEN_CLOSE_BRACE);
		return true;
	}
	node->key = jsonc_decode(p->arena, raw, &node->key_len);
	node->key_place = key_place;
	append(object, tail, node);
	return true;
}

static int compare_keys(const void *left, const void *right) {
	const struct jsonc_node *a = *(const struct jsonc_node *const *)left;
	const struct jsonc_node *b = *(const struct jsonc_node *const *)right;
	size_t shorter = a->key_len < b->key_len ? a->key_len : b->key_len;
	int order = memcmp(a->key, b->key, shorter);
	if (order != 0) {
		return order;
	}
	if (a->key_len != b->key_len) {
		return a->key_len < b->key_len ? -1 : 1;
	}
	return a->key_place.offset < b->key_place.offset ? -1 : 1;
}

static void list_duplicate(struct parser *p, const struct jsonc_node *node) {
	struct jsonc_doc *doc = p->doc;
	doc->duplicates_total++;
	if (!doc->duplicates) {
		doc->duplicates =
			arena_array_of(p->arena, struct jsonc_duplicate, JSONC_LISTED_MAX);
	}
	if (doc->duplicates_len < JSONC_LISTED_MAX) {
		doc->duplicates[doc->duplicates_len++] =
			(struct jsonc_duplicate){.key = node->key,
		                                 .line = node->key_place.line,
		                                 .first_line = node->duplicate_of->key_place.line,
		                                 .top_level = p->depth == 1};
	}
}

static void find_duplicates(struct parser *p, struct jsonc_node *object) {
	if (object->count < 2) {
		return;
	}
	struct jsonc_node **sorted = arena_array_of(p->arena, struct jsonc_node *, object->count);
	size_t len = 0;
	for (struct jsonc_node *node = object->first_child; node; node = node->next) {
		sorted[len++] = node;
	}
	qsort(sorted, len, sizeof(sorted[0]), compare_keys);
	struct jsonc_node *first = sorted[0];
	for (size_t i = 1; i < len; i++) {
		struct jsonc_node *node = sorted[i];
		if (node->key_len != first->key_len ||
		    memcmp(node->key, first->key, first->key_len) != 0) {
			first = node;
			continue;
		}
		node->duplicate_of = first;
		first->winner = node;
	}
	for (const struct jsonc_node *node = object->first_child; node; node = node->next) {
		if (node->duplicate_of) {
			list_duplicate(p, node);
		}
	}
}

/* The closing bracket, or the end of the text in its place. */
static void close_container(struct parser *p, struct jsonc_node *node, enum jsonc_token close,
                            enum jsonc_code missing) {
	node->place.length = p->scan.pos - node->place.offset;
	if (p->scan.token == close) {
		next_item(p);
		return;
	}
	add_error(p, missing);
	add_lost(p, JSONC_LOST_UNCLOSED, node->place, p->scan.text.len);
}

static void parse_object(struct parser *p, struct jsonc_node *object) {
	struct jsonc_node *tail = NULL;
	bool needs_comma = false;
	next_item(p);
	while (p->scan.token != TOKEN_CLOSE_BRACE && p->scan.token != TOKEN_END) {
		if (p->scan.token == TOKEN_COMMA) {
			if (!needs_comma) {
				add_error(p, JSONC_VALUE_EXPECTED);
			}
			next_item(p);
			if (p->scan.token == TOKEN_CLOSE_BRACE) {
				break;
			}
		} else if (needs_comma) {
			add_error(p, JSONC_COMMA_EXPECTED);
		}
		if (!parse_property(p, object, &tail)) {
			add_error(p,
			          JSONC_VALUE_EXPECTED); /* a second one, as jsonc-parser gives */
		}
		needs_comma = true;
	}
	find_duplicates(p, object);
	close_container(p, object, TOKEN_CLOSE_BRACE, JSONC_CLOSE_BRACE_EXPECTED);
}

static void parse_array(struct parser *p, struct jsonc_node *array) {
	struct jsonc_node *tail = NULL;
	bool needs_comma = false;
	next_item(p);
	while (p->scan.token != TOKEN_CLOSE_BRACKET && p->scan.token != TOKEN_END) {
		if (p->scan.token == TOKEN_COMMA) {
			if (!needs_comma) {
				add_error(p, JSONC_VALUE_EXPECTED);
			}
			next_item(p);
			if (p->scan.token == TOKEN_CLOSE_BRACKET) {
				break;
			}
		} else if (needs_comma) {
			add_error(p, JSONC_COMMA_EXPECTED);
		}
		struct jsonc_node *node = parse_value(p);
		if (node) {
			append(array, &tail, node);
		} else {
			give_up_item(p, JSONC_VALUE_EXPECTED, TOKEN_CLOSE_BRACKET);
		}
		needs_comma = true;
	}
	close_container(p, array, TOKEN_CLOSE_BRACKET, JSONC_CLOSE_BRACKET_EXPECTED);
}

/* Passes over a container beyond the depth cap, without recursion. */
static void skip_container(struct parser *p, struct jsonc_node *node) {
	size_t open = 0;
	node->type = JSONC_NULL;
	add_error(p, JSONC_TOO_DEEP);
	do {
		if (p->scan.token == TOKEN_OPEN_BRACE || p->scan.token == TOKEN_OPEN_BRACKET) {
			open++;
		} else if (p->scan.token == TOKEN_CLOSE_BRACE ||
		           p->scan.token == TOKEN_CLOSE_BRACKET) {
			open--;
		}
		node->place.length = p->scan.pos - node->place.offset;
		next_item(p);
	} while (open > 0 && p->scan.token != TOKEN_END);
	add_lost(p, JSONC_LOST_LIMIT, node->place, node->place.offset + node->place.length);
}

static struct jsonc_node *parse_container(struct parser *p) {
	bool object = p->scan.token == TOKEN_OPEN_BRACE;
	struct jsonc_node *node = new_node(p, object ? JSONC_OBJECT : JSONC_ARRAY);
	if (p->depth == JSONC_DEPTH_MAX) {
		skip_container(p, node);
		return node;
	}
	p->depth++;
	if (object) {
		parse_object(p, node);
	} else {
		parse_array(p, node);
	}
	p->depth--;
	return node;
}

/* NULL, and nothing consumed, when no value begins here. */
static struct jsonc_node *parse_value(struct parser *p) {
	struct jsonc_node *node = NULL;
	switch (p->scan.token) {
	case TOKEN_OPEN_BRACE:
	case TOKEN_OPEN_BRACKET:
		return parse_container(p);
	case TOKEN_STRING:
		node = new_node(p, JSONC_STRING);
		node->string = jsonc_decode(p->arena, p->scan.value, &node->string_len);
		break;
	case TOKEN_NUMBER:
		node = new_node(p, JSONC_NUMBER);
		node->raw = p->scan.value;
		node->number = to_number(p->arena, p->scan.value);
		break;
	case TOKEN_TRUE:
	case TOKEN_FALSE:
		node = new_node(p, JSONC_BOOL);
		node->boolean = p->scan.token == TOKEN_TRUE;
		break;
	case TOKEN_NULL:
		node = new_node(p, JSONC_NULL);
		break;
	default:
		return NULL;
	}
	next_item(p);
	return node;
}

struct jsonc_doc *jsonc_parse(struct arena *arena, struct slice text) {
	struct parser p = {.arena = arena, .doc = arena_new_of(arena, struct jsonc_doc)};
	jsonc_scanner_init(&p.scan, text);
	if (next(&p) == TOKEN_END) {
		add_error(&p, JSONC_VALUE_EXPECTED);
		return p.doc;
	}
	p.doc->root = parse_value(&p);
	if (!p.doc->root) {
		add_error(&p, JSONC_VALUE_EXPECTED);
	} else if (p.scan.token != TOKEN_END) {
		add_error(&p, JSONC_END_OF_FILE_EXPECTED);
	}
	add_lost(&p, JSONC_LOST_TRAILING, p.scan.place, text.len);
	return p.doc;
}
