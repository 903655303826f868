/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "gofile/gosum.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_lookup(void **state) {
	struct gosum s =
		gosum_parse(*state, slice_str("example.com/b v1.0.0 h1:b=\r\n\n"
	                                      "example.com/a v1.0.0/go.mod h1:am=\n"
	                                      "example.com/a v1.0.0 h9:new=\n"
	                                      "example.com/a v1.0.0 h1:a=\n"
	                                      "example.com/c v1.0.0 h9:only=\n"
	                                      "example.com/d v1.0.0/go.mod "
	                                      "h1:G7mAYYxgmS0lVkHyy2hEOLQCFB0DlQFTMLWggykrydY=\n"));
	assert_int_equal(s.count, 5);
	assert_int_equal(s.malformed_line, 0);
	assert_true(gosum_has(&s, "example.com/a", "v1.0.0", false));
	assert_true(gosum_has(&s, "example.com/a", "v1.0.0", true));
	assert_true(gosum_has(&s, "example.com/b", "v1.0.0", false));
	assert_false(gosum_has(&s, "example.com/b", "v1.0.0", true));
	assert_false(gosum_has(&s, "example.com/b", "v1.0.1", false));
	assert_false(gosum_has(&s, "example.com/c", "v1.0.0", false));
	assert_false(gosum_has(&s, "example.com/d", "v1.0.0", true));
	assert_false(gosum_has(&s, "", "", false));
}

static void test_malformed_lines(void **state) {
	struct gosum s =
		gosum_parse(*state, slice_str("a v1 h1:x=\n<<<<<<< HEAD\nb v1\nc v1 h1:z=\n"));
	assert_int_equal(s.malformed_line, 2);
	assert_int_equal(s.malformed_words, 2);
	assert_int_equal(s.conflict_line, 2);
	assert_true(gosum_has(&s, "c", "v1", false));
	assert_int_equal(gosum_parse(*state, slice_str("")).count, 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lookup),
		cmocka_unit_test(test_malformed_lines),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
