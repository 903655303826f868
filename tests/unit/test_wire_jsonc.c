/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "base/str.h"
#include "wire/jsonc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <json-c/json.h>

#include <cmocka.h>

static struct jsonc_doc *parse(void **state, const char *text) {
	return jsonc_parse(*state, slice_str(text));
}

/* Texts with the value and the error codes that jsonc-parser 3.3.1 gives for them
 * ({allowTrailingComma: true}). */
static const struct {
	const char *text;
	const char *json; /* NULL: no value */
	const char *codes;
} pairs[] = {
	{"", NULL, "4"},
	{"// only a comment", NULL, "4"},
	{": {}", NULL, "4"},
	{"{\"a\": 1, // one\n /* two */ \"b\": [1, 2,],}", "{\"a\":1,\"b\":[1,2]}", ""},
	{"{\"a\": 1\n\"b\": 2}", "{\"a\":1,\"b\":2}", "6"},
	{"{\"a\": 1,,\"b\": 2}", "{\"a\":1,\"b\":2}", "3 4"},
	{"{\n<<<<<<< HEAD\n\"a\": 1,\n=======\n\"a\": 2,\n>>>>>>> other\n\"b\": 3\n}",
         "{\"a\":2,\"b\":3}", "1 1 1 1 1"},
	{"{\"a\": tru, \"b\": 2}", "{\"b\":2}", "1 4"},
	{"{'a': 1, \"b\": 2}", "{\"b\":2}", "1 3 4"},
	{"{\"a\" 1, \"b\": 2}", "{\"b\":2}", "5"},
	{"{\"a\": \"x,\n\"b\": 2}", "{\"a\":\"x,\",\"b\":2}", "12 6"},
	{"{\"a: 1,\n\"b\": 2}", "{}", "12 5"},
	{"{\"a\": 1, /* open\n\"b\": 2}", "{\"a\":1}", "11 3 4 7"},
	{"{\"a\": {\"b\": 1, \"c\": 2", "{\"a\":{\"b\":1,\"c\":2}}", "7 7"},
	{"{\"a\": 1}}, \"b\": 2", "{\"a\":1}", "9"},
	{"{\"a\": [1, 2}, \"b\": 3}", "{\"a\":[1,2,\"b\"]}", "6 4 6 4 8 7"},
	{"\"go\": 1", "\"go\"", "9"},
	{"{\"a\": \"\\x\\u12\\ud83d\\ude00\"}", "{\"a\":\"\xf0\x9f\x98\x80\"}", "14"},
	{"[01, 1., -, -3, 2e, 1e999]", "[0,1,1,-3,2,null]", "6 13 1 4 13"},
	{"{x: {\"y\": 1}, \"b\": 2}", "{}", "1 3 4 9"},
	{"{\"a\": 1, \"b\": 2, \"a\": 3}", "{\"a\":3,\"b\":2}", ""},
	{"{\"a\": 1, \"a\": }", "{\"a\":1}", "4"},
	{"[null true]", "[null,true]", "6"},
	{"{\"a\": 1 \"b\" 2 \"c\": 3, \"d\": 4}", "{\"a\":1,\"d\":4}", "6 5"},
};

static void test_agrees_with_the_editor(void **state) {
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		struct jsonc_doc *doc = parse(state, pairs[i].text);
		struct strbuf codes;
		strbuf_init(&codes, *state);
		for (size_t e = 0; e < doc->errors_len; e++) {
			strbuf_printf(&codes, "%s%d", e ? " " : "", (int)doc->errors[e].code);
			assert_true(doc->errors[e].text[0] != '\0');
		}
		assert_string_equal(codes.data, pairs[i].codes);
		if (pairs[i].json) {
			assert_non_null(doc->root);
			assert_string_equal(jsonc_to_json(*state, doc->root), pairs[i].json);
		} else {
			assert_null(doc->root);
		}
	}
}

static void test_get_and_path(void **state) {
	struct jsonc_doc *doc =
		parse(state, "{\"gopls\": {\"build.env\": {\"A\": \"x\"}}, \"n\": 1.5, \"n\": 2}");
	assert_string_equal(
		jsonc_string(jsonc_get_path(doc->root, "gopls", "build.env", "A", NULL)), "x");
	assert_null(jsonc_get_path(doc->root, "gopls", "nope", "A", NULL));
	assert_null(jsonc_get(NULL, "a"));
	const struct jsonc_node *n = jsonc_get(doc->root, "n");
	assert_true(n->number == 2.0);
	assert_null(jsonc_string(n));
	assert_null(jsonc_get(n, "a"));
}

static void test_places(void **state) {
	/* "é" is one column wide and two bytes long; CR LF is one line break. */
	struct jsonc_doc *doc =
		parse(state, "\xef\xbb\xbf{\r\n  \"\xc3\xa9\": [ true ],\r\n\"b\" 1}");
	const struct jsonc_node *list = jsonc_get(doc->root, "\xc3\xa9");
	assert_int_equal(list->key_place.line, 2);
	assert_int_equal(list->key_place.column, 3);
	assert_int_equal(list->place.column, 8);
	assert_int_equal(list->place.length, 8);
	assert_int_equal(list->place.offset, 3 + 3 + 2 + 6);
	assert_int_equal(list->count, 1);
	assert_int_equal(list->first_child->type, JSONC_BOOL);
	assert_int_equal(doc->errors_total, 1);
	assert_int_equal(doc->errors[0].code, JSONC_COLON_EXPECTED);
	assert_int_equal(doc->errors[0].place.line, 3);
	assert_int_equal(doc->errors[0].place.column, 5);
}

static void test_duplicates(void **state) {
	struct jsonc_doc *doc =
		parse(state, "{\n\"a\": {\"x\": 1,\n\"x\": 2},\n\"b\": 1,\n\"a\": 3,\n\"a\": 4\n}");
	assert_int_equal(doc->duplicates_total, 3);
	assert_string_equal(doc->duplicates[0].key, "x");
	assert_int_equal(doc->duplicates[0].line, 3);
	assert_int_equal(doc->duplicates[0].first_line, 2);
	assert_false(doc->duplicates[0].top_level);
	assert_string_equal(doc->duplicates[2].key, "a");
	assert_int_equal(doc->duplicates[2].line, 6);
	assert_int_equal(doc->duplicates[2].first_line, 2);
	assert_true(doc->duplicates[2].top_level);
	assert_true(jsonc_get(doc->root, "a")->number == 4.0);
}

static void test_many_keys_are_compared_quickly(void **state) {
	struct strbuf text;
	strbuf_init(&text, *state);
	strbuf_add(&text, "{");
	for (int i = 0; i < 60000; i++) {
		strbuf_printf(&text, "\"k%d\":%d,", i % 59999, i);
	}
	strbuf_add(&text, "}");
	struct jsonc_doc *doc = jsonc_parse(*state, slice_of(text.data, text.len));
	assert_int_equal(doc->duplicates_total, 1);
	assert_true(jsonc_get(doc->root, "k0")->number == 59999.0);
}

static void test_lost_keys(void **state) {
	static const struct {
		const char *text;
		const char *key;
		enum jsonc_lost_kind kind;
	} cases[] = {
		{"{\"a\": 1, /* why\n\"go.gopath\": \"/x\"}", "go.gopath", JSONC_LOST_COMMENT},
		{"{\"a\": 1, /* why\n\"go.gopath\": \"/x\", /* b */ \"c\": 1}", "go.gopath",
	         JSONC_LOST_NESTED},
		{"{\"go.gopath: \"/x\",\n\"c\": 1}", "go.gopath", JSONC_LOST_SKIPPED},
		{"{go.gopath\": \"/x\",\n\"c\": 1}", "go.gopath", JSONC_LOST_SKIPPED},
		{"{\"c\": 1 go.gopath\": \"/x\",\n\"d\": 1}", "go.gopath", JSONC_LOST_SKIPPED},
		{"{\"go.gopath\" \"/x\",\n\"c\": 1}", "go.gopath", JSONC_LOST_SKIPPED},
		{"{\"go.gopath\": tru,\n\"c\": 1}", "go.gopath", JSONC_LOST_SKIPPED},
		{"{\"c\": 1}, \"go.gopath\": \"/x\"}", "go.gopath", JSONC_LOST_TRAILING},
		{"{\"c\": {\"d\": 1, \"go.gopath\": \"/x\"}", "go.gopath", JSONC_LOST_UNCLOSED},
		{"{\"c\": [1, \"go.gopath\": \"/x\"}", "go.gopath", JSONC_LOST_UNCLOSED},
		{": {\"go.gopath\": \"/x\"}", "go.gopath", JSONC_LOST_TRAILING},
	};
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct jsonc_doc *doc = parse(state, cases[i].text);
		assert_null(jsonc_get(doc->root, cases[i].key));
		bool found = false;
		for (size_t k = 0; k < doc->lost_len; k++) {
			found = found || (doc->lost[k].kind == cases[i].kind &&
			                  slice_has(doc->lost[k].text, cases[i].key));
		}
		assert_true(found);
	}
}

static void test_nothing_lost_in_good_text(void **state) {
	struct jsonc_doc *doc = parse(
		state, "{ /* closed\n */ \"a\": [1, {\"b\": null,},], // \"go.gopath\": 1\n }\n\n");
	assert_int_equal(doc->lost_total, 0);
	assert_int_equal(doc->errors_total, 0);
}

/* White space that editors accept and JSON does not: a no-break space pasted from a web page. */
static void test_wide_white_space(void **state) {
	struct jsonc_doc *doc =
		parse(state, "{\xc2\xa0\"a\":\xe2\x80\x8btrue\xe3\x80\x80,\xe2\x80\xa8\"b\":\f1}");
	assert_int_equal(doc->errors_total, 0);
	assert_true(jsonc_get(doc->root, "a")->boolean);
	assert_non_null(jsonc_get(doc->root, "b"));
}

static void test_invalid_utf8_and_nul(void **state) {
	static const char text[] = "{\"a\": \"x\xff\xe2\x82y\", \0 \"b\": \"p\0q\"}";
	struct jsonc_doc *doc = jsonc_parse(*state, slice_of(text, sizeof(text) - 1));
	assert_string_equal(jsonc_string(jsonc_get(doc->root, "a")), "x\xef\xbf\xbd\xef\xbf\xbdy");
	const struct jsonc_node *b = jsonc_get(doc->root, "b");
	assert_int_equal(b->string_len, 3);
	assert_memory_equal(b->string, "p\0q", 3);
	assert_string_equal(jsonc_to_json(*state, b), "\"p\\u0000q\"");
	assert_int_equal(doc->errors_total, 2);
	assert_int_equal(doc->errors[0].code, JSONC_INVALID_SYMBOL);
	assert_int_equal(doc->errors[1].code, JSONC_INVALID_CHARACTER);
}

static void test_ten_thousand_levels(void **state) {
	struct strbuf text;
	strbuf_init(&text, *state);
	strbuf_add(&text, "{\"deep\":");
	for (int i = 0; i < 10000; i++) {
		strbuf_add(&text, i % 2 ? "[" : "{\"a\":");
	}
	struct jsonc_doc *doc = jsonc_parse(*state, slice_of(text.data, text.len));
	assert_int_equal(doc->errors[0].code, JSONC_TOO_DEEP);
	for (int i = 10000; i-- > 0;) {
		strbuf_add(&text, i % 2 ? "]" : "}");
	}
	strbuf_add(&text, ", \"after\": 1}");
	doc = jsonc_parse(*state, slice_of(text.data, text.len));
	assert_int_equal(doc->errors_total, 1);
	assert_int_equal(doc->errors[0].code, JSONC_TOO_DEEP);
	assert_int_equal(doc->lost[0].kind, JSONC_LOST_LIMIT);
	assert_non_null(jsonc_get(doc->root, "after"));
	assert_non_null(strstr(jsonc_to_json(*state, doc->root), "\"after\":1"));
	/* What is written is never deeper than what is read. */
	assert_int_equal(parse(state, jsonc_to_json(*state, doc->root))->errors_total, 0);
}

static void test_too_many_values(void **state) {
	size_t len = (size_t)JSONC_NODES_MAX * 4;
	char *text = arena_alloc(*state, len);
	memset(text, '1', len);
	for (size_t i = 0; i < len; i += 2) {
		text[i] = i ? ',' : '[';
	}
	struct jsonc_doc *doc = jsonc_parse(*state, slice_of(text, len));
	assert_true(doc->root->count < JSONC_NODES_MAX);
	assert_int_equal(doc->errors[0].code, JSONC_TOO_LARGE);
	assert_int_equal(doc->lost[0].kind, JSONC_LOST_LIMIT);
}

static void test_lists_are_bounded(void **state) {
	char text[20001];
	memset(text, ',', sizeof(text));
	text[0] = '[';
	struct jsonc_doc *doc = jsonc_parse(*state, slice_of(text, sizeof(text)));
	assert_int_equal(doc->errors_len, JSONC_LISTED_MAX);
	assert_true(doc->errors_total > JSONC_LISTED_MAX);
}

static void test_agrees_with_json_c_on_valid_json(void **state) {
	static const char *const texts[] = {
		"{}",
		"[]",
		"null",
		"true",
		"-0.5",
		"12345678901234",
		"\"\\u0041\\n\\\"\\\\\\/\\ud83d\\ude00\"",
		("{\"a\":[1,2.5,-3e2,{\"b\":null,\"c\":[[],{}]}],\"d\":\"\xc3\xa9\","
	         "\"e\":false,\"\":0}"),
		" [ 1 , \"two\" , { \"three\" : [ 4 ] } ] \r\n",
		"{\"a\":1,\"b\":2,\"a\":{\"c\":3}}",
	};
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++) {
		struct jsonc_doc *doc = parse(state, texts[i]);
		assert_int_equal(doc->errors_total, 0);
		struct json_object *theirs = json_tokener_parse(texts[i]);
		struct json_object *ours = json_tokener_parse(jsonc_to_json(*state, doc->root));
		assert_true(json_object_equal(theirs, ours));
		json_object_put(theirs);
		json_object_put(ours);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_agrees_with_the_editor),
		cmocka_unit_test(test_get_and_path),
		cmocka_unit_test(test_places),
		cmocka_unit_test(test_duplicates),
		cmocka_unit_test(test_many_keys_are_compared_quickly),
		cmocka_unit_test(test_lost_keys),
		cmocka_unit_test(test_nothing_lost_in_good_text),
		cmocka_unit_test(test_wide_white_space),
		cmocka_unit_test(test_invalid_utf8_and_nul),
		cmocka_unit_test(test_ten_thousand_levels),
		cmocka_unit_test(test_too_many_values),
		cmocka_unit_test(test_lists_are_bounded),
		cmocka_unit_test(test_agrees_with_json_c_on_valid_json),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
