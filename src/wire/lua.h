/* SPDX-License-Identifier: MIT
 * Lua, as far as a configuration is data: tables whose members are written out, with a name for
 * where each stands. Nothing is run: what a function, a variable or an operator would give is
 * unknown and left out. Source: lua.org/manual/5.1 (lexical conventions, table constructors), which
 * is the Lua of Neovim.
 */
#ifndef WIRE_LUA_H
#define WIRE_LUA_H

#include "wire/jsonc.h"

#define LUA_DEPTH_MAX  64
#define LUA_TABLES_MAX 4000 /* in one text; reading ends there */

enum lua_place {
	LUA_MEMBER, /* name = { … }, a field or a variable; name is its last part */
	LUA_CALL, /* a.name { … } or a.name({ … }): of is the part before, "" when there is none */
	LUA_NAMED,  /* name("of", { … }) */
	LUA_RETURN, /* return { … } */
	LUA_OTHER,  /* an element of a list, an argument of something else */
};

struct lua_table {
	enum lua_place where;
	const char *name;
	const char *of;
	const struct lua_table *inside; /* the table it is written in, or NULL */
	/* Members with literal values: an object; an array when it has none with a name. A list with
	 * an element that is not literal is left out of what it stands in, and is an empty object
	 * here. */
	const struct jsonc_node *value;
	struct lua_table *next; /* in the order of their opening brackets */
};

/* A statement that gives a variable of the editor's environment a value: vim.env.NAME = …, vim.env["NAME"] = …,
 * vim.fn.setenv("NAME", …), vim.uv.os_setenv("NAME", …). Source: neovim runtime/doc/lua.txt (vim.env), builtin.txt. */
struct lua_variable {
	const char *name;
	/* A string, with key and key_place; NULL: not known, since it is not written out, or stands where it is not
	 * always done (in a function, in a condition). */
	const struct jsonc_node *value;
	struct jsonc_place place; /* of the statement */
	struct lua_variable *next;
};

struct lua_text {
	struct lua_table *tables;
	struct lua_variable *variables; /* in the order of the text */
	const char *const *strings;     /* every string of the text, ended by NULL */
};

/* Never fails: any bytes give what was understood. The caller caps the text. */
struct lua_text *lua_read(struct arena *arena, struct slice text);

#endif
