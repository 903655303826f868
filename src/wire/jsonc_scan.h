/* SPDX-License-Identifier: MIT
 * The tokens of JSON with comments. For jsonc.c only; see jsonc.h for the model it follows.
 */
#ifndef WIRE_JSONC_SCAN_H
#define WIRE_JSONC_SCAN_H

#include "wire/jsonc.h"

enum jsonc_token {
	TOKEN_OPEN_BRACE,
	TOKEN_CLOSE_BRACE,
	TOKEN_OPEN_BRACKET,
	TOKEN_CLOSE_BRACKET,
	TOKEN_COMMA,
	TOKEN_COLON,
	TOKEN_NULL,
	TOKEN_TRUE,
	TOKEN_FALSE,
	TOKEN_STRING,
	TOKEN_NUMBER,
	TOKEN_LINE_COMMENT,
	TOKEN_BLOCK_COMMENT,
	TOKEN_SPACE,
	TOKEN_UNKNOWN,
	TOKEN_END,
};

struct jsonc_scanner {
	struct slice text;
	size_t pos;
	/* The token last read. */
	enum jsonc_token token;
	struct jsonc_place place;
	enum jsonc_code error; /* 0 when the token is well formed */
	struct slice value;    /* strings: between the quotes, not decoded; numbers: the digits that
	                          count */
	/* Where place.line and place.column were last counted. */
	size_t counted;
	size_t line;
	size_t column;
};

void jsonc_scanner_init(struct jsonc_scanner *scanner, struct slice text);
/* Reads one token, white space and comments included; at the end TOKEN_END again and again. */
enum jsonc_token jsonc_scan(struct jsonc_scanner *scanner);

/* The characters a string token stands for, as UTF-8 and NUL-terminated; *ret_len without the NUL.
 */
char *jsonc_decode(struct arena *arena, struct slice value, size_t *ret_len);

#endif
