/* SPDX-License-Identifier: MIT */
#include "gofile/gosource.h"

#include "base/str.h"
#include "gofile/golex.h"
#include "gofile/modindex.h"
#include "gofile/vec.h"

enum kind { T_END, T_NEWLINE, T_IDENT, T_STRING, T_OTHER };

struct token {
	enum kind kind;
	char first; /* of OTHER: its first byte; ":=" is ':' with next '=' in its text */
	struct slice text;
	struct gosource_pos pos;
};

struct scanner {
	struct arena *arena;
	struct slice rest;
	struct gosource_pos pos;
	struct token *tokens;
	size_t count;
	size_t slots;
	bool broken;
};

static uint32_t peek(const struct scanner *s) {
	size_t width = 0;
	return rune_decode(s->rest, &width);
}

static void advance(struct scanner *s) {
	size_t width = 0;
	uint32_t rune = rune_decode(s->rest, &width);
	s->rest = slice_of(s->rest.data + width, s->rest.len - width);
	if (rune == '\n') {
		s->pos.line++;
		s->pos.character = 0;
	} else if (width > 0) {
		s->pos.character += (int)rune_utf16_units(rune);
	}
}

static void skip_comment(struct scanner *s) {
	bool block = s->rest.data[1] == '*';
	advance(s);
	advance(s);
	while (s->rest.len > 0) {
		if (!block && s->rest.data[0] == '\n') {
			return;
		}
		if (block && slice_starts(s->rest, "*/")) {
			advance(s);
			advance(s);
			return;
		}
		advance(s);
	}
	s->broken = s->broken || block;
}

/* A string or rune, from its quote on. Only `…` may span lines. */
static void skip_quoted(struct scanner *s) {
	char quote = s->rest.data[0];
	advance(s);
	while (s->rest.len > 0) {
		char c = s->rest.data[0];
		if (c == '\n' && quote != '`') {
			break;
		}
		advance(s);
		if (c == quote) {
			return;
		}
		if (c == '\\' && quote != '`' && s->rest.len > 0 && s->rest.data[0] != '\n') {
			advance(s);
		}
	}
	s->broken = true;
}

static void skip_word(struct scanner *s) {
	while (s->rest.len > 0 && rune_is_word(peek(s))) {
		advance(s);
	}
}

static enum kind scan_one(struct scanner *s) {
	char c = s->rest.data[0];
	if (c == '\n') {
		advance(s);
		return T_NEWLINE;
	}
	if (c == '"' || c == '`' || c == '\'') {
		skip_quoted(s);
		return c == '\'' ? T_OTHER : T_STRING;
	}
	if (c >= '0' && c <= '9') {
		skip_word(s);
		return T_OTHER;
	}
	if (rune_is_word(peek(s))) {
		skip_word(s);
		return T_IDENT;
	}
	bool define = slice_starts(s->rest, ":=");
	advance(s);
	if (define) {
		advance(s);
	}
	return T_OTHER;
}

static void scan(struct scanner *s) {
	while (s->rest.len > 0) {
		char c = s->rest.data[0];
		if (c == ' ' || c == '\t' || c == '\r') {
			advance(s);
			continue;
		}
		if (slice_starts(s->rest, "//") || slice_starts(s->rest, "/*")) {
			skip_comment(s);
			continue;
		}
		struct token t = {.text = s->rest, .pos = s->pos, .first = c};
		t.kind = scan_one(s);
		t.text.len = (size_t)(s->rest.data - t.text.data);
		VEC_ROOM(s->arena, s->tokens, s->count, &s->slots);
		s->tokens[s->count++] = t;
	}
}

struct reader {
	struct arena *arena;
	struct gosource *out;
	const char *module;
	const struct token *tokens;
	size_t count;
	size_t import_slots;
	size_t body; /* first token behind the imports */
	struct modkey *declared;
	size_t declared_count;
	size_t declared_slots;
	struct modindex imports;
	struct modindex names;
};

static const struct token end_token = {.kind = T_END};

static const struct token *at(const struct reader *r, size_t i) {
	return i < r->count ? &r->tokens[i] : &end_token;
}

static bool is(const struct token *t, char first) {
	return t->kind == T_OTHER && t->first == first;
}

static bool is_word(const struct token *t, const char *word) {
	return t->kind == T_IDENT && slice_eq(t->text, word);
}

static size_t skip_newlines(const struct reader *r, size_t i) {
	while (at(r, i)->kind == T_NEWLINE || is(at(r, i), ';')) {
		i++;
	}
	return i;
}

static size_t read_package(struct reader *r) {
	size_t i = skip_newlines(r, 0);
	if (!is_word(at(r, i), "package") || at(r, i + 1)->kind != T_IDENT) {
		return i;
	}
	r->out->package = arena_slicedup(r->arena, at(r, i + 1)->text);
	r->out->package_pos = at(r, i + 1)->pos;
	return i + 2;
}

static bool is_major(const char *element) {
	return element[0] == 'v' && element[1] != '\0' &&
	       strspn(element + 1, "0123456789") == strlen(element + 1);
}

/* What code calls a package of this path, as far as the path tells: "b" for a/b/v2, "yaml" for
 * gopkg.in/yaml.v3. */
static const char *name_of_path(struct arena *arena, const char *path) {
	char *copy = arena_strdup(arena, path);
	char *slash = strrchr(copy, '/');
	if (slash && is_major(slash + 1)) {
		*slash = '\0';
		slash = strrchr(copy, '/');
	}
	char *name = slash ? slash + 1 : copy;
	char *dot = strrchr(name, '.');
	if (dot && is_major(dot + 1)) {
		*dot = '\0';
	}
	return str_starts(name, "go-") ? name + 3 : name;
}

/* One import spec at token i; gives the token behind it. */
static size_t read_import(struct reader *r, size_t i) {
	struct gosource *out = r->out;
	struct gosource_import item = {0};
	if (at(r, i)->kind == T_IDENT || is(at(r, i), '.')) {
		item.name = arena_slicedup(r->arena, at(r, i)->text);
		i++;
	}
	if (at(r, i)->kind != T_STRING) {
		return i + 1;
	}
	item.path = golex_unquote(r->arena, at(r, i)->text, NULL);
	item.line = at(r, i)->pos.line;
	if (!str_empty(item.path)) {
		out->imports_c = out->imports_c || streq(item.path, "C");
		item.name = item.name ? item.name : name_of_path(r->arena, item.path);
		VEC_ROOM(r->arena, out->imports, out->import_count, &r->import_slots);
		out->imports[out->import_count++] = item;
	}
	return i + 1;
}

static void read_imports(struct reader *r, size_t i) {
	i = skip_newlines(r, i);
	while (is_word(at(r, i), "import")) {
		i++;
		if (!is(at(r, i), '(')) {
			i = skip_newlines(r, read_import(r, i));
			continue;
		}
		i = skip_newlines(r, i + 1);
		while (at(r, i)->kind != T_END && !is(at(r, i), ')')) {
			i = skip_newlines(r, read_import(r, i));
		}
		i = skip_newlines(r, i + 1);
	}
	r->body = i < r->count ? i : r->count;
}

static void declare(struct reader *r, size_t i) {
	const struct token *t = at(r, i);
	static const char *const never[] = {"_", "main", "init"};
	if (t->kind != T_IDENT) {
		return;
	}
	for (size_t k = 0; k < sizeof(never) / sizeof(never[0]); k++) {
		if (slice_eq(t->text, never[k])) {
			return;
		}
	}
	VEC_ROOM(r->arena, r->declared, r->declared_count, &r->declared_slots);
	r->declared[r->declared_count++] =
		(struct modkey){arena_slicedup(r->arena, t->text), "", i};
}

/* +1 for an opening bracket, -1 for a closing one. */
static int nesting(const struct token *t) {
	if (is(t, '(') || is(t, '{') || is(t, '[')) {
		return 1;
	}
	return is(t, ')') || is(t, '}') || is(t, ']') ? -1 : 0;
}

static bool starts_line(const struct reader *r, size_t i) {
	return i == 0 || at(r, i - 1)->kind == T_NEWLINE || is(at(r, i - 1), ';');
}

/* The names declared on the top level: func, type, var, const, alone or in a group. */
static void read_declarations(struct reader *r) {
	int depth = 0;
	int group = -1; /* depth inside a `type (` or `var (`; -1 outside */
	for (size_t i = r->body; i < r->count; i++) {
		const struct token *t = at(r, i);
		bool line_start = starts_line(r, i);
		bool values = is_word(t, "type") || is_word(t, "var") || is_word(t, "const");
		if (depth == 0 && line_start && values && is(at(r, i + 1), '(')) {
			group = 1;
		} else if (depth == 0 && line_start && (values || is_word(t, "func"))) {
			declare(r, i + 1);
		} else if (group == depth && (line_start || is(at(r, i - 1), '('))) {
			declare(r, i);
		}
		depth += nesting(t);
		depth = depth < 0 ? 0 : depth;
		group = depth == 0 && !values ? -1 : group;
	}
}

static bool is_standard(const struct reader *r, const char *path) {
	size_t first = strcspn(path, "/");
	const char *dot = memchr(path, '.', first);
	size_t n = r->module ? strlen(r->module) : 0;
	bool own = n > 0 && strncmp(path, r->module, n) == 0 && (path[n] == '\0' || path[n] == '/');
	return !dot && !own && !streq(path, "C");
}

/* pkg.Name at token i. */
static void note_selector(struct reader *r, size_t i) {
	const struct token *pkg = at(r, i);
	const struct token *name = at(r, i + 2);
	struct gosource *out = r->out;
	bool selector =
		is(at(r, i + 1), '.') && name->kind == T_IDENT && !(i > 0 && is(at(r, i - 1), '.'));
	bool exported = selector && name->text.data[0] >= 'A' && name->text.data[0] <= 'Z';
	if (!exported || (out->standard.pos.line > 0 && out->other.pos.line > 0)) {
		return;
	}
	size_t found = modindex_find(&r->imports, arena_slicedup(r->arena, pkg->text), "");
	if (found == MODINDEX_NONE) {
		return;
	}
	const char *path = out->imports[found].path;
	struct gosource_use *use = is_standard(r, path) ? &out->standard : &out->other;
	if (use->pos.line == 0 && !streq(path, "C")) {
		*use = (struct gosource_use){name->pos, arena_slicedup(r->arena, name->text), path};
	}
}

/* Whether the identifier at i reads like a use and not like a declaration, field, key or label. */
static bool reads_as_use(const struct reader *r, size_t i) {
	const struct token *before = at(r, i - 1);
	const struct token *after = at(r, i + 1);
	if (is(before, '.') || is(after, ':') || is(before, ')')) {
		return false;
	}
	if (is_word(before, "func") || is_word(before, "type") || is_word(before, "var") ||
	    is_word(before, "const")) {
		return false;
	}
	/* `(name Type`, `, name *Type`: parameters. */
	bool listed = is(before, '(') || is(before, ',');
	if (listed && (after->kind == T_IDENT || is(after, '*') || is(after, '['))) {
		return false;
	}
	/* At the start of a line only calls, selectors and literals are uses: others may be fields.
	 */
	if (before->kind == T_NEWLINE || is(before, '{') || is(before, ';')) {
		return is(after, '(') || is(after, '.') || is(after, '{');
	}
	return true;
}

static void note_own(struct reader *r, size_t i) {
	const struct token *t = at(r, i);
	struct gosource *out = r->out;
	if (out->own.pos.line > 0 || i == 0 || r->declared_count == 0 || !reads_as_use(r, i)) {
		return;
	}
	const char *name = arena_slicedup(r->arena, t->text);
	size_t where = modindex_find(&r->names, name, "");
	if (where == MODINDEX_NONE || where == i) {
		return;
	}
	out->own = (struct gosource_use){t->pos, name, ""};
	out->own_declared = at(r, where)->pos;
}

static void read_uses(struct reader *r) {
	struct gosource *out = r->out;
	struct modkey *keys = arena_array_of(r->arena, struct modkey, out->import_count);
	for (size_t i = 0; i < out->import_count; i++) {
		keys[i] = (struct modkey){out->imports[i].name, "", i};
	}
	r->imports = modindex_of(keys, out->import_count);
	r->names = modindex_of(r->declared, r->declared_count);
	for (size_t i = r->body; i < r->count; i++) {
		if (at(r, i)->kind == T_IDENT) {
			note_selector(r, i);
			note_own(r, i);
		}
	}
}

struct gosource gosource_parse(struct arena *arena, struct slice text, const char *module) {
	struct gosource out = {.package = ""};
	out.standard = out.other = out.own = (struct gosource_use){.name = "", .path = ""};
	if (text.len > GOSOURCE_MAX_BYTES) {
		text.len = GOSOURCE_MAX_BYTES;
		out.truncated = true;
	}
	struct scanner s = {.arena = arena, .rest = text, .pos = {.line = 1}};
	if (slice_starts(text, "\xEF\xBB\xBF")) {
		s.rest = slice_of(text.data + 3, text.len - 3);
	}
	scan(&s);
	out.broken = s.broken;
	struct reader r = {
		.arena = arena,
		.out = &out,
		.module = module,
		.tokens = s.tokens,
		.count = s.count,
	};
	read_imports(&r, read_package(&r));
	read_declarations(&r);
	read_uses(&r);
	return out;
}
