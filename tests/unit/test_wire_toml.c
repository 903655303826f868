/* SPDX-License-Identifier: MIT */
#include "base/str.h"
#include "wire/toml.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* Texts with their value as JSON, and the line of the error or 0. The values are those of Python's
 * tomllib, where the text is TOML. */
static const struct {
	const char *text;
	const char *json;
	size_t error_line;
} pairs[] = {
	{"", "{}", 0},
	{"# nothing\n\n", "{}", 0},
	{"\xef\xbb\xbf"
         "a = 1\r\nb = \"x\" # y\r\n",
         "{\"a\":1,\"b\":\"x\"}", 0},
	{"a.b.c = true\na.d = 'q\\n'\n", "{\"a\":{\"b\":{\"c\":true},\"d\":\"q\\\\n\"}}", 0},
	{"\"a.b\" = 1\n'' = 2\n", "{\"a.b\":1,\"\":2}", 0},
	{"[a.b]\nc = 1\n[a]\nd = 2\n", "{\"a\":{\"b\":{\"c\":1},\"d\":2}}", 0},
	{"[[l]]\nn = 1\n[[l]]\nn = 2\n[l.m]\no = 3\n",
         "{\"l\":[{\"n\":1},{\"n\":2,\"m\":{\"o\":3}}]}", 0},
	{"a = [1, [2, 3,], # c\n \"x\"\n]\nb = {c = 1, d.e = [ ]}\n",
         "{\"a\":[1,[2,3],\"x\"],\"b\":{\"c\":1,\"d\":{\"e\":[]}}}", 0},
	{"a = \"\"\"\nx\\\n   y\"\"\"\"\nb = '''z'''\n", "{\"a\":\"xy\\\"\",\"b\":\"z\"}", 0},
	{"a = \"\\u00e9\\t\"\n", "{\"a\":\"\xc3\xa9\\t\"}", 0},
	{"a = 1_000\nb = 0x1f\nc = 0b101\nd = 0o17\ne = -1.5e3\nf = +7\n",
         "{\"a\":1000,\"b\":31,\"c\":5,\"d\":15,\"e\":-1500,\"f\":7}", 0},
	{"d = 1979-05-27T07:32:00Z\nt = 07:32:00\n",
         "{\"d\":\"1979-05-27T07:32:00Z\",\"t\":\"07:32:00\"}", 0},
	{"a = 1\nb = \nc = 3\n", "{\"a\":1}", 2},
	{"a = 1\na = 2\n", "{\"a\":1}", 2},
	{"a = \"x\nb = 2\n", "{}", 1},
	{"[a\nb = 2\n", "{}", 1},
	{"a = 1 b = 2\n", "{\"a\":1}", 1},
	{"a = 1\n[a.b]\nc = 2\n", "{\"a\":1}", 2},
	{"a = [1, 2\n", "{}", 2},
	{"a = nope\n", "{}", 1},
	{"a = {b = 1,, c = 2}\n", "{}", 1},
};

static void values_and_errors(void **state) {
	(void)state;
	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		struct arena *arena = arena_new();
		struct toml_doc *doc = toml_parse(arena, slice_str(pairs[i].text));

		assert_string_equal(jsonc_to_json(arena, doc->root), pairs[i].json);
		assert_int_equal(doc->error ? doc->place.line : 0, pairs[i].error_line);
		arena_free(arena);
	}
}

static void places_are_those_of_the_keys(void **state) {
	struct arena *arena = arena_new();
	struct toml_doc *doc = toml_parse(arena, slice_str("x = 1\n[a]\n  b = [\n1]\n"));
	const struct jsonc_node *b = jsonc_get_path(doc->root, "a", "b", NULL);

	(void)state;
	assert_non_null(b);
	assert_int_equal(b->key_place.line, 3);
	assert_int_equal(b->key_place.column, 3);
	arena_free(arena);
}

static void depth_and_size_have_bounds(void **state) {
	struct arena *arena = arena_new();
	struct strbuf text;

	(void)state;
	strbuf_init(&text, arena);
	strbuf_add(&text, "a = ");
	for (int i = 0; i < 100000; i++) {
		strbuf_add_char(&text, '[');
	}
	assert_non_null(toml_parse(arena, slice_of(text.data, text.len))->error);
	strbuf_init(&text, arena);
	for (int i = 0; i < TOML_NODES_MAX + 5; i++) {
		strbuf_printf(&text, "k%d = 1\n", i);
	}
	assert_non_null(toml_parse(arena, slice_of(text.data, text.len))->error);
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values_and_errors),
		cmocka_unit_test(places_are_those_of_the_keys),
		cmocka_unit_test(depth_and_size_have_bounds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
