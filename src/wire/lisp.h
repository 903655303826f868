/* SPDX-License-Identifier: MIT
 * Emacs Lisp, as far as a configuration is data: lists as they are written. Nothing is run: a form
 * behind a comma is unknown. Source: Emacs Lisp reference manual, Printed Representation and Read
 * Syntax; Backquote.
 */
#ifndef WIRE_LISP_H
#define WIRE_LISP_H

#include "wire/jsonc.h"

#define LISP_DEPTH_MAX 200
#define LISP_NODES_MAX 60000 /* in one text; reading ends there */

enum lisp_type {
	LISP_LIST, /* (a b . (c)) is (a b c) */
	LISP_VECTOR,
	LISP_SYMBOL, /* keywords too: ":x" */
	LISP_STRING,
	LISP_NUMBER,
	LISP_UNKNOWN, /* ,form  ?c  and what else has no value here */
};

struct lisp_node {
	enum lisp_type type;
	const char *text; /* of a symbol, number or string: decoded; "" otherwise */
	struct jsonc_place place;
	struct lisp_node *first_child;
	struct lisp_node *next;
	size_t count;
	bool dotted; /* a list whose last child stands behind a dot */
};

/* A list of all forms of the text, quotes taken off. Never fails: any bytes give what was
 * understood. The caller caps the text. */
struct lisp_node *lisp_read(struct arena *arena, struct slice text);

bool lisp_is(const struct lisp_node *node, const char *symbol);
/* What Emacs would send as JSON: t and :json-false, strings, numbers, vectors, property lists and
 * association lists (keys with or without a colon). NULL for nil and what has no such meaning; a
 * member without is left out. */
struct jsonc_node *lisp_to_json(struct arena *arena, const struct lisp_node *node);
/* The same of the rest of a list, from node on: what (key . REST) means. */
struct jsonc_node *lisp_rest_to_json(struct arena *arena, const struct lisp_node *node,
                                     bool dotted);

#endif
