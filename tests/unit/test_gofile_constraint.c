/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "gofile/constraint.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static const char *const tags[] = {"integration"};
static const struct constraint_context linux_amd64 = {.goos = "linux",
                                                      .goarch = "amd64",
                                                      .tags = tags,
                                                      .tag_count = 1,
                                                      .cgo = true,
                                                      .go_minor = 26};

static void test_names(void **state) {
	static const struct {
		const char *name;
		enum constraint_verdict verdict;
		const char *tag;
	} table[] = {
		{"a.go", CONSTRAINT_INCLUDED, ""},
		{"linux.go", CONSTRAINT_INCLUDED, ""},
		{"windows.go", CONSTRAINT_INCLUDED, ""},
		{"a_linux.go", CONSTRAINT_INCLUDED, ""},
		{"a_windows.go", CONSTRAINT_OTHER_PLATFORM, "windows"},
		{"a_windows_test.go", CONSTRAINT_OTHER_PLATFORM, "windows"},
		{"a_linux_arm64.go", CONSTRAINT_OTHER_PLATFORM, "arm64"},
		{"a_darwin_amd64.go", CONSTRAINT_OTHER_PLATFORM, "darwin"},
		{"a_darwin_x_amd64.go", CONSTRAINT_INCLUDED, ""},
		{"a_unix.go", CONSTRAINT_INCLUDED, ""},
		{"_windows.go", CONSTRAINT_IGNORED_NAME, ""},
		{".a.go", CONSTRAINT_IGNORED_NAME, ""},
		{"a.s", CONSTRAINT_NOT_GO, ""},
		{"a_windows.pb.go", CONSTRAINT_OTHER_PLATFORM, "windows"},
		{"_test.go", CONSTRAINT_IGNORED_NAME, ""},
		{"test.go", CONSTRAINT_INCLUDED, ""},
		{"arm_test.go", CONSTRAINT_INCLUDED, ""},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct constraint_result r =
			constraint_match_name(*state, &linux_amd64, table[i].name);
		assert_int_equal(r.verdict, table[i].verdict);
		assert_string_equal(r.tag, table[i].tag);
	}
}

static void test_expressions(void **state) {
	static const struct {
		const char *text;
		enum constraint_verdict verdict;
		const char *tag;
		bool wanted;
	} table[] = {
		{"linux && cgo", CONSTRAINT_INCLUDED, "", true},
		{"unix && gc && go1.26 && amd64.v1 && integration", CONSTRAINT_INCLUDED, "", true},
		{"go1.27", CONSTRAINT_EXCLUDED, "go1.27", true},
		{"go1.0", CONSTRAINT_EXCLUDED, "go1.0", true},
		{"ignore", CONSTRAINT_EXCLUDED, "ignore", true},
		{"linux && !cgo", CONSTRAINT_EXCLUDED, "cgo", false},
		{"!(linux || darwin)", CONSTRAINT_EXCLUDED, "linux", false},
		{"!(darwin || linux)", CONSTRAINT_EXCLUDED, "linux", false},
		{"windows || darwin", CONSTRAINT_EXCLUDED, "windows", true},
		{"(linux && e2e) || windows", CONSTRAINT_EXCLUDED, "e2e", true},
		{"!!linux", CONSTRAINT_BROKEN, "", true},
		{"", CONSTRAINT_BROKEN, "", true},
		{"linux &", CONSTRAINT_BROKEN, "", true},
		{"linux darwin", CONSTRAINT_BROKEN, "", true},
		{"(linux", CONSTRAINT_BROKEN, "", true},
		{"linux)", CONSTRAINT_BROKEN, "", true},
		{"linux,darwin", CONSTRAINT_BROKEN, "", true},
		{"linux || ", CONSTRAINT_BROKEN, "", true},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct constraint_result r =
			constraint_match(*state, &linux_amd64, slice_str(table[i].text));
		assert_int_equal(r.verdict, table[i].verdict);
		assert_string_equal(r.tag, table[i].tag);
		assert_int_equal(r.wanted, table[i].wanted);
	}
}

static struct constraint_result file(void **state, const char *text) {
	return constraint_match_file(*state, &linux_amd64, "a.go", slice_str(text));
}

static void test_files(void **state) {
	struct constraint_result r =
		file(state, "// Copyright\n\n//go:build windows\n\npackage a\n");
	assert_int_equal(r.verdict, CONSTRAINT_EXCLUDED);
	assert_int_equal(r.line, 3);
	assert_string_equal(r.expression, "windows");
	assert_int_equal(file(state, "package a\n//go:build windows\n").verdict,
	                 CONSTRAINT_INCLUDED);
	assert_int_equal(file(state, "/*\n//go:build windows\n*/\npackage a\n").verdict,
	                 CONSTRAINT_INCLUDED);
	assert_int_equal(file(state, "/* x */ //go:build windows\npackage a\n").verdict,
	                 CONSTRAINT_INCLUDED);
	assert_int_equal(file(state, "//go:build linux\n//go:build linux\npackage a\n").verdict,
	                 CONSTRAINT_BROKEN);
	assert_int_equal(file(state, "//go:buildx windows\npackage a\n").verdict,
	                 CONSTRAINT_INCLUDED);
	assert_int_equal(file(state, "\xef\xbb\xbf//go:build windows\r\npackage a\n").verdict,
	                 CONSTRAINT_EXCLUDED);
	/* The old form needs a blank line behind it, and yields to the new one. */
	r = file(state, "// +build windows darwin\n// +build !cgo\n\npackage a\n");
	assert_int_equal(r.verdict, CONSTRAINT_EXCLUDED);
	assert_int_equal(r.line, 1);
	r = file(state, "//+build linux,!cgo\n\npackage a\n");
	assert_string_equal(r.tag, "cgo");
	assert_false(r.wanted);
	assert_int_equal(file(state, "// +build windows\npackage a\n").verdict,
	                 CONSTRAINT_INCLUDED);
	assert_int_equal(file(state, "//go:build linux\n// +build windows\n\npackage a\n").verdict,
	                 CONSTRAINT_INCLUDED);
	assert_int_equal(file(state, "// +build linux,\n\npackage a\n").verdict,
	                 CONSTRAINT_EXCLUDED);
	assert_int_equal(file(state, "").verdict, CONSTRAINT_INCLUDED);
}

static void test_deep_nesting_is_refused(void **state) {
	size_t depth = 10000;
	char *text = arena_alloc(*state, 2 * depth + 2);
	memset(text, '(', depth);
	text[depth] = 'a';
	memset(text + depth + 1, ')', depth);
	struct constraint_result r =
		constraint_match(*state, &linux_amd64, slice_of(text, 2 * depth + 1));
	assert_int_equal(r.verdict, CONSTRAINT_BROKEN);
	r = constraint_match(*state, &linux_amd64, slice_of(text + depth - 900, 1801));
	assert_int_equal(r.verdict, CONSTRAINT_EXCLUDED);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_names),
		cmocka_unit_test(test_expressions),
		cmocka_unit_test(test_files),
		cmocka_unit_test(test_deep_nesting_is_refused),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
