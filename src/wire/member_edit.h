/* SPDX-License-Identifier: MIT
 * Changes one member of a configuration and nothing else, whichever language it is written in: JSON with comments
 * (wire/jsonc.h), TOML (wire/toml.h) or the tables of Lua (wire/lua.h). A member is known by the line its key stands in and by
 * its value, so nobody need know how deep it lies. Comments, order and layout stay. Pure.
 */
#ifndef WIRE_MEMBER_EDIT_H
#define WIRE_MEMBER_EDIT_H

#include "base/err.h"
#include "wire/jsonc.h"

enum member_language {
	MEMBER_JSON,
	MEMBER_TOML,
	MEMBER_LUA,
	MEMBER_LISP, /* of Emacs, where it is less (wire/lisp_edit.h) */
	MEMBER_UNKNOWN,
};

struct member_edit {
	enum member_language language;
	int64_t line;    /* of the key, from 1 */
	const char *key; /* the last part of it, decoded; "KEY/NAME": NAME in the table under KEY */
	const char *
		element; /* JSON of the one element of the list that is meant; NULL: the member itself */
	const char *expected; /* JSON of the member now; NULL: any */
	const char *value; /* JSON instead; NULL: away. Of an element several, with ", " between */
};

/* By the end of the name of a file. */
enum member_language member_language_of(const char *file);

/* *ret: the new text. -ENOENT: there is no such member; -EBADMSG: the text has mistakes, the member is there more than
 * once, or what would be left is not what is meant; -EINVAL: value is no JSON or cannot be said in that language. */
int member_edit(struct arena *arena, struct slice text, const struct member_edit *edit,
                struct slice *ret, struct err *err);

#endif
