/* SPDX-License-Identifier: MIT
 * JSON with comments, read as VS Code reads its settings.json: whatever is wrong, as much as
 * possible still counts. Source: microsoft/vscode src/vs/base/common/json.ts (createScanner, visit;
 * published as the package jsonc-parser), whose recovery this follows token by token, with its
 * default allowTrailingComma; its white space is wider than JSON's (no-break space, U+2000..200B,
 * U+FEFF ...). Compared with jsonc-parser 3.3.1 on generated broken texts: same values, same
 * errors.
 *
 * What a user feels: after a missing comma or stray words the later keys still count; an unclosed
 * comment swallows the rest of the file, an unclosed string the rest of its line, and recovery may
 * skip a key. Such text is listed in lost[], so that a rule can ask whether a key that matters went
 * missing.
 */
#ifndef WIRE_JSONC_H
#define WIRE_JSONC_H

#include "base/arena.h"
#include "base/slice.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define JSONC_DEPTH_MAX                                                                            \
	128 /* containers inside each other; a deeper one counts as null and is an error */
#define JSONC_NODES_MAX 100000 /* values in one text; reading ends there with an error */
#define JSONC_LISTED_MAX                                                                           \
	256 /* entries kept in errors, duplicates and lost; the rest is only counted */

enum jsonc_type {
	JSONC_NULL,
	JSONC_BOOL,
	JSONC_NUMBER,
	JSONC_STRING,
	JSONC_ARRAY,
	JSONC_OBJECT,
};

/* The first sixteen are those of jsonc-parser's ParseErrorCode, with its numbers. */
enum jsonc_code {
	JSONC_INVALID_SYMBOL = 1,
	JSONC_INVALID_NUMBER_FORMAT = 2, /* never given: every number token is a number */
	JSONC_PROPERTY_NAME_EXPECTED = 3,
	JSONC_VALUE_EXPECTED = 4,
	JSONC_COLON_EXPECTED = 5,
	JSONC_COMMA_EXPECTED = 6,
	JSONC_CLOSE_BRACE_EXPECTED = 7,
	JSONC_CLOSE_BRACKET_EXPECTED = 8,
	JSONC_END_OF_FILE_EXPECTED = 9,
	JSONC_INVALID_COMMENT = 10, /* never given: comments are allowed */
	JSONC_UNEXPECTED_END_OF_COMMENT = 11,
	JSONC_UNEXPECTED_END_OF_STRING = 12,
	JSONC_UNEXPECTED_END_OF_NUMBER = 13,
	JSONC_INVALID_UNICODE = 14,
	JSONC_INVALID_ESCAPE = 15,
	JSONC_INVALID_CHARACTER = 16,
	JSONC_TOO_DEEP = 100,  /* ours: JSONC_DEPTH_MAX */
	JSONC_TOO_LARGE = 101, /* ours: JSONC_NODES_MAX */
};

/* Where something is: offset and length in bytes of the text; line and column count from 1, the
 * column in characters. */
struct jsonc_place {
	size_t offset;
	size_t length;
	size_t line;
	size_t column;
};

struct jsonc_node {
	enum jsonc_type type;
	struct jsonc_place
		place;   /* of the value; containers from their opening to their closing bracket */
	const char *key; /* member of an object: decoded, NUL-terminated; NULL in arrays and at the
	                    root */
	size_t key_len;
	struct jsonc_place key_place;
	const char *string; /* JSONC_STRING: decoded UTF-8, NUL-terminated (may hold NULs); ""
	                       otherwise */
	size_t string_len;
	double number;    /* JSONC_NUMBER; may be infinite (1e999), as in JavaScript */
	struct slice raw; /* JSONC_NUMBER: its digits in the text */
	bool boolean;
	struct jsonc_node *first_child; /* members or elements, in the order of the text, duplicates
	                                   included */
	struct jsonc_node *next;
	size_t count; /* of children */
	struct jsonc_node
		*duplicate_of; /* the first member of that name, when this is a later one */
	struct jsonc_node *
		winner; /* of the first member: the last one of that name, when there are several */
};

struct jsonc_error {
	enum jsonc_code code;
	struct jsonc_place place;
	const char *text; /* "comma expected": English, for people */
};

struct jsonc_duplicate {
	const char *key;
	size_t line; /* of this one */
	size_t first_line;
	bool top_level;
};

enum jsonc_lost_kind {
	JSONC_LOST_COMMENT, /* an unclosed comment: to the end of the text */
	JSONC_LOST_NESTED,  /* a comment over several lines in which another one begins: probably
	                       never closed. No error */
	JSONC_LOST_STRING,  /* an unclosed string: to the end of its line */
	JSONC_LOST_SKIPPED, /* skipped while looking for the next comma or bracket */
	/* A bracket that is never closed, from it to the end. Nothing is skipped, but what follows
	 * counts at another level than it seems to; with a mere brace missing at the end of the
	 * file nothing went wrong. Weak: listed after the others. */
	JSONC_LOST_UNCLOSED,
	JSONC_LOST_TRAILING, /* behind the end of the root value */
	JSONC_LOST_LIMIT,    /* beyond our depth or node cap */
};

struct jsonc_lost {
	enum jsonc_lost_kind kind;
	struct jsonc_place place;
	struct slice text; /* in the caller's bytes */
};

struct jsonc_doc {
	struct jsonc_node
		*root; /* NULL when there is no value at all (VS Code: an empty settings object) */
	struct jsonc_error *errors;
	size_t errors_len;
	size_t errors_total;
	struct jsonc_duplicate *duplicates;
	size_t duplicates_len;
	size_t duplicates_total;
	struct jsonc_lost *lost;
	size_t lost_len;
	size_t lost_total;
};

/* Never fails: any bytes give a document in the arena. Invalid UTF-8 becomes U+FFFD in keys and
 * strings, as in VS Code. The text must live as long as the document. The caller caps the text. */
struct jsonc_doc *jsonc_parse(struct arena *arena, struct slice text);

/* The member that counts (the last of that name, as in VS Code); NULL when absent or when node is
 * NULL or no object. */
const struct jsonc_node *jsonc_get(const struct jsonc_node *node, const char *key);
/* jsonc_get along "a", "b", ..., NULL. Keys of settings contain dots, so the path is not one
 * string. */
const struct jsonc_node *jsonc_get_path(const struct jsonc_node *node, ...)
	__attribute__((sentinel));
/* The string of a JSONC_STRING; NULL for NULL and for any other type. */
const char *jsonc_string(const struct jsonc_node *node);

/* Strict JSON text of a subtree, as JSON.stringify would write what VS Code understood: last
 * duplicates, no comments, infinite numbers as null. "null" for NULL. */
char *jsonc_to_json(struct arena *arena, const struct jsonc_node *node);

/* "string", "object", ... */
const char *jsonc_type_name(enum jsonc_type type);

#endif
