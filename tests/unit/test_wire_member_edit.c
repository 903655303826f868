/* SPDX-License-Identifier: MIT
 * One member of a configuration, in the three languages.
 */
#include "base/str.h"
#include "wire/member_edit.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct row {
	struct member_edit edit;
	const char *before;
	const char *after; /* NULL: refused */
};

static void check_rows(const struct row *rows, size_t count) {
	for (size_t i = 0; i < count; i++) {
		struct arena *arena = arena_new();
		struct slice text = {0};
		struct err err = {0};
		int r = member_edit(arena, slice_str(rows[i].before), &rows[i].edit, &text, &err);
		if (rows[i].after ? r < 0 || !slice_eq(text, rows[i].after) : r >= 0) {
			fail_msg("%s: %d, %s: %.*s", rows[i].before, r, err.msg, (int)text.len,
			         text.data);
		}
		arena_free(arena);
	}
}

#define CHECK(rows) check_rows((rows), sizeof(rows) / sizeof(*(rows)))
#define TOML_AT(at) .language = MEMBER_TOML, .line = (at)
#define LUA_AT(at)  .language = MEMBER_LUA, .line = (at)
#define JSON_AT(at) .language = MEMBER_JSON, .line = (at)
#define LISP_AT(at) .language = MEMBER_LISP, .line = (at)

static void test_lisp(void **state) {
	static const struct row rows[] = {
		{{LISP_AT(2), .key = "A"},
	         "(a)\n  (setenv \"A\" \"x\") ; why\n(b)\n",
	         "(a)\n(b)\n"},
		{{LISP_AT(1), .key = "A"}, "(progn (setenv \"A\" \"x\") (b))", "(progn (b))"},
		{{LISP_AT(1), .key = "A", .expected = "\"x\"", .value = "\"y \\\"\\\\\""},
	         "(setenv \"A\"\n  \"x\") ; c",
	         "(setenv \"A\"\n  \"y \\\"\\\\\") ; c"},
		{{LISP_AT(1), .key = "A", .expected = "\"z\""}, "(setenv \"A\" \"x\")", NULL},
		{{LISP_AT(1), .key = "A"}, "(setenv \"A\" (f))", NULL},
		{{LISP_AT(1), .key = "A"}, "(setenv \"A\" \"$X\" t)", NULL},
		{{LISP_AT(1), .key = "A"}, "(setenv \"A\" \"x\") (setenv \"A\" \"x\")", NULL},
		/* Settings of a server, in the two ways in which lists have names. */
		{{LISP_AT(1), .key = "a", .expected = "\"x\""},
	         "(:g (:a \"x\" :b t))",
	         "(:g ( :b t))"},
		{{LISP_AT(1), .key = "a", .value = "true"},
	         "((a . \"x\") (b . 1))",
	         "((a . t) (b . 1))"},
		{{LISP_AT(1), .key = "a", .expected = "\"y\""}, "(:g (:a \"x\"))", NULL},
		{{LISP_AT(1), .key = "a"}, "(:a \"x\" :a \"x\")", NULL},
		{{LISP_AT(1), .key = "A"}, "; (setenv \"A\" \"x\")", NULL},
		{{LISP_AT(1), .key = "p", .element = "\"-b\""},
	         "'(go-mode . (\"gopls\" \"-a\" \"-b\")) ; c",
	         "'(go-mode . (\"gopls\" \"-a\")) ; c"},
		{{LISP_AT(1), .key = "p", .element = "\"-a -b\"", .value = "\"-a\", \"-b\""},
	         "(setq p '(\"-a -b\"))",
	         "(setq p '(\"-a\" \"-b\"))"},
		{{LISP_AT(1), .key = "p", .element = "\"-b\""}, "'(\"gopls\" x \"-b\")", NULL},
	};
	(void)state;
	CHECK(rows);
}

static void test_toml(void **state) {
	static const struct row rows[] = {
		{{TOML_AT(2), .key = "A"}, "# c\nA = 1 # d\r\nB = 2\n", "# c\nB = 2\n"},
		{{TOML_AT(1), .key = "A"}, "e = { \"A\" = \"x\", B = \"y\" }", "e = { B = \"y\" }"},
		{{TOML_AT(1), .key = "B"}, "e = { A = \"x\", B = \"y\" }", "e = { A = \"x\" }"},
		{{TOML_AT(1), .key = "A"}, "e = { A = \"x\" }\n", "e = { }\n"},
		{{TOML_AT(2), .key = "A"}, "[e]\nA = \"x\"\nB = 1", "[e]\nB = 1"},
		{{TOML_AT(1), .key = "A"}, "A = [\n  1,\n]\nB = 1\n", "B = 1\n"},
		{{TOML_AT(1), .key = "e/A"}, "e = { A = \"x\", B = 1 }", "e = { B = 1 }"},
		{{TOML_AT(1), .key = "A", .value = "[\"a\", true]"},
	         "A = 'x' # c",
	         "A = [\"a\", true] # c"},
		{{TOML_AT(1), .key = "A", .value = "{\"k\": 1}"}, "A = 2", "A = { \"k\" = 1 }"},
		{{TOML_AT(1), .key = "args", .element = "\"-b\""},
	         "args = [\"-a\", \"-b\", \"-c\"]",
	         "args = [\"-a\", \"-c\"]"},
		{{TOML_AT(1), .key = "args", .element = "\"-b\""},
	         "args = [\"-a\", \"-b\"]",
	         "args = [\"-a\"]"},
		{{TOML_AT(1), .key = "args", .element = "\"-b\""},
	         "args = [\n  \"-a\",\n  \"-b\", # c\n]",
	         "args = [\n  \"-a\",\n]"},
		{{TOML_AT(1), .key = "args", .element = "\"a b\"", .value = "\"a\", \"b\""},
	         "args = [\"a b\"]",
	         "args = [\"a\", \"b\"]"},
		{{JSON_AT(2), .key = "env/A"},
	         "{\n  \"gopls.env\": {\"A\": \"x\", \"B\": 1},\n}",
	         "{\n  \"gopls.env\": {\"B\": 1},\n}"},
		{{JSON_AT(1), .key = "env"}, "{\"xenv\": 1}", NULL},
		{{TOML_AT(2), .key = "A"}, "A = 1\n", NULL},
		{{TOML_AT(1), .key = "A", .expected = "2"}, "A = 1\n", NULL},
		{{TOML_AT(1), .key = "b"}, "x = { a.b = 1 }\n", NULL},
		{{TOML_AT(1), .key = "A", .value = "null"}, "A = 1\n", NULL},
		{{TOML_AT(1), .key = "A"}, "A = 1\nB\n", NULL},
		{{TOML_AT(1), .key = "A"}, "x = [{ A = 1 }, { A = 1 }]\n", NULL},
	};
	(void)state;
	CHECK(rows);
}

static void test_lua(void **state) {
	static const struct row rows[] = {
		{{LUA_AT(2), .key = "A"}, "x()\n  vim.env.A = 'v' -- c\ny()\n", "x()\ny()\n"},
		{{LUA_AT(1), .key = "A"}, "x() vim.fn.setenv('A', 'v'); y()", "x()  y()"},
		{{LUA_AT(1), .key = "A", .expected = "\"v\"", .value = "\"w'\""},
	         "vim.env['A'] = 'v'",
	         "vim.env['A'] = \"w'\""},
		{{LUA_AT(1), .key = "A", .expected = "\"w\""}, "vim.env.A = 'v'", NULL},
		{{LUA_AT(1), .key = "A"}, "if f then vim.env.A = 'v' end", NULL},
		{{LUA_AT(1), .key = "A"}, "vim.env.A = 'v' vim.env.A = 'v'", NULL},
		{{LUA_AT(2), .key = "A"},
	         "x = {\n\tA = 1, -- c\n\tB = f(),\n}",
	         "x = {\n\tB = f(),\n}"},
		{{LUA_AT(1), .key = "A"}, "x = { [ \"A\" ] = 'v'; B = 1 }", "x = { B = 1 }"},
		{{LUA_AT(1), .key = "B"}, "x = { A = 1, B = { c = 2 } }", "x = { A = 1 }"},
		{{LUA_AT(1), .key = "A", .value = "[\"a\"]"},
	         "x = { A = 'v' }",
	         "x = { A = { \"a\" } }"},
		{{LUA_AT(1), .key = "A", .value = "{\"k\": false}"},
	         "x = { A = 1 }",
	         "x = { A = { [\"k\"] = false } }"},
		{{LUA_AT(1), .key = "cmd", .element = "\"-b\""},
	         "start({ cmd = { 'gopls', '-b' }, root_dir = r })",
	         "start({ cmd = { 'gopls' }, root_dir = r })"},
		{{LUA_AT(1), .key = "A"}, "x = { A = f }", NULL},
		{{LUA_AT(1), .key = "A", .value = "\"a\\nb\""}, "x = { A = 1 }", NULL},
		{{LUA_AT(1), .key = "A"}, "-- x = { A = 1 }", NULL},
	};
	(void)state;
	CHECK(rows);
}

static void test_json(void **state) {
	static const struct row rows[] = {
		{{JSON_AT(2), .key = "A"},
	         "{\n  \"A\": 1, // c\n  \"B\": 2\n}",
	         "{\n  \"B\": 2\n}"},
		{{JSON_AT(1), .key = "B"}, "{\"A\": 1, \"B\": 2}", "{\"A\": 1}"},
		{{JSON_AT(1), .key = "B", .expected = "2", .value = "{\"x\": [3]}"},
	         "{\"A\": 1, \"B\": 2}",
	         "{\"A\": 1, \"B\": { \"x\": [3] }}"},
		{{JSON_AT(1), .key = "args", .element = "\"-a\""},
	         "{\"args\": [\"-a\"]}",
	         "{\"args\": []}"},
		{{JSON_AT(1), .key = "A"}, "{\"A\": 1, }}", NULL},
	};
	(void)state;
	CHECK(rows);
	assert_int_equal(member_language_of("/x/languages.toml"), MEMBER_TOML);
	assert_int_equal(member_language_of("/x/LSP.sublime-settings"), MEMBER_JSON);
	assert_int_equal(member_language_of("/x/init.vim"), MEMBER_UNKNOWN);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_toml),
		cmocka_unit_test(test_lisp),
		cmocka_unit_test(test_lua),
		cmocka_unit_test(test_json),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
