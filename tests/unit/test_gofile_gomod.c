/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "gofile/gomod.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct gomod parse(void **state, const char *text) {
	return gomod_parse(*state, slice_str(text));
}

static void test_all_directives(void **state) {
	struct gomod m = parse(
		state, "// head\r\n"
		       "module \"example.com/m\" // Deprecated: no\n"
		       "go 1.26.1\n"
		       "toolchain go1.26.8\n"
		       "godebug default=go1.21\n"
		       "require example.com/a v1.2.3 // indirect\n"
		       "require (\n"
		       "\texample.com/b/v2 v2.0.0 // indirect; why\n"
		       "\n"
		       "\t// alone\n"
		       "\t\"example.com/c\" v0.0.0-20190101000000-abcdefabcdef // indirectly\n"
		       ")\n"
		       "exclude example.com/a v1.2.2\n"
		       "replace example.com/a => ../a\n"
		       "replace (\n"
		       "\texample.com/c v1.0.0 => example.com/d v1.1.0\n"
		       ")\n"
		       "retract [v1.0.0, v1.1.0] // oops\n"
		       "retract v1.2.0\n"
		       "tool example.com/a/cmd\n"
		       "ignore (\n\t./node_modules\n)\n");
	assert_int_equal(m.error.kind, MODFILE_ERROR_NONE);
	assert_string_equal(m.module, "example.com/m");
	assert_int_equal(m.module_line, 2);
	assert_string_equal(m.go_version, "1.26.1");
	assert_string_equal(m.toolchain, "go1.26.8");
	assert_int_equal(m.require_count, 3);
	assert_true(m.requires[0].indirect);
	assert_true(m.requires[1].indirect);
	assert_false(m.requires[2].indirect);
	assert_string_equal(m.requires[2].path, "example.com/c");
	assert_int_equal(m.requires[2].line, 11);
	assert_int_equal(m.exclude_count, 1);
	assert_int_equal(m.replace_count, 2);
	assert_string_equal(m.replaces[0].new_path, "../a");
	assert_string_equal(m.replaces[0].old_version, "");
	assert_string_equal(m.replaces[1].old_version, "v1.0.0");
	assert_string_equal(m.replaces[1].new_version, "v1.1.0");
	assert_int_equal(m.retract_count, 2);
	assert_string_equal(m.tools[0].path, "example.com/a/cmd");
	assert_string_equal(m.ignores[0].path, "./node_modules");
	assert_non_null(gomod_require_find(&m, "example.com/a"));
	assert_null(gomod_require_find(&m, "example.com"));
	assert_non_null(gomod_replace_find(&m, "example.com/c", "v1.0.0"));
	assert_null(gomod_replace_find(&m, "example.com/c", "v1.0.1"));
	assert_non_null(gomod_replace_find(&m, "example.com/a", "v9.0.0"));
}

/* Each line and kind as go1.26.8 reports it first. */
static void test_errors_are_those_of_go(void **state) {
	static const struct {
		const char *text;
		enum modfile_error_kind kind;
		int line;
	} table[] = {
		{"module m\nfoo bar\n", MODFILE_ERROR_UNKNOWN_DIRECTIVE, 2},
		{"module m\ngo 1.21.x\n", MODFILE_ERROR_GO_VERSION, 2},
		{"module m\ngo 1.2.3.4\n", MODFILE_ERROR_GO_VERSION, 2},
		{"module m\ngo 1.021\n", MODFILE_ERROR_GO_VERSION, 2},
		{"module m\ngo v1.21\n", MODFILE_ERROR_GO_VERSION, 2},
		{"module m\ngo 1.21rc\n", MODFILE_ERROR_GO_VERSION, 2},
		{"module m\ngo 1.21 1.22\n", MODFILE_ERROR_USAGE, 2},
		{"module m\ngo 1.21\ngo 1.22\n", MODFILE_ERROR_REPEATED, 3},
		{"module m\ngo 1.21rc2\n", MODFILE_ERROR_NONE, 0},
		{"module m\ngo 1.21.0rc2\n", MODFILE_ERROR_NONE, 0},
		{"module m\ntoolchain 1.22\n", MODFILE_ERROR_TOOLCHAIN, 2},
		{"module m\ntoolchain default\n", MODFILE_ERROR_NONE, 0},
		{"module m\nmodule n\n", MODFILE_ERROR_REPEATED, 2},
		{"module m m2\nfoo\n", MODFILE_ERROR_USAGE, 1},
		{"module (\n m\n)\n", MODFILE_ERROR_NONE, 0},
		{"go (\n 1.2\n)\nmodule m\n", MODFILE_ERROR_UNKNOWN_DIRECTIVE, 1},
		{"module m\nrequire x (\n a.b/c v1.0.0\n)\n", MODFILE_ERROR_UNKNOWN_DIRECTIVE, 2},
		{"module m\nfoo ()\n", MODFILE_ERROR_UNKNOWN_DIRECTIVE, 2},
		{"module m\nrequire ()\n", MODFILE_ERROR_NONE, 0},
		{"module m\nrequire (\n a.b/c v1.0.0\n", MODFILE_ERROR_SYNTAX, 4},
		{"module m\nrequire (\na.b/c v1.0.0\n) x\n", MODFILE_ERROR_SYNTAX, 4},
		{"module m\n) x\n", MODFILE_ERROR_UNKNOWN_DIRECTIVE, 2},
		{"module m\nrequire a.b/c v2.0.0\n", MODFILE_ERROR_VERSION, 2},
		{"module m\nrequire a.b/c/v1 v1.0.0\n", MODFILE_ERROR_PATH, 2},
		{"module a.b/c/ // mine\n", MODFILE_ERROR_PATH, 1},
		{"module /a.b/c\n", MODFILE_ERROR_PATH, 1},
		{"module \"a.b//c\"\n", MODFILE_ERROR_PATH, 1},
		{"module m\nrequire a.b/c\n", MODFILE_ERROR_USAGE, 2},
		{"module m\nrequire (\n<<<<<<< HEAD\n)\n", MODFILE_ERROR_PATH, 3},
		{"module m\nrequire 'a.b/c' v1.0.0\n", MODFILE_ERROR_PATH, 2},
		{"module m\nrequire `a.b/c` v1.0.0\n", MODFILE_ERROR_PATH, 2},
		{"module m\nreplace a.b/c => a.b/d\n", MODFILE_ERROR_PATH, 2},
		{"module m\nreplace a.b/c => ../d v1.0.0\n", MODFILE_ERROR_PATH, 2},
		{"module m\nreplace a.b/c => ..\\d\n", MODFILE_ERROR_PATH, 2},
		{"module m\nreplace a.b/c = ../d\n", MODFILE_ERROR_USAGE, 2},
		{"module m\nretract [v1.0.0 v1.1.0]\n", MODFILE_ERROR_USAGE, 2},
		{"module m\ngodebug x\n", MODFILE_ERROR_USAGE, 2},
		{"module m\ntool a b\n", MODFILE_ERROR_USAGE, 2},
		{"module m\n/* hi */\n", MODFILE_ERROR_SYNTAX, 2},
		{"module \"m\n", MODFILE_ERROR_SYNTAX, 1},
		{"\xef\xbb\xbfmodule m\n", MODFILE_ERROR_SYNTAX, 1},
		{"module m\nfoo bar\n/* hi */\n", MODFILE_ERROR_SYNTAX, 3},
		{"", MODFILE_ERROR_NO_MODULE, 0},
		{"go 1.26\n", MODFILE_ERROR_NO_MODULE, 0},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct gomod m = parse(state, table[i].text);
		if (m.error.kind != table[i].kind || m.error.line != table[i].line) {
			fail_msg("%s: kind %d line %d: %s", table[i].text, m.error.kind,
			         m.error.line, m.error.message);
		}
	}
}

static void test_what_is_behind_an_error_is_gathered(void **state) {
	struct gomod m = parse(state, "module m\nbogus\nmodule /*\nrequire (\n\ta.b/c "
	                              "v1.0.0\n\t\"x\n\ta.b/d v1.1.0\n)\ngo 1.26.0\n");
	assert_int_equal(m.error.kind, MODFILE_ERROR_SYNTAX);
	assert_int_equal(m.error.line, 3);
	assert_string_equal(m.module, "m");
	assert_int_equal(m.require_count, 2);
	assert_string_equal(m.go_version, "1.26.0");
}

static void test_conflict_markers_bom_nul_crlf(void **state) {
	struct gomod m = parse(state, "module m\r\ngo 1.26.0\r\n<<<<<<< HEAD\r\nrequire a.b/c "
	                              "v1.0.0\r\n=======\r\n>>>>>>> x\r\n");
	assert_int_equal(m.conflict_line, 3);
	assert_int_equal(m.error.line, 3);
	assert_int_equal(m.require_count, 1);
	assert_string_equal(m.requires[0].version, "v1.0.0");
	assert_int_equal(parse(state, "module m // <<<<<<< x\n========\n").conflict_line, 0);
	assert_true(parse(state, "\xef\xbb\xbfmodule m\n").has_bom);
	struct gomod nul = gomod_parse(*state, slice_of("module m\nre\0quire x\n", 20));
	assert_true(nul.has_nul);
	assert_int_equal(nul.error.kind, MODFILE_ERROR_SYNTAX);
	assert_int_equal(nul.error.line, 2);
	assert_int_equal(nul.error.column, 3);
	assert_true(parse(state, " \n// only words\n").empty);
	assert_false(parse(state, "module m\n").empty);
}

static void test_versions_only_a_proxy_can_explain(void **state) {
	struct gomod m = parse(state, "module m\nrequire a.b/c master\nrequire a.b/d 1.2\n");
	assert_int_equal(m.error.kind, MODFILE_ERROR_NONE);
	assert_int_equal(m.loose_version_line, 2);
	assert_string_equal(m.loose_version, "master");
	assert_string_equal(m.loose_path, "a.b/c");
	assert_int_equal(m.require_count, 2);
}

/* What only main modules mind is passed over; what any reader minds is not. */
static void test_errors_of_a_dependency(void **state) {
	static const struct {
		const char *text;
		int line; /* 0: fine */
	} files[] = {
		{"<<<<<<< HEAD\nmodule m\n", 0},
		{"module m\nreplace x\nfoo (\n\tbar\n)\n", 0},
		{"<<<<<<< HEAD\nmodule m\n=======\nmodule n\n>>>>>>> x\n", 4},
		{"module m\nrequire (\n<<<<<<< HEAD\n)\n", 3},
		{"module m\nrequire (\n", 3},
	};
	for (size_t i = 0; i < sizeof(files) / sizeof(files[0]); i++) {
		struct modfile_error e = gomod_dependency_error(*state, slice_str(files[i].text));
		assert_int_equal(e.kind == MODFILE_ERROR_NONE ? 0 : e.line, files[i].line);
	}
}

static void test_a_large_hostile_file_is_bounded(void **state) {
	size_t len = MODFILE_MAX_BYTES + 10;
	char *text = arena_alloc(*state, len);
	memset(text, '(', len);
	struct gomod m = gomod_parse(*state, slice_of(text, len));
	assert_true(m.truncated);
	assert_int_equal(m.error.kind, MODFILE_ERROR_SYNTAX);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_all_directives),
		cmocka_unit_test(test_errors_are_those_of_go),
		cmocka_unit_test(test_what_is_behind_an_error_is_gathered),
		cmocka_unit_test(test_conflict_markers_bom_nul_crlf),
		cmocka_unit_test(test_versions_only_a_proxy_can_explain),
		cmocka_unit_test(test_errors_of_a_dependency),
		cmocka_unit_test(test_a_large_hostile_file_is_bounded),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
