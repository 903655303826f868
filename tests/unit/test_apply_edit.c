/* SPDX-License-Identifier: MIT
 * Steps that change a text, as text to text.
 */
#include "apply/edit.h"
#include "base/str.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct row {
	struct step step;
	const char *file;
	const char *before;
	const char *after; /* NULL: refused */
};

static void check_rows(const struct row *rows, size_t count) {
	for (size_t i = 0; i < count; i++) {
		struct arena *arena = arena_new();
		struct slice text;
		struct err err = {0};
		int r = edit_text(arena, &rows[i].step, rows[i].file, slice_str(rows[i].before),
		                  &text, &err);
		if (!rows[i].after) {
			if (r != -EBADMSG || !str_has(err.msg, rows[i].file)) {
				fail_msg("%s: %d, %s", rows[i].before, r, err.msg);
			}
		} else if (r < 0 || !slice_eq(text, rows[i].after)) {
			fail_msg("%s: %d, %s: %.*s", rows[i].before, r, err.msg, (int)text.len,
			         text.data);
		}
		arena_free(arena);
	}
}

#define CHECK(rows) check_rows((rows), sizeof(rows) / sizeof(*(rows)))

#define OUT ": # taken out by dialtone: "

static void test_assign(void **state) {
	static const struct {
		const char *file;
		const char *before;
		const char *after;
	} lines[] = {
		{".profile", "export GOROOT=/x", OUT "export GOROOT=/x"},
		{".profile", "  GOROOT=\"/x y\" # mine", OUT "  GOROOT=\"/x y\" # mine"},
		{".profile", "GOROOT=/x; export GOROOT", OUT "GOROOT=/x; export GOROOT"},
		{".profile", "export GOROOT=$(brew --prefix go)/libexec",
	         OUT "export GOROOT=$(brew --prefix go)/libexec"},
		{".profile", "export GOROOT=`which go`", OUT "export GOROOT=`which go`"},
		{".profile", "export GOROOT=/x GOPATH=/y", "export GOPATH=/y"},
		{".profile", "export A=1 GOROOT=\"/x y\" B=2 # c", "export A=1 B=2 # c"},
		{".profile", "export A GOROOT=/x", "export A"},
		{".profile", "A=1 GOROOT=/x", "A=1"},
		{".profile", "GOROOT=/x; export GOROOT PATH", ":; export GOROOT PATH"},
		{".profile", "GOROOT=/x go build", NULL},
		{".profile", "[ -d /x ] && export GOROOT=/x", "[ -d /x ] && :"},
		{".profile", "if true; then GOROOT=/x; fi", "if true; then :; fi"},
		{".profile", "export GOROOT=/x && echo", ": && echo"},
		{".profile", "GOROOT=/x | cat", NULL},
		{".profile", "f() { GOROOT=/x; }", NULL},
		{".profile", "case $a in b) GOROOT=/x;; esac", NULL},
		{".profile", "[ -d /x ] && GOROOT=/x || GOROOT=/y", NULL},
		{".profile", "[ -d /x ] && echo GOROOT=/x", NULL},
		{".profile", "export GOROOT='/x", NULL},
		{".profile", "export GOROOT=/x \\", NULL},
		{".profile", "export GOROOTX=/x", NULL},
		{".profile", "echo GOROOT=/x", NULL},
		{".profile", "", NULL},
		{"config.fish", "set -gx GOROOT /x /y",
	         "# taken out by dialtone: set -gx GOROOT /x /y"},
		{"config.fish", "set -gx GOROOT /x; echo", NULL},
		{"config.fish", "GOROOT=/x", NULL},
		{".cshrc", "setenv GOROOT /x", "# taken out by dialtone: setenv GOROOT /x"},
		{"/h/.pam_environment", "GOROOT  DEFAULT=/x OVERRIDE=",
	         "# taken out by dialtone: GOROOT  DEFAULT=/x OVERRIDE="},
		{"/h/.pam_environment", "GOROOTX DEFAULT=/x", NULL},
		{"/h/.config/systemd/user/a.service", "Environment=GOROOT=/x",
	         "# taken out by dialtone: Environment=GOROOT=/x"},
		{"/h/.config/systemd/user/a.service.d/o.conf",
	         "Environment=\"GOROOT=/x y\" 'A=1 2' B=3", "Environment='A=1 2' B=3"},
		{"/h/.config/systemd/user/a.service.d/o.conf", "Environment=B=3 GOROOT=/x",
	         "Environment=B=3"},
		{"/h/.config/systemd/user/a.service", "Environment=\"GOROOT=/x", NULL},
		{"/h/.config/systemd/user/a.service", "ExecStart=GOROOT=/x", NULL},
		{"/h/.config/fish/fish_variables", "SETUVAR --export GOROOT:/x\\x2d1",
	         "# taken out by dialtone: SETUVAR --export GOROOT:/x\\x2d1"},
		{"/h/.config/fish/fish_variables", "SETUVAR GOROOT:/x", NULL},
		{"/h/.config/fish/fish_variables", "SETUVAR --export GOROOTX:/x", NULL},
		{"/h/editor/go.env", "GOROOT=\"/x\"", "# taken out by dialtone: GOROOT=\"/x\""},
		{"/h/.config/environment.d/go.conf", "GOROOT=/x y",
	         "# taken out by dialtone: GOROOT=/x y"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof(lines) / sizeof(*lines); i++) {
		const struct row row = {
			.step = {.kind = STEP_ASSIGN, .name = "GOROOT", .line = 1},
			.file = lines[i].file,
			.before = lines[i].before,
			.after = lines[i].after,
		};
		check_rows(&row, 1);
	}
}

static void test_assign_values(void **state) {
	static const struct row others[] = {
		{{.kind = STEP_ASSIGN, .name = "A", .line = 2}, "x", "b\\\nA=1\n", NULL},
		{{.kind = STEP_ASSIGN, .name = "A", .line = 3}, "x", "A=1\n", NULL},
		{{.kind = STEP_ASSIGN, .name = "A", .line = 2, .value = "\"$HOME\"/y"},
	         "x",
	         "b\nexport A=1 # c\r\nd\n",
	         "b\nexport A=\"$HOME\"/y # c\r\nd\n"},
		{{.kind = STEP_ASSIGN, .name = "A", .line = 1, .value = "/y /z"},
	         "x.fish",
	         "set -x A /a /b\n",
	         "set -x A /y /z\n"},
		{{.kind = STEP_ASSIGN, .name = "A", .line = 1, .value = "3"},
	         "x",
	         "[ x ] && export B=1 A=2 C=3",
	         "[ x ] && export B=1 A=3 C=3"},
		{{.kind = STEP_MEMBER,
	          .name = "A",
	          .line = 2,
	          .expected = "1",
	          .path = "/h/a.toml"},
	         "/h/dot/b",
	         "[e]\nA = 1\nB = 2\n",
	         "[e]\nB = 2\n"},
		{{.kind = STEP_MEMBER,
	          .name = "l/[]",
	          .line = 1,
	          .expected = "\"a\"",
	          .value = "\"b\", \"c\"",
	          .path = "/h/a.lua"},
	         "/h/a.lua",
	         "x = { l = { 'a', 'd' } }",
	         "x = { l = { \"b\", \"c\", 'd' } }"},
		{{.kind = STEP_MEMBER, .name = "A", .line = 1, .path = "/h/a.el"},
	         "/h/a.el",
	         "A",
	         NULL},
		{{.kind = STEP_ASSIGN, .name = "A", .line = 1, .value = "1\nrm"},
	         "x",
	         "A=0\n",
	         NULL},
	};
	(void)state;
	CHECK(others);
}

static void test_lines(void **state) {
	static const struct row rows[] = {
		{{.kind = STEP_LINE, .line = 2, .expected = "b"},
	         "x",
	         "a\r\nb\r\nc\r\n",
	         "a\r\nc\r\n"},
		{{.kind = STEP_LINE, .line = 2, .expected = "b", .value = "B"},
	         "x",
	         "a\r\nb\r\nc",
	         "a\r\nB\r\nc"},
		{{.kind = STEP_LINE, .line = 3, .expected = "c"}, "x", "a\nb\nc", "a\nb\n"},
		{{.kind = STEP_LINE, .line = 2, .expected = "b", .value = "B"},
	         "x",
	         "a\nB\n",
	         "a\nB\n"},
		{{.kind = STEP_LINE, .line = 2, .expected = "b"}, "x", "a\nB\n", NULL},
		{{.kind = STEP_LINE, .line = 9, .expected = "b"}, "x", "a\n", NULL},
		{{.kind = STEP_APPEND, .value = "one\ntwo\n"}, "x", "", "one\ntwo\n"},
		{{.kind = STEP_APPEND, .value = "two"}, "x", "one", "one\ntwo\n"},
		{{.kind = STEP_APPEND, .value = "two"},
	         "x",
	         "one\ntwo\r\nthree",
	         "one\ntwo\r\nthree"},
		{{.kind = STEP_APPEND, .value = "two"}, "x", "twofold\n", "twofold\ntwo\n"},
	};
	(void)state;
	CHECK(rows);
}

static void test_goenv(void **state) {
	static const struct row rows[] = {
		{{.kind = STEP_GOENV, .name = "A"}, "x", "# c\nA=1\nB=2\nA=3", "# c\nB=2\n"},
		{{.kind = STEP_GOENV, .name = "A", .value = "4"},
	         "x",
	         "A=1\r\nB=2\nA=3",
	         "A=4\r\nB=2\n"},
		{{.kind = STEP_GOENV, .name = "A", .value = "4"}, "x", "B=2", "B=2\nA=4\n"},
		{{.kind = STEP_GOENV, .name = "A", .value = "4"}, "x", "", "A=4\n"},
		{{.kind = STEP_GOENV, .name = "A", .value = "4"},
	         "x",
	         "AB=2\nA=4\n",
	         "AB=2\nA=4\n"},
		{{.kind = STEP_GOENV, .name = "A"}, "x", "AB=2\n", "AB=2\n"},
		{{.kind = STEP_GOENV, .name = "A", .value = "1\nB=2"}, "x", "", NULL},
	};
	(void)state;
	CHECK(rows);
}

static void test_settings(void **state) {
	static const struct row rows[] = {
		{{.kind = STEP_SETTING, .name = "gopls/ui.semanticTokens", .value = "true"},
	         "x",
	         "{\n  \"gopls\": {}, // mine\n}\n",
	         "{\n  \"gopls\": {\n    \"ui.semanticTokens\": true\n  }, // mine\n}\n"},
		{{.kind = STEP_SETTING, .name = "a"}, "x", "{\"b\": 1}", "{\"b\": 1}"},
		{{.kind = STEP_SETTING, .name = "a"}, "x", "{\"a\": 1 \"b\": 2}", NULL},
	};
	(void)state;
	CHECK(rows);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_assign),   cmocka_unit_test(test_assign_values),
		cmocka_unit_test(test_lines),    cmocka_unit_test(test_goenv),
		cmocka_unit_test(test_settings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
