/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "report/harmless.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static void expect_utf8(const char *bytes, uint32_t codepoint, size_t used) {
	struct slice rest = slice_str(bytes);
	size_t before = rest.len;
	assert_int_equal(utf8_next(&rest), codepoint);
	assert_int_equal(before - rest.len, used);
}

static void test_utf8(void **state) {
	(void)state;
	expect_utf8("a", 'a', 1);
	expect_utf8("\xc3\xa9x", 0xe9, 2);
	expect_utf8("\xe2\x82\xac", 0x20ac, 3);
	expect_utf8("\xf0\x9f\x98\x80", 0x1f600, 4);
	expect_utf8("\xf4\x8f\xbf\xbf", 0x10ffff, 4);
	expect_utf8("\xf4\x90\x80\x80", UTF8_BAD, 1); /* above U+10FFFF */
	expect_utf8("\xed\xa0\x80", UTF8_BAD, 1);     /* surrogate */
	expect_utf8("\xc0\xaf", UTF8_BAD, 1);         /* overlong */
	expect_utf8("\xe0\x80\xaf", UTF8_BAD, 1);
	expect_utf8("\xf0\x80\x80\xaf", UTF8_BAD, 1);
	expect_utf8("\x80", UTF8_BAD, 1);
	expect_utf8("\xe2\x82", UTF8_BAD, 1); /* cut off */
	expect_utf8("\xe2x\xac", UTF8_BAD, 1);
	expect_utf8("\xff", UTF8_BAD, 1);
}

static void test_controls_become_visible(void **state) {
	assert_string_equal(harmless(*state, "a\033[31mb\007\177", true), "a\\x1b[31mb\\x07\\x7f");
	assert_string_equal(harmless(*state, "a\nb\tc\rd", true), "a b c d");
	assert_string_equal(harmless_lines(*state, "a\nb\033", true), "a\nb\\x1b");
	assert_string_equal(harmless(*state, "x\xe2\x80\xaey", true), "x\\u{202e}y");
	assert_string_equal(harmless(*state, "\xc2\x9b", true), "\\u{9b}");
	assert_string_equal(harmless(*state, "a\xff\xfe", true), "a\\xff\\xfe");
	assert_string_equal(harmless(*state, "\xef\xbb\xbfx", true), "\\u{feff}x");
}

static void test_letters_stay_when_they_can_be_shown(void **state) {
	assert_string_equal(harmless(*state,
	                             "Stra\xc3\x9f"
	                             "e",
	                             true),
	                    "Stra\xc3\x9f"
	                    "e");
	assert_string_equal(harmless(*state,
	                             "Stra\xc3\x9f"
	                             "e",
	                             false),
	                    "Stra\\u{df}e");
}

static void test_columns(void **state) {
	(void)state;
	assert_int_equal(codepoint_columns('a'), 1);
	assert_int_equal(codepoint_columns(0x301), 0);
	assert_int_equal(codepoint_columns(0x65e5), 2);
}

static void test_passwords_in_urls(void **state) {
	assert_string_equal(mask_urls(*state, "GOPROXY=https://u:p@h/x,direct"),
	                    "GOPROXY=https://***@h/x,direct");
	assert_string_equal(mask_urls(*state, "https://token@h"), "https://***@h");
	assert_string_equal(mask_urls(*state, "https://u:p@ss@h/"), "https://***@h/");
	assert_string_equal(mask_urls(*state, "socks5://u:p@h:1 and http://v:q@h"),
	                    "socks5://***@h:1 and http://***@h");
	assert_string_equal(mask_urls(*state, "ssh://git@h/x"), "ssh://git@h/x");
	assert_string_equal(mask_urls(*state, "https://h/a@v1"), "https://h/a@v1");
	assert_string_equal(mask_urls(*state, "https://"), "https://");
	assert_string_equal(mask_urls(*state, "://@"), "://@");
}

static void test_secret_names(void **state) {
	(void)state;
	assert_true(name_is_secret("GITHUB_TOKEN"));
	assert_true(name_is_secret("my_password"));
	assert_true(name_is_secret("AWS_SECRET_ACCESS_KEY"));
	assert_true(name_is_secret("AZURE_PAT"));
	assert_false(name_is_secret("PATH"));
	assert_false(name_is_secret("GOFLAGS"));
	assert_false(name_is_secret("MONKEY"));
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(test_utf8),
		TEST(test_controls_become_visible),
		TEST(test_letters_stay_when_they_can_be_shown),
		TEST(test_columns),
		TEST(test_passwords_in_urls),
		TEST(test_secret_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
