/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "gofile/gowork.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_all_directives(void **state) {
	struct gowork w = gowork_parse(
		*state,
		slice_str("go 1.26\ntoolchain go1.26.8\nuse .\nuse (\n\t./a // x\n\t\"../b c\"\n)\n"
	                  "replace example.com/a v1.0.0 => ./z\n"));
	assert_int_equal(w.error.kind, MODFILE_ERROR_NONE);
	assert_string_equal(w.go_version, "1.26");
	assert_string_equal(w.toolchain, "go1.26.8");
	assert_int_equal(w.use_count, 3);
	assert_string_equal(w.uses[2].path, "../b c");
	assert_int_equal(w.uses[2].line, 6);
	assert_int_equal(w.replace_count, 1);
}

static void test_errors(void **state) {
	static const struct {
		const char *text;
		enum modfile_error_kind kind;
		int line;
	} table[] = {
		{"", MODFILE_ERROR_NONE, 0},
		{"go 1.26\nuse a b\n", MODFILE_ERROR_USAGE, 2},
		{"go 1.26\nrequire a.b/c v1.0.0\n", MODFILE_ERROR_UNKNOWN_DIRECTIVE, 2},
		{"go 1.26\nrequire (\n)\n", MODFILE_ERROR_UNKNOWN_DIRECTIVE, 2},
		{"go 1.x\n", MODFILE_ERROR_GO_VERSION, 1},
		{"go 1.26\nreplace a.b/c v1.2 => ./x\n", MODFILE_ERROR_VERSION, 2},
		{"go 1.26\n<<<<<<< x\n", MODFILE_ERROR_UNKNOWN_DIRECTIVE, 2},
		{"go 1.26\nuse (\n ./a\n", MODFILE_ERROR_SYNTAX, 4},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct gowork w = gowork_parse(*state, slice_str(table[i].text));
		assert_int_equal(w.error.kind, table[i].kind);
		assert_int_equal(w.error.line, table[i].line);
	}
	assert_int_equal(gowork_parse(*state, slice_str("go 1.26\nuse (\n ./a\n")).use_count, 1);
	assert_int_equal(gowork_parse(*state, slice_str("go 1.26\n<<<<<<< x\n")).conflict_line, 2);
}

static void test_use_path(void **state) {
	struct arena *a = *state;

	assert_string_equal(gowork_use_path(a, "/w", "/w"), "./");
	assert_string_equal(gowork_use_path(a, "/w", "/w/a/b"), "./a/b");
	assert_string_equal(gowork_use_path(a, "/w/x", "/w/a"), "../a");
	assert_string_equal(gowork_use_path(a, "/w/x", "/v"), "../../v");
	assert_string_equal(gowork_use_path(a, "/", "/v"), "./v");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_directives),
		cmocka_unit_test(test_errors),
		cmocka_unit_test(test_use_path),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
