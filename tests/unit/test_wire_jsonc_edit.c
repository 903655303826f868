/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "base/str.h"
#include "wire/jsonc_edit.h"
#include "wire/jsonc_scan.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include <cmocka.h>

#define DOCUMENTS 10000
#define SEED      20260101u

/* ---- single edits, as text ---- */

struct change {
	const char *before;
	const char *path[4];
	const char *json; /* NULL: unset */
	const char *after;
};

static const struct change changes[] = {
	/* a value in place */
	{"{\"a\": 1, \"b\": 2}", {"a"}, "true", "{\"a\": true, \"b\": 2}"},
	{"{\r\n\t\"a\": [1, 2], // why\r\n}", {"a"}, "\"x\"", "{\r\n\t\"a\": \"x\", // why\r\n}"},
	{"{\"a\": 1, \"a\": 2}", {"a"}, "3", "{\"a\": 1, \"a\": 3}"},
	{"{\"g\": {\"x\": 1}}", {"g", "x"}, "[]", "{\"g\": {\"x\": []}}"},
	/* a new member at the end */
	{"{\"a\": 1}", {"b"}, "2", "{\"a\": 1, \"b\": 2}"},
	{"{\n  \"a\": 1\n}\n", {"b"}, "2", "{\n  \"a\": 1,\n  \"b\": 2\n}\n"},
	{"{\n  \"a\": 1,\n}\n", {"b"}, "2", "{\n  \"a\": 1,\n  \"b\": 2,\n}\n"},
	{"{\n\t\"a\": 1 // one\n\t// end\n}",
         {"b"},
         "2",
         "{\n\t\"a\": 1, // one\n\t\"b\": 2\n\t// end\n}"},
	{"{\n\t\"a\": 1, // one\n}", {"b"}, "2", "{\n\t\"a\": 1, // one\n\t\"b\": 2,\n}"},
	{"{\"a\": 1 // one\n}", {"b"}, "2", "{\"a\": 1, // one\n    \"b\": 2\n}"},
	{"{\n  \"a\": 1}", {"b"}, "2", "{\n  \"a\": 1,\n  \"b\": 2}"},
	{"{\r\n    \"a\": 1\r\n}\r\n",
         {"b"},
         "[1,\"x\"]",
         "{\r\n    \"a\": 1,\r\n    \"b\": [\r\n        1,\r\n        \"x\"\r\n    ]\r\n}\r\n"},
	{"{\n  \"g\": {\n    \"x\": 1\n  }\n}",
         {"g", "y.z"},
         "true",
         "{\n  \"g\": {\n    \"x\": 1,\n    \"y.z\": true\n  }\n}"},
	{"{\n  \"a\": 1\n}",
         {"g", "y"},
         "true",
         "{\n  \"a\": 1,\n  \"g\": {\n    \"y\": true\n  }\n}"},
	/* an empty object, an empty file */
	{"{}", {"a"}, "1", "{\n    \"a\": 1\n}"},
	{"{ // none\n}", {"a"}, "1", "{ // none\n    \"a\": 1\n}"},
	{"", {"a"}, "1", "{\n    \"a\": 1\n}\n"},
	{"// only this", {"a"}, "1", "// only this\n{\n    \"a\": 1\n}\n"},
	{"\xef\xbb\xbf{\"a\": 1}", {"a"}, "2", "\xef\xbb\xbf{\"a\": 2}"},
	/* a list that is only partly another one */
	{"{\n  \"a\": [\n    \"x\", // one\n    \"y\", // two\n    \"z\" // three\n  ]\n}",
         {"a"},
         "[\"x\", \"z\"]",
         "{\n  \"a\": [\n    \"x\", // one\n     // two\n    \"z\" // three\n  ]\n}"},
	{"{\"a\": [\"x\", \"y\", /* z */ \"z\", \"y\"]}",
         {"a"},
         "[\"x\", \"z\"]",
         "{\"a\": [\"x\", /* z */ \"z\"]}"},
	{"{\"a\": [\"x\", /* y */ \"y -z\", \"w\" /* w */]}",
         {"a"},
         "[\"x\", \"y\", \"-z\", \"w\"]",
         "{\"a\": [\"x\", /* y */ \"y\", \"-z\", \"w\" /* w */]}"},
	{"{\"a\": [1, /* two */ 2]}", {"a"}, "[1, 3]", "{\"a\": [1, /* two */ 3]}"},
	{"{\"a\": [1, 2]}", {"a"}, "[]", "{\"a\": []}"},
	{"{\"a\": [1, 2]}", {"a"}, "[1, 2]", "{\"a\": [1, 2]}"},
	/* taken away */
	{"{\"a\": 1, \"b\": 2}", {"a"}, NULL, "{\"b\": 2}"},
	{"{\"a\": 1, \"b\": 2}", {"b"}, NULL, "{\"a\": 1}"},
	{"{\n  \"a\": 1,\n  \"b\": 2\n}", {"a"}, NULL, "{\n  \"b\": 2\n}"},
	{"{\n  \"a\": 1, // one\n  \"b\": 2\n}", {"b"}, NULL, "{\n  \"a\": 1 // one\n}"},
	{"{\"a\": 1, // one\n \"b\": 2}", {"b"}, NULL, "{\"a\": 1 // one\n}"},
	{"{\n  \"a\": 1, // one\n  \"b\": 2,\n}", {"a"}, NULL, "{\n   // one\n  \"b\": 2,\n}"},
	{"{\n  \"a\": 1,\n}", {"a"}, NULL, "{\n}"},
	{"{\"a\": 1, \"b\": 0, \"a\": 2}", {"a"}, NULL, "{\"b\": 0}"},
	{"{\"g\": {\"x\": 1}}", {"g", "x"}, NULL, "{\"g\": {}}"},
};

static int apply(struct arena *arena, struct slice text, const char *const *path, const char *json,
                 struct jsonc_edit *edit, struct err *err) {
	return json ? jsonc_edit_set(arena, text, path, slice_str(json), edit, err)
	            : jsonc_edit_unset(arena, text, path, edit, err);
}

static void test_changes(void **state) {
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		const struct change *c = &changes[i];
		struct jsonc_edit edit;
		struct err err = {0};
		struct slice before = slice_str(c->before);
		int r = apply(*state, before, c->path, c->json, &edit, &err);
		if (r != 0 || !slice_eq(edit.text, c->after)) {
			fail_msg("%s\n-- gave %d %s --\n%.*s\n-- not --\n%s", c->before, r, err.msg,
			         r ? 0 : (int)edit.text.len, r ? "" : edit.text.data, c->after);
		}
		struct slice back = jsonc_splice_apply(*state, edit.text, &edit.inverse);
		assert_true(slice_eq(back, c->before));
	}
}

static void test_refusals(void **state) {
	static const struct {
		const char *text;
		const char *path[3];
		const char *json;
		int code;
	} refused[] = {
		{"{\"a\": 1 \"b\": 2}", {"a"}, "2", -EBADMSG},
		{"{\"a\": 1, /* open", {"a"}, "2", -EBADMSG},
		{"[1]", {"a"}, "2", -ENOTDIR},
		{"{\"g\": 1}", {"g", "x"}, "2", -ENOTDIR},
		{"{}", {"a"}, "nope", -EINVAL},
		{"{}", {"a"}, "", -EINVAL},
		{"{}", {"a"}, "1 2", -EINVAL},
		{"{}", {"a"}, "1 // x", -EINVAL},
		{"{}", {"a"}, NULL, -ENOENT},
		{"{\"g\": {}}", {"g", "x"}, NULL, -ENOENT},
	};
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct jsonc_edit edit;
		struct err err = {0};
		assert_int_equal(apply(*state, slice_str(refused[i].text), refused[i].path,
		                       refused[i].json, &edit, &err),
		                 refused[i].code);
		assert_true(err.msg[0] != '\0');
	}
}

static void test_unchanged(void **state) {
	static const char *const path[] = {"a", NULL};
	struct jsonc_edit edit;
	struct err err;
	assert_int_equal(
		jsonc_edit_set(*state, slice_str("{\"a\": 1}"), path, slice_str("1"), &edit, &err),
		0);
	assert_false(edit.changed);
}

/* ---- any document ---- */

struct maker {
	uint32_t seed;
	struct strbuf out;
	const char *eol;
	const char *unit;
	bool lines;
	bool comments;
	bool trailing; /* commas before closing brackets */
};

static uint32_t pick(struct maker *m, uint32_t n) {
	m->seed = m->seed * 1664525u + 1013904223u;
	return (m->seed >> 8) % n;
}

static void make_comment(struct maker *m) {
	static const char *const blocks[] = {"/* x */", "/**/", "/* \"a\": 1, */", "/* } // */"};
	static const char *const rest[] = {"// y", "//", "// \"b\": {", "// \xc3\xa9 */"};
	if (!m->comments || pick(m, 4) != 0) {
		return;
	}
	if (pick(m, 2)) {
		strbuf_printf(&m->out, "%s%s", pick(m, 2) ? " " : "", blocks[pick(m, 4)]);
	} else {
		strbuf_printf(&m->out, " %s%s", rest[pick(m, 4)], m->eol);
	}
}

static void make_break(struct maker *m, size_t depth) {
	if (!m->lines) {
		strbuf_add(&m->out, pick(m, 2) ? " " : "");
		return;
	}
	strbuf_add(&m->out, m->eol);
	while (depth-- > 0) {
		strbuf_add(&m->out, m->unit);
	}
}

static void make_value(struct maker *m, size_t depth);

static void make_container(struct maker *m, size_t depth, bool object) {
	uint32_t count = pick(m, depth == 0 ? 7 : 4);
	strbuf_add_char(&m->out, object ? '{' : '[');
	make_comment(m);
	for (uint32_t i = 0; i < count; i++) {
		make_break(m, depth + 1);
		if (object) {
			strbuf_printf(&m->out, "\"%s%c%s\"", pick(m, 3) ? "" : "go.",
			              (int)('a' + pick(m, 5)), pick(m, 6) ? "" : "\\n\xc3\xa9");
			make_comment(m);
			strbuf_add(&m->out, pick(m, 3) ? ": " : ":");
		}
		make_value(m, depth + 1);
		make_comment(m);
		if (i + 1 < count || (m->trailing && pick(m, 2))) {
			strbuf_add_char(&m->out, ',');
		}
		make_comment(m);
	}
	if (count > 0 || pick(m, 2)) {
		make_break(m, depth);
	}
	strbuf_add_char(&m->out, object ? '}' : ']');
}

static void make_value(struct maker *m, size_t depth) {
	static const char *const scalars[] = {"1",     "-2.50e3", "true",         "false", "null",
	                                      "\"s\"", "\"\"",    "\"// \\\"{\"", "0"};
	uint32_t kind = pick(m, depth < 4 ? 14 : 9);
	if (kind < 9) {
		strbuf_add(&m->out, scalars[kind]);
	} else {
		make_container(m, depth, kind < 12);
	}
}

static void make_document(struct maker *m, struct arena *arena) {
	static const char *const eols[] = {"\n", "\r\n", "\n", "\r"};
	static const char *const units[] = {"  ", "\t", "    ", " "};
	strbuf_init(&m->out, arena);
	m->eol = eols[pick(m, 4)];
	m->unit = units[pick(m, 4)];
	m->lines = pick(m, 4) != 0;
	m->comments = pick(m, 4) != 0;
	m->trailing = pick(m, 3) == 0;
	strbuf_add(&m->out, pick(m, 10) == 0 ? "\xef\xbb\xbf" : "");
	make_comment(m);
	make_container(m, 0, true);
	make_comment(m);
	strbuf_add(&m->out, pick(m, 3) ? m->eol : "");
}

/* All comments of a text, one behind the other. */
static const char *comments_of(struct arena *arena, struct slice text) {
	struct strbuf out;
	struct jsonc_scanner s;
	strbuf_init(&out, arena);
	jsonc_scanner_init(&s, text);
	for (enum jsonc_token t = jsonc_scan(&s); t != TOKEN_END; t = jsonc_scan(&s)) {
		if (t == TOKEN_LINE_COMMENT || t == TOKEN_BLOCK_COMMENT) {
			strbuf_add_n(&out, text.data + s.place.offset, s.place.length);
			strbuf_add_char(&out, '\n');
		}
	}
	return out.data;
}

/* In the member itself or in a duplicate of it, from the key to the end of the value. */
static bool has_inner_comments(struct arena *arena, struct slice text,
                               const struct jsonc_node *node) {
	const struct jsonc_node *first = node->duplicate_of ? node->duplicate_of : node;
	for (const struct jsonc_node *n = first; n; n = n->next) {
		size_t from = n->key_place.offset;
		size_t to = n->place.offset + n->place.length;
		if ((n == first || n->duplicate_of == first) &&
		    *comments_of(arena, slice_of(text.data + from, to - from))) {
			return true;
		}
	}
	return false;
}

static const char *without_comments(struct arena *arena, struct slice text) {
	struct strbuf out;
	struct jsonc_scanner s;
	strbuf_init(&out, arena);
	jsonc_scanner_init(&s, text);
	for (enum jsonc_token t = jsonc_scan(&s); t != TOKEN_END; t = jsonc_scan(&s)) {
		if (t != TOKEN_LINE_COMMENT && t != TOKEN_BLOCK_COMMENT && t != TOKEN_SPACE) {
			strbuf_add_n(&out, text.data + s.place.offset, s.place.length);
		}
	}
	return out.data;
}

static struct json_object *strict(const char *text) {
	struct json_tokener *tokener = json_tokener_new();
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT);
	struct json_object *object = json_tokener_parse_ex(tokener, text, (int)strlen(text) + 1);
	assert_int_equal(json_tokener_get_error(tokener), json_tokener_success);
	json_tokener_free(tokener);
	return object;
}

/* What the document says after the change, computed by json-c. */
static struct json_object *expected(const char *json, const char *const *path, const char *value) {
	struct json_object *root = strict(json);
	struct json_object *object = root;
	for (; path[1]; path++) {
		struct json_object *inner = NULL;
		if (!json_object_object_get_ex(object, path[0], &inner)) {
			inner = json_object_new_object();
			json_object_object_add(object, path[0], inner);
		}
		object = inner;
	}
	if (value) {
		json_object_object_add(object, path[0], strict(value));
	} else {
		json_object_object_del(object, path[0]);
	}
	return root;
}

static const struct jsonc_node *follow(const struct jsonc_doc *doc, const char *const *path) {
	const struct jsonc_node *node = doc->root;
	for (; *path && node; path++) {
		node = jsonc_get(node, *path);
	}
	return node;
}

/* An edit in place touches the value's span and nothing else. */
static void check_span(struct arena *arena, struct slice before, struct slice after,
                       const struct jsonc_node *old, const char *const *path) {
	const struct jsonc_doc *doc = jsonc_parse(arena, after);
	const struct jsonc_node *new = follow(doc, path);
	assert_int_equal(new->place.offset, old->place.offset);
	assert_memory_equal(before.data, after.data, old->place.offset);
	size_t old_end = old->place.offset + old->place.length;
	size_t new_end = new->place.offset + new->place.length;
	assert_int_equal(before.len - old_end, after.len - new_end);
	assert_memory_equal(before.data + old_end, after.data + new_end, before.len - old_end);
}

static void check_edit(struct arena *arena, struct maker *m, struct slice before,
                       const char *const *path, const char *json) {
	struct jsonc_edit edit;
	struct err err = {0};
	const struct jsonc_doc *doc = jsonc_parse(arena, before);
	const struct jsonc_node *old = follow(doc, path);
	int r = apply(arena, before, path, json, &edit, &err);
	if (r == -ENOTDIR || (r == -ENOENT && !json && !old)) {
		return;
	}
	if (r != 0) {
		fail_msg("%s: %.*s", err.msg, (int)before.len, before.data);
	}
	struct slice forth = jsonc_splice_apply(arena, before, &edit.forward);
	struct slice back = jsonc_splice_apply(arena, edit.text, &edit.inverse);
	assert_int_equal(forth.len, edit.text.len);
	assert_memory_equal(forth.data, edit.text.data, forth.len);
	assert_int_equal(back.len, before.len);
	assert_memory_equal(back.data, before.data, before.len);
	const struct jsonc_doc *now = jsonc_parse(arena, edit.text);
	struct json_object *want = expected(jsonc_to_json(arena, doc->root), path, json);
	struct json_object *have = strict(jsonc_to_json(arena, now->root));
	if (now->errors_total > 0 || !json_object_equal(want, have)) {
		fail_msg("%.*s\n-- became --\n%.*s", (int)before.len, before.data,
		         (int)edit.text.len, edit.text.data);
	}
	json_object_put(have);
	if (json && old) {
		check_span(arena, before, edit.text, old, path);
	}
	/* Comments inside of a value that goes, or between it and its key, go with it. */
	if ((json && !old) || (!json && !has_inner_comments(arena, before, old))) {
		assert_string_equal(comments_of(arena, edit.text), comments_of(arena, before));
	}
	if (!m->trailing) {
		have = strict(without_comments(arena, edit.text));
		assert_true(json_object_equal(want, have));
		json_object_put(have);
	}
	json_object_put(want);
}

static void test_any_document(void **state) {
	(void)state;
	static const char *const names[] = {"a", "b", "go.c", "d", "new.key", "n\xc3\xa9w \"q\""};
	static const char *const values[] = {
		"1",
		"\"t\"",
		"null",
		"[]",
		"{}",
		"[1, [2]]",
		"{\"x\": {\"y\": [true]}, \"z\": \"//\"}",
	};
	struct maker m = {.seed = SEED};
	for (int i = 0; i < DOCUMENTS; i++) {
		struct arena *arena = arena_new();
		make_document(&m, arena);
		struct slice before = slice_of(m.out.data, m.out.len);
		const struct jsonc_doc *doc = jsonc_parse(arena, before);
		if (doc->errors_total > 0) {
			fail_msg("the generator made: %s", m.out.data);
		}
		const char *path[4] = {names[pick(&m, 6)]};
		if (pick(&m, 2)) {
			path[1] = names[pick(&m, 6)];
		}
		check_edit(arena, &m, before, path, values[pick(&m, 7)]);
		check_edit(arena, &m, before, path, NULL);
		arena_free(arena);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_changes),
		cmocka_unit_test(test_refusals),
		cmocka_unit_test(test_unchanged),
		cmocka_unit_test(test_any_document),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
