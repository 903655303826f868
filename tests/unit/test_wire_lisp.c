/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "base/str.h"
#include "wire/lisp.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A form, and what Emacs would send of it; NULL: nothing. */
static const struct {
	const char *text;
	const char *json;
} pairs[] = {
	{"t", "true"},
	{":json-false", "false"},
	{"nil", NULL},
	{"\"a\\n\\\"b\"", "\"a\\n\\\"b\""},
	{"-1.5", "-1.5"},
	{"007", NULL},
	{"'(:gopls (:staticcheck t :matcher \"Fuzzy\"))",
         "{\"gopls\":{\"staticcheck\":true,\"matcher\":\"Fuzzy\"}}"},
	{"'((:gopls . ((staticcheck . t) (hints . ((a . :json-false))))))",
         "{\"gopls\":{\"staticcheck\":true,\"hints\":{\"a\":false}}}"},
	{"((:gopls . (:staticcheck \"true\")))", "{\"gopls\":{\"staticcheck\":\"true\"}}"},
	{"(:a [\"-x\" \"y\"] :b nil :c (f x) :d 3)", "{\"a\":[\"-x\",\"y\"],\"d\":3}"},
	{"; (:a 1)\n`(:a ,(f 1) :b \"; no comment\") ", "{\"b\":\"; no comment\"}"},
	{"(:a ?\\( :b ?) :c ?\\C-x :d 1)", "{\"d\":1}"},
	{"(:a \"open", "{\"a\":\"open\"}"},
	{"((a . [1 x]))", NULL},
};

static void test_values(void **state) {
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const struct lisp_node *all = lisp_read(*state, slice_str(pairs[i].text));
		assert_int_equal(all->count, 1);
		struct jsonc_node *json = lisp_to_json(*state, all->first_child);
		if (pairs[i].json) {
			assert_non_null(json);
			assert_string_equal(jsonc_to_json(*state, json), pairs[i].json);
		} else {
			assert_null(json);
		}
	}
}

static void test_dots(void **state) {
	const struct lisp_node *n = lisp_read(*state, slice_str("(go-mode . (\"gopls\" . (\"-x\")))"
	                                                        "(a . b) (a .b)"))
	                                    ->first_child;
	assert_int_equal(n->count, 3);
	assert_false(n->dotted);
	assert_string_equal(n->first_child->next->next->text, "-x");
	assert_true(n->next->dotted);
	assert_int_equal(n->next->count, 2);
	assert_false(n->next->next->dotted);
	assert_string_equal(n->next->next->first_child->next->text, ".b");
}

static void test_bounds(void **state) {
	struct strbuf deep;
	strbuf_init(&deep, *state);
	for (int i = 0; i < LISP_DEPTH_MAX * 3; i++) {
		strbuf_add(&deep, "(");
	}
	assert_int_equal(lisp_read(*state, slice_str(deep.data))->count, 1);
	assert_int_equal(lisp_read(*state, slice_str(""))->count, 0);
	assert_int_equal(lisp_read(*state, slice_str(" ; only\n"))->count, 0);
	assert_int_equal(lisp_read(*state, slice_str("'"))->count, 0);
	const struct lisp_node *n = lisp_read(*state, slice_str(") (a)\n(b)"));
	assert_int_equal(n->count, 3);
	assert_int_equal(n->first_child->next->next->place.line, 2);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_dots),
		cmocka_unit_test(test_bounds),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
