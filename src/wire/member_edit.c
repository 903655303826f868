/* SPDX-License-Identifier: MIT */
#include "wire/member_edit.h"

#include "base/str.h"
#include "wire/json_text.h"
#include "wire/lisp_edit.h"
#include "wire/lua.h"
#include "wire/toml.h"

#include <errno.h>

struct found {
	const struct jsonc_node *parent;
	const struct jsonc_node *node; /* the member, or its element */
	const struct lua_variable
		*variable; /* the statement it is the value of, or NULL: it has a parent */
	size_t count;
};

struct work {
	struct arena *arena;
	struct slice text;
	const struct member_edit *edit;
	struct found found;
	struct err *err;
};

enum member_language member_language_of(const char *file) {
	static const char *const json[] = {".json", ".jsonc", ".code-workspace",
	                                   ".sublime-settings", ".sublime-project"};
	for (size_t i = 0; i < sizeof(json) / sizeof(*json); i++) {
		if (str_ends(file, json[i])) {
			return MEMBER_JSON;
		}
	}
	bool emacs =
		str_ends(file, ".el") || str_ends(file, "/.emacs") || str_ends(file, "/.spacemacs");
	return str_ends(file, ".toml")  ? MEMBER_TOML
	       : str_ends(file, ".lua") ? MEMBER_LUA
	       : emacs                  ? MEMBER_LISP
	                                : MEMBER_UNKNOWN;
}

/* ---- finding ---- */

static void take(struct work *w, const struct jsonc_node *parent, const struct jsonc_node *node) {
	/* A table of Lua is met by itself and as a part of the one around it. */
	if (w->found.count == 0 || w->found.node->place.offset != node->place.offset) {
		w->found =
			(struct found){.parent = parent, .node = node, .count = w->found.count + 1};
	}
}

/* vim.env.KEY = "value" */
static void take_variables(struct work *w, const struct lua_variable *first) {
	const struct member_edit *edit = w->edit;
	for (const struct lua_variable *v = first; v; v = v->next) {
		if (v->value && !edit->element && streq(v->name, edit->key) &&
		    (int64_t)v->value->key_place.line == edit->line &&
		    (!edit->expected || streq(jsonc_to_json(w->arena, v->value), edit->expected))) {
			take(w, NULL, v->value);
			w->found.variable = v;
		}
	}
}

static void take_member(struct work *w, const struct jsonc_node *parent,
                        const struct jsonc_node *node) {
	const struct member_edit *edit = w->edit;
	const char *inner = strchr(edit->key, '/');
	if (inner) {
		parent = node;
		node = jsonc_get(node, inner + 1);
		if (!node) {
			return;
		}
	}
	if (edit->expected && !streq(jsonc_to_json(w->arena, node), edit->expected)) {
		return;
	}
	if (!edit->element) {
		take(w, parent, node);
		return;
	}
	for (const struct jsonc_node *n = node->first_child; n; n = n->next) {
		if (node->type == JSONC_ARRAY && streq(jsonc_to_json(w->arena, n), edit->element)) {
			take(w, node, n);
			return; /* of two that are alike the first one */
		}
	}
}

/* The last part of a name with dots counts too: "gopls.env" is "env" (LSP of Sublime Text). */
static bool is_named(const struct jsonc_node *node, struct slice name) {
	size_t len = node->key ? strlen(node->key) : 0;
	bool dotted = len > name.len && node->key[len - name.len - 1] == '.';
	return node->key && slice_eq(name, dotted ? node->key + len - name.len : node->key);
}

static void look_below(struct work *w, const struct jsonc_node *parent) {
	const char *key = w->edit->key;
	struct slice outer = slice_of(key, strcspn(key, "/"));
	for (const struct jsonc_node *n = parent ? parent->first_child : NULL; n; n = n->next) {
		if (is_named(n, outer) && (int64_t)n->key_place.line == w->edit->line) {
			take_member(w, parent, n);
		}
		look_below(w, n);
	}
}

static int find(struct work *w) {
	const struct lua_text *lua = NULL;
	if (w->edit->language == MEMBER_TOML) {
		const struct toml_doc *doc = toml_parse(w->arena, w->text);
		if (doc->error) {
			return err_set(w->err, -EBADMSG, "line %zu: %s", doc->place.line,
			               doc->error);
		}
		look_below(w, doc->root);
	} else if (w->edit->language == MEMBER_LUA) {
		lua = lua_read(w->arena, w->text);
		for (const struct lua_table *t = lua->tables; t; t = t->next) {
			look_below(w, t->value);
		}
		take_variables(w, lua->variables);
	} else {
		const struct jsonc_doc *doc = jsonc_parse(w->arena, w->text);
		if (doc->errors_len > 0) {
			return err_set(w->err, -EBADMSG, "line %zu: %s", doc->errors[0].place.line,
			               doc->errors[0].text);
		}
		look_below(w, doc->root);
	}
	if (w->found.count == 0) {
		return err_set(w->err, -ENOENT, "line %lld does not set `%s` to that",
		               (long long)w->edit->line, w->edit->key);
	}
	if (w->found.count > 1) {
		return err_set(w->err, -EBADMSG, "line %lld sets `%s` more than once",
		               (long long)w->edit->line, w->edit->key);
	}
	return 0;
}

/* ---- values in other words ---- */

static bool put_value(struct strbuf *out, enum member_language language,
                      const struct jsonc_node *node);

static bool put_text(struct strbuf *out, enum member_language language, struct slice text) {
	for (size_t i = 0; i < text.len; i++) {
		/* Lua of Neovim and JSON have no escape for these in common. */
		if (language == MEMBER_LUA && (unsigned char)text.data[i] < ' ') {
			return false;
		}
	}
	json_text_string(out, text);
	return true;
}

static bool put_members(struct strbuf *out, enum member_language language,
                        const struct jsonc_node *node) {
	bool list = node->type == JSONC_ARRAY;
	bool good = true;
	bool brackets = list && language != MEMBER_LUA;
	strbuf_add(out, brackets ? "[" : "{ ");
	for (const struct jsonc_node *n = node->first_child; n && good; n = n->next) {
		strbuf_add(out, n == node->first_child ? "" : ", ");
		if (!list) {
			struct slice key = slice_of(n->key, n->key_len);
			strbuf_add(out, language == MEMBER_LUA ? "[" : "");
			good = put_text(out, language, key);
			strbuf_add(out, language == MEMBER_LUA    ? "] = "
			                : language == MEMBER_TOML ? " = "
			                                          : ": ");
		}
		good = good && put_value(out, language, n);
	}
	strbuf_add(out, brackets ? "]" : " }");
	return good;
}

static bool put_value(struct strbuf *out, enum member_language language,
                      const struct jsonc_node *node) {
	switch (node->type) {
	case JSONC_STRING:
		return put_text(out, language, slice_of(node->string, node->string_len));
	case JSONC_BOOL:
		strbuf_add(out, node->boolean ? "true" : "false");
		return true;
	case JSONC_NUMBER:
		strbuf_add_n(out, node->raw.data, node->raw.len);
		return true;
	case JSONC_ARRAY:
	case JSONC_OBJECT:
		return put_members(out, language, node);
	case JSONC_NULL:
		break;
	}
	return false;
}

/* The new value, or the elements instead of one, as that language has them; NULL when it has not. */
static const char *value_text(struct work *w) {
	const struct member_edit *edit = w->edit;
	const char *list = arena_printf(w->arena, "[%s]", edit->value);
	const struct jsonc_doc *doc = jsonc_parse(w->arena, slice_str(list));
	struct strbuf out;
	strbuf_init(&out, w->arena);
	if (doc->errors_len > 0 || !doc->root || doc->root->type != JSONC_ARRAY ||
	    doc->root->count == 0 || (!edit->element && doc->root->count != 1)) {
		return NULL;
	}
	for (const struct jsonc_node *n = doc->root->first_child; n; n = n->next) {
		strbuf_add(&out, n == doc->root->first_child ? "" : ", ");
		if (!put_value(&out, edit->language, n)) {
			return NULL;
		}
	}
	return out.data;
}

/* ---- places in the text ---- */

static bool blank(char c) {
	return c == ' ' || c == '\t';
}

static size_t line_start(struct slice text, size_t at) {
	while (at > 0 && text.data[at - 1] != '\n') {
		at--;
	}
	return at;
}

static size_t skip_blanks(struct slice text, size_t at) {
	while (at < text.len && blank(text.data[at])) {
		at++;
	}
	return at;
}

/* Behind the line end, when only blanks and a comment stand before it; 0 when more does. */
static size_t rest_of_line(const struct work *w, size_t at) {
	struct slice text = w->text;
	at = skip_blanks(text, at);
	struct slice rest = slice_of(text.data + at, text.len - at);
	const char *mark = w->edit->language == MEMBER_TOML  ? "#"
	                   : w->edit->language == MEMBER_LUA ? "--"
	                                                     : "//";
	if (slice_starts(rest, mark) && !slice_starts(rest, "--[")) {
		while (at < text.len && text.data[at] != '\n') {
			at++;
		}
	}
	at += at < text.len && text.data[at] == '\r';
	return at == text.len ? at : text.data[at] == '\n' ? at + 1 : 0;
}

/* Where the member begins: its key, with the brackets of Lua; or the element. */
static size_t start_of(const struct work *w) {
	const struct jsonc_node *node = w->found.node;
	if (w->edit->element) {
		return node->place.offset;
	}
	size_t at = node->key_place.offset;
	size_t before = at;
	while (before > 0 && blank(w->text.data[before - 1])) {
		before--;
	}
	bool bracket =
		w->edit->language == MEMBER_LUA && before > 0 && w->text.data[before - 1] == '[';
	return bracket ? before - 1 : at;
}

/* A line `key = value` of TOML, or one of a table with a header, and no part of { … } or [ … ]. */
static bool is_statement(const struct work *w) {
	const struct jsonc_node *parent = w->found.parent;
	return w->edit->language == MEMBER_TOML && !w->edit->element &&
	       w->text.data[parent->place.offset] != '{';
}

/* A statement that goes, with its line when it has it to itself. */
static void statement_extent(const struct work *w, size_t *from, size_t *to) {
	const struct jsonc_place *place = &w->found.variable->place;
	struct slice text = w->text;
	*from = place->offset;
	*to = skip_blanks(text, place->offset + place->length);
	*to += *to < text.len && text.data[*to] == ';';
	size_t begin = line_start(text, *from);
	size_t next = rest_of_line(w, *to);
	if (skip_blanks(text, begin) == *from && next > 0) {
		*from = begin;
		*to = next;
	}
}

/* What has to go when the member goes: with the comma behind it or, of the last one, before it. */
static void extent(const struct work *w, size_t *from, size_t *to) {
	struct slice text = w->text;
	size_t begin = line_start(text, *from);
	bool first = skip_blanks(text, begin) == *from;
	size_t behind = skip_blanks(text, *to);
	bool comma = behind < text.len && (text.data[behind] == ',' || text.data[behind] == ';');
	*to = comma ? behind + 1 : *to;
	size_t next = rest_of_line(w, *to);
	if (first && next > 0) {
		*from = begin;
		*to = next;
		return;
	}
	if (comma) {
		*to = skip_blanks(text, *to);
		return;
	}
	size_t before = *from;
	while (before > 0 && blank(text.data[before - 1])) {
		before--;
	}
	if (before > 0 && (text.data[before - 1] == ',' || text.data[before - 1] == ';')) {
		*from = before - 1;
	} else {
		*to = behind;
	}
}

static struct slice splice(struct work *w, size_t from, size_t to, const char *with) {
	struct strbuf out;
	strbuf_init(&out, w->arena);
	strbuf_add_n(&out, w->text.data, from);
	strbuf_add(&out, with);
	strbuf_add_n(&out, w->text.data + to, w->text.len - to);
	return slice_of(out.data, out.len);
}

/* ---- what came of it ---- */

/* The document before, without the member or with its new value, says what the one after does. */
static int check(struct work *w, struct slice after) {
	struct work again = *w;
	struct err ignored;
	again.text = after;
	again.found = (struct found){0};
	again.err = &ignored;
	int r = find(&again);
	bool still = r == 0 && again.found.node && !w->edit->value &&
	             again.found.node->place.offset == w->found.node->place.offset;
	if ((r < 0 && r != -ENOENT) || still) {
		return err_set(w->err, -EBADMSG,
		               "line %lld cannot be changed without changing more",
		               (long long)w->edit->line);
	}
	return 0;
}

int member_edit(struct arena *arena, struct slice text, const struct member_edit *edit,
                struct slice *ret, struct err *err) {
	struct work w = {.arena = arena, .text = text, .edit = edit, .err = err};
	if (edit->language == MEMBER_LISP) {
		return lisp_edit(arena, text, edit, ret, err);
	}
	int r = find(&w);
	if (r < 0 || !w.found.node || (!w.found.parent && !w.found.variable)) {
		return r < 0 ? r : -ENOENT;
	}
	size_t from = start_of(&w);
	size_t to = w.found.node->place.offset + w.found.node->place.length;
	const char *with = edit->value ? value_text(&w) : "";
	if (!with) {
		return err_set(err, -EINVAL, "`%s` cannot be written there", edit->value);
	}
	if (edit->value) {
		from = w.found.node->place.offset;
	} else if (w.found.variable) {
		statement_extent(&w, &from, &to);
	} else if (is_statement(&w)) {
		from = line_start(text, from);
		to = rest_of_line(&w, to);
	} else {
		extent(&w, &from, &to);
	}
	if (to <= from || (from > 0 && text.data[from - 1] == '.')) {
		return err_set(err, -EBADMSG, "line %lld cannot be changed alone",
		               (long long)edit->line);
	}
	*ret = splice(&w, from, to, with);
	return check(&w, *ret);
}
