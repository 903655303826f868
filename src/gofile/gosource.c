/* SPDX-License-Identifier: MIT */
#include "gofile/gosource.h"

#include "base/ascii.h"
#include "base/str.h"
#include "base/vec.h"
#include "gofile/golex.h"
#include "gofile/modindex.h"

enum kind { T_END, T_NEWLINE, T_IDENT, T_STRING, T_OTHER };

struct token {
	enum kind kind;
	char first; /* of OTHER: its first byte; ":=" is ':' with next '=' in its text */
	struct slice text;
	struct gosource_pos pos;
};

/* Tokens come one at a time and none is kept: a generated file of a megabyte has half a million. */
struct scanner {
	struct slice rest;
	struct gosource_pos pos;
	bool broken;
};

static uint32_t peek(const struct scanner *s) {
	size_t width = 0;
	return rune_decode(s->rest, &width);
}

static void advance(struct scanner *s) {
	size_t width = 1;
	if (s->rest.len > 0 && s->rest.data[0] != '\n' && (unsigned char)s->rest.data[0] < 0x80) {
		s->rest = slice_from(s->rest, 1);
		s->pos.character++;
		return;
	}
	uint32_t rune = rune_decode(s->rest, &width);
	s->rest = slice_from(s->rest, width);
	if (rune == '\n') {
		s->pos.line++;
		s->pos.character = 0;
	} else if (width > 0) {
		s->pos.character += (int)rune_utf16_units(rune);
	}
}

/* Up to the end of the line, whose columns nobody asks for. */
static void skip_line(struct scanner *s) {
	const char *end = memchr(s->rest.data, '\n', s->rest.len);
	size_t n = end ? (size_t)(end - s->rest.data) : s->rest.len;
	s->rest = slice_from(s->rest, n);
}

static void skip_block(struct scanner *s) {
	while (s->rest.len > 0) {
		if (slice_starts(s->rest, "*/")) {
			advance(s);
			advance(s);
			return;
		}
		advance(s);
	}
	s->broken = true;
}

static void skip_comment(struct scanner *s) {
	bool block = s->rest.data[1] == '*';
	advance(s);
	advance(s);
	if (block) {
		skip_block(s);
	} else {
		skip_line(s);
	}
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
	while (s->rest.len > 0 && (ascii_is_word(s->rest.data[0]) || rune_is_word(peek(s)))) {
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
	if (ascii_is_digit(c)) {
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

/* The next token, END at the end of the text. */
static struct token scan(struct scanner *s) {
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
		return t;
	}
	return (struct token){.kind = T_END};
}

/* A place in the stream of tokens: the one in hand, the one before it and two behind it. A copy of
 * it reads the same tokens again. */
struct view {
	struct scanner scanner;
	struct token before;
	struct token now;
	struct token next[2];
};

static void step(struct view *v) {
	v->before = v->now;
	v->now = v->next[0];
	v->next[0] = v->next[1];
	v->next[1] = scan(&v->scanner);
}

static struct view view_of(struct slice text) {
	struct view v = {.scanner = {.rest = text, .pos = {.line = 1}}};
	v.now = scan(&v.scanner);
	v.next[0] = scan(&v.scanner);
	v.next[1] = scan(&v.scanner);
	return v;
}

struct reader {
	struct arena *arena;
	struct gosource *out;
	const char *module;
	size_t import_slots;
	struct modkey *declared; /* item: index into places */
	struct gosource_pos *places;
	size_t declared_count;
	size_t declared_slots;
	size_t place_slots;
	struct modindex imports;
	struct modindex names;
};

static bool is(const struct token *t, char first) {
	return t->kind == T_OTHER && t->first == first;
}

static bool is_word(const struct token *t, const char *word) {
	return t->kind == T_IDENT && slice_eq(t->text, word);
}

static void skip_newlines(struct view *v) {
	while (v->now.kind == T_NEWLINE || is(&v->now, ';')) {
		step(v);
	}
}

static void read_package(struct reader *r, struct view *v) {
	skip_newlines(v);
	if (!is_word(&v->now, "package") || v->next[0].kind != T_IDENT) {
		return;
	}
	step(v);
	r->out->package = arena_slicedup(r->arena, v->now.text);
	r->out->package_pos = v->now.pos;
	step(v);
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

/* One import spec; what is none is stepped over. */
static void read_import(struct reader *r, struct view *v) {
	struct gosource *out = r->out;
	struct gosource_import item = {0};
	if (v->now.kind == T_IDENT || is(&v->now, '.')) {
		item.name = arena_slicedup(r->arena, v->now.text);
		step(v);
	}
	struct token spec = v->now;
	step(v);
	if (spec.kind != T_STRING) {
		return;
	}
	item.path = golex_unquote(r->arena, spec.text, NULL);
	item.line = spec.pos.line;
	if (!str_empty(item.path)) {
		out->imports_c = out->imports_c || streq(item.path, "C");
		item.name = item.name ? item.name : name_of_path(r->arena, item.path);
		VEC_ROOM(r->arena, out->imports, out->import_count, &r->import_slots);
		out->imports[out->import_count++] = item;
	}
}

static void read_imports(struct reader *r, struct view *v) {
	skip_newlines(v);
	while (is_word(&v->now, "import")) {
		step(v);
		if (!is(&v->now, '(')) {
			read_import(r, v);
			skip_newlines(v);
			continue;
		}
		step(v);
		skip_newlines(v);
		while (v->now.kind != T_END && !is(&v->now, ')')) {
			read_import(r, v);
			skip_newlines(v);
		}
		step(v);
		skip_newlines(v);
	}
}

static void declare(struct reader *r, const struct token *t) {
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
	VEC_ROOM(r->arena, r->places, r->declared_count, &r->place_slots);
	r->declared[r->declared_count] =
		(struct modkey){arena_slicedup(r->arena, t->text), "", r->declared_count};
	r->places[r->declared_count++] = t->pos;
}

/* +1 for an opening bracket, -1 for a closing one. */
static int nesting(const struct token *t) {
	if (is(t, '(') || is(t, '{') || is(t, '[')) {
		return 1;
	}
	return is(t, ')') || is(t, '}') || is(t, ']') ? -1 : 0;
}

/* The names declared on the top level: func, type, var, const, alone or in a group. */
static void read_declarations(struct reader *r, struct view v) {
	int depth = 0;
	int group = -1; /* depth inside a `type (` or `var (`; -1 outside */
	for (; v.now.kind != T_END; step(&v)) {
		const struct token *t = &v.now;
		bool line_start =
			v.before.kind == T_END || v.before.kind == T_NEWLINE || is(&v.before, ';');
		bool values = is_word(t, "type") || is_word(t, "var") || is_word(t, "const");
		if (depth == 0 && line_start && values && is(&v.next[0], '(')) {
			group = 1;
		} else if (depth == 0 && line_start && (values || is_word(t, "func"))) {
			declare(r, &v.next[0]);
		} else if (group == depth && (line_start || is(&v.before, '('))) {
			declare(r, t);
		}
		depth += nesting(t);
		depth = depth < 0 ? 0 : depth;
		group = depth == 0 && !values ? -1 : group;
	}
	r->out->broken = v.scanner.broken;
}

static bool is_standard(const struct reader *r, const char *path) {
	size_t first = strcspn(path, "/");
	const char *dot = memchr(path, '.', first);
	size_t n = r->module ? strlen(r->module) : 0;
	bool own = n > 0 && strncmp(path, r->module, n) == 0 && (path[n] == '\0' || path[n] == '/');
	return !dot && !own && !streq(path, "C");
}

/* What the name of a token stands for in an index. Most identifiers are in none: nothing is kept. */
static size_t find(const struct reader *r, const struct modindex *index, struct slice text) {
	char name[128];
	if (text.len >= sizeof(name)) {
		return modindex_find(index, arena_slicedup(r->arena, text), "");
	}
	memcpy(name, text.data, text.len);
	name[text.len] = '\0';
	return modindex_find(index, name, "");
}

/* pkg.Name */
static void note_selector(struct reader *r, const struct view *v) {
	const struct token *name = &v->next[1];
	struct gosource *out = r->out;
	bool selector = is(&v->next[0], '.') && name->kind == T_IDENT && !is(&v->before, '.');
	bool exported = selector && name->text.data[0] >= 'A' && name->text.data[0] <= 'Z';
	if (!exported || (out->standard.pos.line > 0 && out->other.pos.line > 0)) {
		return;
	}
	size_t found = find(r, &r->imports, v->now.text);
	if (found == MODINDEX_NONE) {
		return;
	}
	const char *path = out->imports[found].path;
	struct gosource_use *use = is_standard(r, path) ? &out->standard : &out->other;
	if (use->pos.line == 0 && !streq(path, "C")) {
		*use = (struct gosource_use){name->pos, arena_slicedup(r->arena, name->text), path};
	}
}

/* Whether the identifier in hand reads like a use and not like a declaration, field, key or label.
 */
static bool reads_as_use(const struct view *v) {
	const struct token *before = &v->before;
	const struct token *after = &v->next[0];
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

static bool same_place(struct gosource_pos a, struct gosource_pos b) {
	return a.line == b.line && a.character == b.character;
}

static void note_own(struct reader *r, const struct view *v) {
	struct gosource *out = r->out;
	if (!r->places || out->own.pos.line > 0 || v->before.kind == T_END || !reads_as_use(v)) {
		return;
	}
	size_t where = find(r, &r->names, v->now.text);
	if (where == MODINDEX_NONE || same_place(r->places[where], v->now.pos)) {
		return;
	}
	out->own = (struct gosource_use){v->now.pos, arena_slicedup(r->arena, v->now.text), ""};
	out->own_declared = r->places[where];
}

static void read_uses(struct reader *r, struct view v) {
	struct gosource *out = r->out;
	struct modkey *keys = arena_array_of(r->arena, struct modkey, out->import_count);
	for (size_t i = 0; i < out->import_count; i++) {
		keys[i] = (struct modkey){out->imports[i].name, "", i};
	}
	r->imports = modindex_of(keys, out->import_count);
	r->names = modindex_of(r->declared, r->declared_count);
	for (; v.now.kind != T_END; step(&v)) {
		bool all = out->standard.pos.line > 0 && out->other.pos.line > 0 &&
		           out->own.pos.line > 0;
		if (all) {
			return;
		}
		if (v.now.kind == T_IDENT) {
			note_selector(r, &v);
			note_own(r, &v);
		}
	}
}

/* Up to what stands behind the imports. */
static struct view read_head(struct reader *r, struct slice text) {
	struct gosource *out = r->out;
	*out = (struct gosource){.package = ""};
	out->standard = out->other = out->own = (struct gosource_use){.name = "", .path = ""};
	if (text.len > GOSOURCE_MAX_BYTES) {
		text.len = GOSOURCE_MAX_BYTES;
		out->truncated = true;
	}
	if (slice_starts(text, "\xEF\xBB\xBF")) {
		text = slice_from(text, 3);
	}
	struct view v = view_of(text);
	read_package(r, &v);
	read_imports(r, &v);
	out->broken = v.scanner.broken;
	return v;
}

struct gosource gosource_parse(struct arena *arena, struct slice text, const char *module) {
	struct gosource out = {0};
	struct reader r = {.arena = arena, .out = &out, .module = module};
	struct view body = read_head(&r, text);
	read_declarations(&r, body);
	read_uses(&r, body);
	return out;
}

struct gosource gosource_imports(struct arena *arena, struct slice text) {
	struct gosource out = {0};
	struct reader r = {.arena = arena, .out = &out};
	read_head(&r, text);
	return out;
}
