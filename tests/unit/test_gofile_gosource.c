/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "gofile/gosource.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct gosource parse(void **state, const char *text) {
	return gosource_parse(*state, slice_str(text), "mymod");
}

static void expect_pos(struct gosource_pos pos, int line, int character) {
	assert_int_equal(pos.line, line);
	assert_int_equal(pos.character, character);
}

static void test_an_ordinary_file(void **state) {
	struct gosource s =
		parse(state, "// fmt.Println in a comment\n"
	                     "package main\n"
	                     "\n"
	                     "import (\n"
	                     "\t\"fmt\" // fmt.X\n"
	                     "\ty \"gopkg.in/yaml.v3\"\n"
	                     "\t_ \"embed\"\n"
	                     "\t\"mymod/util/v2\"\n"
	                     ")\n"
	                     "\n"
	                     "type thing struct {\n\tthing *thing\n}\n"
	                     "\n"
	                     "func main() {\n"
	                     "\ts := \"fmt.Print\" + `fmt.\nPrint` + string('\"')\n"
	                     "\tx := \"\xf0\x9f\x98\x80\xc3\xa9\"; fmt.Println(s, x, util.Do())\n"
	                     "\thelper()\n"
	                     "}\n"
	                     "\n"
	                     "func helper() {}\n");
	assert_string_equal(s.package, "main");
	expect_pos(s.package_pos, 2, 8);
	assert_int_equal(s.import_count, 4);
	assert_string_equal(s.imports[1].name, "y");
	assert_string_equal(s.imports[3].name, "util");
	assert_int_equal(s.imports[3].line, 8);
	assert_false(s.imports_c);
	assert_false(s.broken);
	assert_string_equal(s.standard.name, "Println");
	assert_string_equal(s.standard.path, "fmt");
	expect_pos(s.standard.pos, 18, 17);
	assert_string_equal(s.other.path, "mymod/util/v2");
	assert_string_equal(s.own.name, "thing");
	expect_pos(s.own.pos, 12, 8);
	expect_pos(s.own_declared, 11, 5);
}

static void test_own_names(void **state) {
	struct gosource s = parse(
		state,
		"package a\nimport \"os\"\nvar (\n\tlimit = 3\n\tother, more int\n)\nfunc (t *T) "
		"limit() {}\n"
		"func f(limit int) {\n\tx.limit = 1\n\tp{limit: 2}\n\tgo os.Exit(limit)\n}\n");
	assert_string_equal(s.own.name, "limit");
	assert_int_equal(s.own.pos.line, 11);
	expect_pos(s.own_declared, 4, 1);
	assert_string_equal(s.standard.name, "Exit");
	assert_int_equal(parse(state, "package main\nfunc main() {}\n").own.pos.line, 0);
}

static void test_imports(void **state) {
	struct gosource s = parse(state, "package a; import \"C\"; import . `strings`\nimport g "
	                                 "\"example.com/go-git/v5\"\nvar x = C.X + g.Y\n");
	assert_true(s.imports_c);
	assert_int_equal(s.import_count, 3);
	assert_string_equal(s.imports[1].name, ".");
	assert_int_equal(s.standard.pos.line, 0);
	assert_string_equal(s.other.name, "Y");
	assert_string_equal(parse(state, "package a\nimport \"x.y/go-git\"\n").imports[0].name,
	                    "git");
}

static void test_broken_code(void **state) {
	static const char *const broken[] = {"package a\nvar x = \"abc\nfunc f() {}\n",
	                                     "package a\n/* open", "package a\nvar c = '",
	                                     "package a\nvar r = `x", "\"\\"};
	for (size_t i = 0; i < sizeof(broken) / sizeof(broken[0]); i++) {
		assert_true(parse(state, broken[i]).broken);
	}
	static const char *const odd[] = {"",
	                                  "package",
	                                  "import (",
	                                  "package a\nimport (\n\"x",
	                                  "}}}}))))",
	                                  "func",
	                                  "package a\nimport 5",
	                                  "package a\nvar (",
	                                  "\xff\xfe",
	                                  "package a\nfunc (",
	                                  "import . ."};
	for (size_t i = 0; i < sizeof(odd) / sizeof(odd[0]); i++) {
		assert_int_equal(parse(state, odd[i]).standard.pos.line, 0);
	}
	struct gosource s = parse(
		state, "package a\nimport \"fmt\"\nvar x = \"abc\nfunc f() { fmt.Print() }\n");
	assert_string_equal(s.standard.name, "Print");
	s = gosource_parse(*state, slice_of("package a\n\0func x", 17), NULL);
	assert_string_equal(s.package, "a");
}

/* The head is read, and nothing behind it: neither its broken string nor its uses. */
static void test_only_imports(void **state) {
	const char *text =
		"package a\nimport (\n\t\"fmt\"\n\tx \"C\"\n)\n\nfunc F() { fmt.Print() }\n"
		"var a, b, c = 1, 2, 3\nvar s = \"open\n";
	struct gosource s = gosource_imports(*state, slice_of(text, strlen(text)));
	assert_string_equal(s.package, "a");
	assert_int_equal(s.import_count, 2);
	assert_int_equal(s.imports[1].line, 4);
	assert_true(s.imports_c);
	assert_false(s.broken);
	assert_int_equal(s.standard.pos.line, 0);
	assert_true(parse(state, text).broken);
}

/* What is found does not depend on how much stands between a name and its use. */
static void test_long_files(void **state) {
	struct strbuf text;
	strbuf_init(&text, *state);
	strbuf_add(&text, "package a\n\nimport \"fmt\"\n\nvar table = []int{\n");
	for (int i = 0; i < 20000; i++) {
		strbuf_add(&text, "\t1, 2, 3, 4,\n");
	}
	strbuf_add(&text, "}\n\nfunc f() { fmt.Println(table) }\n");
	struct gosource s = parse(state, text.data);
	assert_int_equal(s.standard.pos.line, 20008);
	assert_int_equal(s.own.pos.line, 20008);
	assert_int_equal(s.own_declared.line, 5);
	assert_false(s.broken);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_ordinary_file), cmocka_unit_test(test_own_names),
		cmocka_unit_test(test_imports),          cmocka_unit_test(test_broken_code),
		cmocka_unit_test(test_only_imports),     cmocka_unit_test(test_long_files),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
