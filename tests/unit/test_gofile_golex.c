/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "gofile/golex.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_broken_utf8_is_one_error_per_byte(void **state) {
	(void)state;
	static const char *const broken[] = {"\xff",         "\xc0\x80",         "\xe0\x80\x80",
	                                     "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xe2\x82",
	                                     "\x80"};
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		size_t width = 0;
		assert_int_equal(rune_decode(slice_str(broken[i]), &width), RUNE_ERROR);
		assert_int_equal(width, 1);
	}
}

static void test_runes_survive_a_round_trip(void **state) {
	(void)state;
	static const uint32_t runes[] = {0,      'a',    0x7F,   0x80,    0x7FF,   0x800,
	                                 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF};
	for (size_t i = 0; i < sizeof(runes) / sizeof(runes[0]); i++) {
		char bytes[4];
		size_t n = utf8_encode(runes[i], bytes);
		size_t width = 0;
		assert_int_equal(rune_decode(slice_of(bytes, n), &width), runes[i]);
		assert_int_equal(width, n);
	}
}

static void test_unquote(void **state) {
	struct arena *arena = *state;
	static const char *const pairs[][2] = {
		{"\"a\"", "a"},
		{"\"\"", ""},
		{"`a\\n`", "a\\n"},
		{"\"a\\tb\\\"\"", "a\tb\""},
		{"\"\\x41\\101\\u00e9\"", "AA\xc3\xa9"},
		{"\"\\0\"", NULL},
		{"\"\\400\"", NULL},
		{"\"\\q\"", NULL},
		{"\"\\ud800\"", NULL},
		{"\"a", NULL},
		{"\"a\"b\"", NULL},
		{"'a'", NULL},
		{"\"", NULL},
		{"\"\\\"", NULL},
	};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
		const char *got = golex_unquote(arena, slice_str(pairs[i][0]), NULL);
		if (pairs[i][1]) {
			assert_non_null(got);
			assert_string_equal(got, pairs[i][1]);
		} else {
			assert_null(got);
		}
	}
	size_t len = 0;
	assert_non_null(golex_unquote(arena, slice_str("\"a\\000b\""), &len));
	assert_int_equal(len, 3);
}

static void test_fields_and_trim_know_all_white_space(void **state) {
	(void)state;
	struct slice rest = slice_str(" \t a\xc2\xa0 b\xe2\x80\xa8"
	                              "c\v");
	struct slice field;
	static const char *const want[] = {"a", "b", "c"};
	for (size_t i = 0; i < 3; i++) {
		assert_true(golex_field(&rest, &field));
		assert_true(slice_eq(field, want[i]));
	}
	assert_false(golex_field(&rest, &field));
	assert_true(slice_eq(golex_trim(slice_str("\v x y\xc2\x85\r\n")), "x y"));
	assert_int_equal(golex_trim(slice_str(" \xe3\x80\x80")).len, 0);
}

static void test_a_byte_order_mark_is_not_printable(void **state) {
	(void)state;
	assert_false(rune_is_print(0xFEFF));
	assert_true(rune_is_print(0xE9));
	assert_true(rune_is_print(RUNE_ERROR));
	assert_true(rune_is_word(0xE9));
	assert_false(rune_is_word('-'));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_broken_utf8_is_one_error_per_byte),
		cmocka_unit_test(test_runes_survive_a_round_trip),
		cmocka_unit_test(test_unquote),
		cmocka_unit_test(test_fields_and_trim_know_all_white_space),
		cmocka_unit_test(test_a_byte_order_mark_is_not_printable),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
