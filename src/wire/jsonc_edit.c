/* SPDX-License-Identifier: MIT */
#include "wire/jsonc_edit.h"

#include "base/str.h"
#include "wire/json_text.h"
#include "wire/jsonc_scan.h"
#include "wire/jsonc_splice.h"

#include <errno.h>

#define LIST_MAX       256    /* elements, of both */
#define DEFAULT_INDENT "    " /* of VS Code, editor.tabSize 4 with insertSpaces */

/* A text being changed, and how it is written. */
struct editor {
	struct arena *arena;
	struct slice text;
	const struct jsonc_doc *doc;
	const char *eol;
	const char *unit; /* one step of indentation */
	struct err *err;
};

/* ---- the text ---- */

static char at(const struct editor *e, size_t pos) {
	return e->text.data && pos < e->text.len ? e->text.data[pos] : '\0';
}

static bool is_break(char c) {
	return c == '\n' || c == '\r';
}

static size_t line_start(const struct editor *e, size_t pos) {
	while (pos > 0 && !is_break(at(e, pos - 1))) {
		pos--;
	}
	return pos;
}

/* The blanks before pos up to its line's start; false when something else stands there. */
static bool leading_blanks(const struct editor *e, size_t pos, struct slice *ret) {
	size_t start = line_start(e, pos);
	*ret = slice_of(e->text.data + start, pos - start);
	for (size_t i = 0; i < ret->len; i++) {
		if (at(e, start + i) != ' ' && at(e, start + i) != '\t') {
			return false;
		}
	}
	return true;
}

static size_t skip_blanks(const struct editor *e, size_t pos) {
	while (at(e, pos) == ' ' || at(e, pos) == '\t') {
		pos++;
	}
	return pos;
}

static size_t skip_break(const struct editor *e, size_t pos) {
	if (at(e, pos) == '\r' && at(e, pos + 1) == '\n') {
		return pos + 2;
	}
	return is_break(at(e, pos)) ? pos + 1 : pos;
}

static bool has_break(const struct editor *e, size_t from, size_t to) {
	for (size_t i = from; i < to; i++) {
		if (is_break(e->text.data[i])) {
			return true;
		}
	}
	return false;
}

static size_t node_end(const struct jsonc_node *node) {
	return node->place.offset + node->place.length;
}

static const struct jsonc_node *last_child(const struct jsonc_node *node) {
	const struct jsonc_node *last = node->first_child;
	while (last && last->next) {
		last = last->next;
	}
	return last;
}

/* Scans on from pos: the first token that is neither blank nor comment. */
static struct jsonc_scanner token_behind(const struct editor *e, size_t pos) {
	struct jsonc_scanner s;
	jsonc_scanner_init(&s, slice_from(e->text, pos));
	enum jsonc_token token;
	do {
		token = jsonc_scan(&s);
	} while (token == TOKEN_SPACE || token == TOKEN_LINE_COMMENT ||
	         token == TOKEN_BLOCK_COMMENT);
	s.place.offset += pos;
	return s;
}

/* Behind the comments that stand on the rest of pos's line and nothing else; *ret_line: the last is a // comment. */
static size_t skip_line_comments(const struct editor *e, size_t pos, bool *ret_line) {
	*ret_line = false;
	for (;;) {
		size_t from = skip_blanks(e, pos);
		if (at(e, from) != '/' || (at(e, from + 1) != '/' && at(e, from + 1) != '*')) {
			return pos;
		}
		struct jsonc_scanner s;
		jsonc_scanner_init(&s, slice_from(e->text, from));
		enum jsonc_token token = jsonc_scan(&s);
		if (has_break(e, from, from + s.place.length)) {
			return pos; /* a comment over lines is about what follows */
		}
		pos = from + s.place.length;
		if (token == TOKEN_LINE_COMMENT) {
			*ret_line = true;
			return pos;
		}
	}
}

/* ---- how it is written ---- */

static void find_style(struct editor *e) {
	const char *lf = e->text.len > 0 ? memchr(e->text.data, '\n', e->text.len) : NULL;
	const char *cr = e->text.len > 0 ? memchr(e->text.data, '\r', e->text.len) : NULL;
	e->eol = lf && lf > e->text.data && lf[-1] == '\r' ? "\r\n" : !lf && cr ? "\r" : "\n";
	e->unit = DEFAULT_INDENT;
	const struct jsonc_node *root = e->doc->root;
	struct slice blanks;
	for (const struct jsonc_node *m = root ? root->first_child : NULL; m; m = m->next) {
		if (m->key && leading_blanks(e, m->key_place.offset, &blanks) && blanks.len > 0) {
			e->unit = arena_slicedup(e->arena, blanks);
			return;
		}
	}
}

/* The indentation of the line on which a container begins. */
static const char *indent_of_line(const struct editor *e, size_t pos) {
	size_t start = line_start(e, pos);
	return arena_strndup(e->arena, e->text.data + start, skip_blanks(e, start) - start);
}

static void write_break(const struct editor *e, struct strbuf *out, const char *indent,
                        size_t steps) {
	strbuf_add(out, e->eol);
	strbuf_add(out, indent);
	while (steps-- > 0) {
		strbuf_add(out, e->unit);
	}
}

/* A value; containers over lines when `lines`, its own lines indented by indent and steps. */
static void write_value(const struct editor *e, struct strbuf *out, const struct jsonc_node *value,
                        struct slice source, bool lines, const char *indent, size_t steps) {
	if (value->type != JSONC_ARRAY && value->type != JSONC_OBJECT) {
		strbuf_add_n(out, source.data + value->place.offset, value->place.length);
		return;
	}
	bool object = value->type == JSONC_OBJECT;
	strbuf_add_char(out, object ? '{' : '[');
	for (const struct jsonc_node *m = value->first_child; m; m = m->next) {
		if (lines) {
			write_break(e, out, indent, steps + 1);
		}
		if (object) {
			strbuf_add_n(out, source.data + m->key_place.offset, m->key_place.length);
			strbuf_add(out, ": ");
		}
		write_value(e, out, m, source, lines, indent, steps + 1);
		if (m->next) {
			strbuf_add(out, lines ? "," : ", ");
		}
	}
	if (lines && value->first_child) {
		write_break(e, out, indent, steps);
	}
	strbuf_add_char(out, object ? '}' : ']');
}

/* "key": value for the keys of path from here on, the outer ones as objects. */
static void write_member(const struct editor *e, struct strbuf *out, const char *const *path,
                         const struct jsonc_node *value, struct slice source, bool lines,
                         const char *indent, size_t steps) {
	json_text_string(out, slice_str(path[0]));
	strbuf_add(out, ": ");
	if (!path[1]) {
		write_value(e, out, value, source, lines, indent, steps);
		return;
	}
	strbuf_add_char(out, '{');
	if (lines) {
		write_break(e, out, indent, steps + 1);
	}
	write_member(e, out, path + 1, value, source, lines, indent, steps + 1);
	if (lines) {
		write_break(e, out, indent, steps);
	}
	strbuf_add_char(out, '}');
}

/* ---- the splice ---- */

static struct slice replace(const struct editor *e, size_t from, size_t to, struct slice with) {
	return jsonc_splice_join(e->arena, jsonc_splice_part(e->text, 0, from), with,
	                         jsonc_splice_part(e->text, to, e->text.len));
}

/* ---- one of several ---- */

/* Where to cut so that a line that would be blank goes with its member. */
static void widen_to_line(const struct editor *e, size_t *from, size_t *to) {
	struct slice blanks;
	size_t end = skip_blanks(e, *to);
	if (leading_blanks(e, *from, &blanks) && is_break(at(e, end))) {
		*from -= blanks.len;
		*to = skip_break(e, end);
	} else if (at(e, *to) == ' ' && !leading_blanks(e, *from, &blanks)) {
		(*to)++; /* the blank between members of one line */
	}
}

/* A member of an object, or one of a list. */
static struct slice cut_member(const struct editor *e, const struct jsonc_node *object,
                               const struct jsonc_node *member) {
	size_t from =
		object->type == JSONC_OBJECT ? member->key_place.offset : member->place.offset;
	size_t to = node_end(member);
	struct jsonc_scanner behind = token_behind(e, to);
	if (behind.token == TOKEN_COMMA) {
		/* Comments between the value and its comma stay. */
		struct slice kept = jsonc_splice_part(e->text, to, behind.place.offset);
		size_t end = behind.place.offset + 1;
		if (slice_trim(kept).len > 0) {
			return replace(e, from, end, kept);
		}
		widen_to_line(e, &from, &end);
		return replace(e, from, end, slice_of(NULL, 0));
	}
	const struct jsonc_node *previous = NULL;
	for (const struct jsonc_node *m = object->first_child; m != member; m = m->next) {
		previous = m;
	}
	if (!previous) {
		widen_to_line(e, &from, &to);
		return replace(e, from, to, slice_of(NULL, 0));
	}
	/* The last of several: the comma before it goes too, comments between them stay. */
	struct jsonc_scanner comma = token_behind(e, node_end(previous));
	struct slice between = jsonc_splice_part(e->text, comma.place.offset + 1, from);
	size_t keep = 0;
	bool line_comment = false;
	struct jsonc_scanner s;
	jsonc_scanner_init(&s, between);
	for (enum jsonc_token t = jsonc_scan(&s); t != TOKEN_END; t = jsonc_scan(&s)) {
		if (t != TOKEN_SPACE) {
			keep = s.pos;
			line_comment = t == TOKEN_LINE_COMMENT;
		}
	}
	/* A // comment must not swallow what follows on the member's line. */
	bool alone = is_break(at(e, skip_blanks(e, to)));
	struct slice kept = jsonc_splice_part(between, 0, keep);
	if (line_comment && !alone) {
		kept = jsonc_splice_join(e->arena, kept, slice_str(e->eol), slice_of(NULL, 0));
	}
	return replace(e, comma.place.offset, to, kept);
}

/* ---- set ---- */

static int open_text(struct editor *e) {
	e->doc = jsonc_parse(e->arena, e->text);
	bool blank = !e->doc->root && e->doc->errors_total <= 1 && e->doc->lost_total == 0;
	if (e->doc->errors_total > 0 && !blank) {
		const struct jsonc_error *error = &e->doc->errors[0];
		return err_set(
			e->err, -EBADMSG,
			"the file has a mistake at line %zu column %zu (%s); correct it first",
			error->place.line, error->place.column, error->text);
	}
	if (e->doc->root && e->doc->root->type != JSONC_OBJECT) {
		return err_set(e->err, -ENOTDIR, "the file holds no object but %s",
		               jsonc_type_name(e->doc->root->type));
	}
	find_style(e);
	return 0;
}

/* As the first member of an object that has none. */
static struct slice insert_first(const struct editor *e, const struct jsonc_node *object,
                                 const char *const *path, const struct jsonc_node *value,
                                 struct slice source) {
	struct strbuf out;
	strbuf_init(&out, e->arena);
	size_t open = object->place.offset + 1;
	size_t close = node_end(object) - 1;
	const char *indent = indent_of_line(e, object->place.offset);
	bool lines = object == e->doc->root || has_break(e, 0, e->text.len);
	/* Behind the last comment, if there are any. */
	size_t from = open;
	struct jsonc_scanner s;
	jsonc_scanner_init(&s, jsonc_splice_part(e->text, open, close));
	for (enum jsonc_token t = jsonc_scan(&s); t != TOKEN_END; t = jsonc_scan(&s)) {
		if (t != TOKEN_SPACE) {
			from = open + s.place.offset + s.place.length;
			lines = lines || t == TOKEN_LINE_COMMENT;
		}
	}
	if (lines) {
		write_break(e, &out, indent, 1);
	}
	write_member(e, &out, path, value, source, lines, indent, 1);
	if (lines) {
		write_break(e, &out, indent, 0);
	}
	return replace(e, from, close, slice_of(out.data, out.len));
}

static struct slice insert_last(const struct editor *e, const struct jsonc_node *object,
                                const char *const *path, const struct jsonc_node *value,
                                struct slice source) {
	const struct jsonc_node *last = last_child(object);
	size_t end = node_end(last);
	struct jsonc_scanner behind = token_behind(e, end);
	bool trailing = behind.token == TOKEN_COMMA;
	size_t comma_end = trailing ? behind.place.offset + 1 : end;
	bool line_comment = false;
	size_t from = skip_line_comments(e, comma_end, &line_comment);
	struct slice blanks;
	bool own_line = leading_blanks(e, last->key_place.offset, &blanks);
	bool lines = line_comment ||
	             (own_line && has_break(e, object->place.offset, last->key_place.offset));
	const char *indent = own_line ? arena_slicedup(e->arena, blanks)
	                              : indent_of_line(e, object->place.offset);
	struct strbuf out;
	strbuf_init(&out, e->arena);
	if (!trailing) {
		strbuf_add_char(&out, ',');
	}
	strbuf_add_n(&out, e->text.data + comma_end, from - comma_end);
	if (lines) {
		write_break(e, &out, indent, own_line ? 0 : 1);
	} else {
		strbuf_add_char(&out, ' ');
	}
	write_member(e, &out, path, value, source, lines, indent, own_line ? 0 : 1);
	if (trailing) {
		strbuf_add_char(&out, ',');
	}
	/* A // comment ends with its line, so the closing bracket needs one of its own. */
	return replace(e, comma_end, from, slice_of(out.data, out.len));
}

static struct slice whole_file(const struct editor *e, const char *const *path,
                               const struct jsonc_node *value, struct slice source) {
	struct strbuf out;
	strbuf_init(&out, e->arena);
	strbuf_add_n(&out, e->text.data, e->text.len);
	bool mark_only = slice_eq(e->text, "\xef\xbb\xbf");
	if (e->text.len > 0 && !mark_only && !is_break(e->text.data[e->text.len - 1])) {
		strbuf_add(&out, e->eol);
	}
	strbuf_add_char(&out, '{');
	write_break(e, &out, "", 1);
	write_member(e, &out, path, value, source, true, "", 1);
	write_break(e, &out, "", 0);
	strbuf_add_char(&out, '}');
	strbuf_add(&out, e->eol);
	return slice_of(out.data, out.len);
}

static struct slice overwrite(const struct editor *e, const struct jsonc_node *old,
                              const struct jsonc_node *value, struct slice source) {
	struct strbuf out;
	strbuf_init(&out, e->arena);
	struct slice blanks;
	bool lines = old->key && leading_blanks(e, old->key_place.offset, &blanks) &&
	             has_break(e, 0, old->key_place.offset);
	write_value(e, &out, value, source, lines, indent_of_line(e, old->key_place.offset), 0);
	return replace(e, old->place.offset, node_end(old), slice_of(out.data, out.len));
}

static const struct jsonc_node *find(const struct jsonc_doc *doc, const char *const *path) {
	const struct jsonc_node *node = doc->root;
	for (; *path && node; path++) {
		node = jsonc_get(node, *path);
	}
	return node;
}

/* ---- a list that is only partly another one ---- */

static size_t length_of(const struct jsonc_node *list) {
	size_t n = 0;
	for (const struct jsonc_node *m = list->first_child; m; m = m->next) {
		n++;
	}
	return n;
}

static bool is_same(struct arena *arena, const struct jsonc_node *a, const struct jsonc_node *b) {
	return strcmp(jsonc_to_json(arena, a), jsonc_to_json(arena, b)) == 0;
}

/* Are the elements from `part` on, in their order, among those from `whole` on? */
static bool is_part(struct arena *arena, const struct jsonc_node *part,
                    const struct jsonc_node *whole) {
	for (; part && whole; whole = whole->next) {
		part = is_same(arena, part, whole) ? part->next : part;
	}
	return !part;
}

/* Cuts the first element that is too much, or writes the first that is another one anew (as several, when there are
 * to be more): comments beside the others stay. False when it is not done this way. */
static bool step_towards(const struct editor *e, const struct jsonc_node *list,
                         const struct jsonc_node *wanted, struct slice source, struct slice *ret) {
	const struct jsonc_node *old = list->first_child;
	const struct jsonc_node *now = wanted->first_child;
	size_t have = length_of(list);
	size_t need = length_of(wanted);
	struct strbuf out;
	while (old && now && is_same(e->arena, old, now)) {
		old = old->next;
		now = now->next;
	}
	if (old && is_part(e->arena, now, old->next)) {
		*ret = cut_member(e, list, old);
		return true;
	}
	if (!old || !now || have > need) {
		return false;
	}
	strbuf_init(&out, e->arena);
	for (size_t n = 0; n <= need - have && now; n++, now = now->next) {
		strbuf_add(&out, n > 0 ? ", " : "");
		write_value(e, &out, now, source, false, "", 0);
	}
	*ret = replace(e, old->place.offset, node_end(old), slice_of(out.data, out.len));
	return true;
}

/* -ENOENT: what is there now is no list, or too far from the one that is wanted. */
static int set_list(const struct editor *before, const char *const *path,
                    const struct jsonc_node *value, struct slice source, struct slice *ret) {
	struct editor e = *before;
	const struct jsonc_node *list = find(e.doc, path);
	if (!list || list->type != JSONC_ARRAY || value->type != JSONC_ARRAY ||
	    !list->first_child || !value->first_child) {
		return -ENOENT;
	}
	size_t most = length_of(list) + length_of(value);
	for (size_t n = most <= LIST_MAX ? most : 0; n > 0; n--) {
		if (is_same(e.arena, list, value)) {
			*ret = e.text;
			return 0;
		}
		if (!step_towards(&e, list, value, source, &e.text)) {
			return -ENOENT;
		}
		e.doc = jsonc_parse(e.arena, e.text);
		list = find(e.doc, path);
		if (e.doc->errors_total > 0 || !list || list->type != JSONC_ARRAY) {
			return -ENOENT;
		}
	}
	return -ENOENT;
}

static int set_in(const struct editor *e, const char *const *path, const struct jsonc_node *value,
                  struct slice source, struct slice *ret) {
	const struct jsonc_node *object = e->doc->root;
	if (set_list(e, path, value, source, ret) == 0) {
		return 0;
	}
	if (!object) {
		*ret = whole_file(e, path, value, source);
		return 0;
	}
	for (;; path++) {
		if (object->type != JSONC_OBJECT) {
			return err_set(e->err, -ENOTDIR, "'%s' at line %zu is no object but %s",
			               object->key, object->place.line,
			               jsonc_type_name(object->type));
		}
		const struct jsonc_node *member = jsonc_get(object, path[0]);
		if (!member) {
			*ret = object->first_child ? insert_last(e, object, path, value, source)
			                           : insert_first(e, object, path, value, source);
			return 0;
		}
		if (!path[1]) {
			*ret = overwrite(e, member, value, source);
			return 0;
		}
		object = member;
	}
}

int jsonc_edit_set(struct arena *arena, struct slice text, const char *const *path,
                   struct slice json, struct jsonc_edit *ret, struct err *err) {
	struct editor e = {.arena = arena, .text = text, .err = err};
	const struct jsonc_doc *value = jsonc_parse(arena, json);
	struct jsonc_scanner s;
	bool strict = true;
	jsonc_scanner_init(&s, json);
	for (enum jsonc_token t = jsonc_scan(&s); t != TOKEN_END; t = jsonc_scan(&s)) {
		strict = strict && t != TOKEN_LINE_COMMENT && t != TOKEN_BLOCK_COMMENT;
	}
	if (!value->root || value->errors_total > 0 || value->duplicates_total > 0 || !strict) {
		return err_set(err, -EINVAL, "'%.*s' is no JSON value",
		               json.len < 200 ? (int)json.len : 200, json.data ? json.data : "");
	}
	int r = open_text(&e);
	if (r < 0) {
		return r;
	}
	struct slice after = {.len = 0};
	r = set_in(&e, path, value->root, json, &after);
	if (r < 0) {
		return r;
	}
	/* What was written is read again: a change that does not do what it should is not made. */
	const struct jsonc_doc *again = jsonc_parse(arena, after);
	const struct jsonc_node *now = find(again, path);
	if (again->errors_total > 0 || !now ||
	    strcmp(jsonc_to_json(arena, now), jsonc_to_json(arena, value->root)) != 0) {
		return err_set(err, -E2BIG, "the value does not fit into the file");
	}
	jsonc_splice_finish(text, after, ret);
	return 0;
}

/* ---- unset ---- */

int jsonc_edit_unset(struct arena *arena, struct slice text, const char *const *path,
                     struct jsonc_edit *ret, struct err *err) {
	struct editor e = {.arena = arena, .text = text, .err = err};
	size_t depth = 0;
	while (path[depth + 1]) {
		depth++;
	}
	for (bool cut = false;; cut = true) {
		int r = open_text(&e);
		if (r < 0) {
			return r;
		}
		const struct jsonc_node *object = e.doc->root;
		for (size_t i = 0; i < depth && object; i++) {
			object = jsonc_get(object, path[i]);
		}
		const struct jsonc_node *member = jsonc_get(object, path[depth]);
		if (!member && cut) {
			jsonc_splice_finish(text, e.text, ret);
			return 0;
		}
		if (!member) {
			return err_set(err, -ENOENT, "'%s' is not set there", path[depth]);
		}
		e.text = cut_member(&e, object, member);
	}
}
