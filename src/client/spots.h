/* SPDX-License-Identifier: MIT
 * Where in a file of any language something can be asked: found from the server's own outline and
 * the text. It knows words and dots, not grammars.
 */
#ifndef CLIENT_SPOTS_H
#define CLIENT_SPOTS_H

#include "base/arena.h"
#include "base/slice.h"

#include <json-c/json.h>
#include <stdbool.h>

/* As the protocol counts: from 0, in UTF-16 units. */
struct spot {
	bool known;
	unsigned line;
	unsigned character;
};

struct spots {
	struct spot use; /* a name that is declared in this file, where it is used, else declared */
	struct spot member;   /* behind the dot of a.b */
	struct spot call;     /* behind the opening parenthesis of a call */
	struct spot standard; /* a name of the standard library; only for Go */
	struct spot end;      /* of the text */
	const char *name;     /* of `use`, "" when there is none */
};

/* symbols: the result of textDocument/documentSymbol (DocumentSymbol[] or SymbolInformation[]), or
 * NULL. Bounded by the length of the text and 2,000 symbols. */
struct spots spots_find(struct arena *arena, struct slice text, struct json_object *symbols,
                        bool is_go);

#endif
