/* SPDX-License-Identifier: MIT
 * Changes one value in a JSON-with-comments text and nothing else: comments, order, indentation, line ends, a byte order
 * mark and trailing commas stay. Pure; the result is a text and the splice that leads to it, with its inverse.
 *
 * A text with mistakes is not touched (as VS Code refuses to write into one): what would be changed is not what somebody
 * sees.
 */
#ifndef WIRE_JSONC_EDIT_H
#define WIRE_JSONC_EDIT_H

#include "base/err.h"
#include "wire/jsonc.h"

/* At offset, `removed` gives way to `inserted`. */
struct jsonc_splice {
	size_t offset; /* bytes */
	struct slice removed;
	struct slice inserted;
};

struct jsonc_edit {
	bool changed;
	struct slice text;           /* the new text; the old one when nothing changed */
	struct jsonc_splice forward; /* old text to new text */
	struct jsonc_splice inverse; /* new text to old text */
};

/* Sets the member at path (keys, ended by NULL; at least one) to the JSON value `json`. Objects on the way are made. A
 * blank text becomes an object. Of several members of one name the one that counts is changed. Scalars are written as
 * given, containers over several lines when the text has lines. Of a list that becomes one with fewer or other elements
 * only those are touched: comments beside the others stay.
 * -EINVAL: json is no JSON value; -EBADMSG: the text has mistakes (named with their line); -ENOTDIR: something on the way
 * is no object; -E2BIG: the result would be nested too deeply. `text` must live as long as the result. */
int jsonc_edit_set(struct arena *arena, struct slice text, const char *const *path,
                   struct slice json, struct jsonc_edit *ret, struct err *err);

/* Takes the member at path away, with every duplicate of it; comments stay. -ENOENT when it is not there. */
int jsonc_edit_unset(struct arena *arena, struct slice text, const char *const *path,
                     struct jsonc_edit *ret, struct err *err);

/* The text after the splice; it must fit (removed stands at offset), else NULL data. In the arena. */
struct slice jsonc_splice_apply(struct arena *arena, struct slice text,
                                const struct jsonc_splice *splice);

#endif
