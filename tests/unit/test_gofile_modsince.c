/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "gofile/modsince.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define HEAD "module example.com/m\n\n"

/* Each of these was given to Go 1.18, 1.20, 1.22, 1.24 and 1.25: those before `go` refuse it. */
static void test_what_asks_for_a_newer_reader(void **state) {
	static const struct {
		const char *text, *go, *word;
		int line;
	} table[] = {
		{HEAD "go 1.24\n", "", "", 0},
		{HEAD "go 1.9\n", "", "", 0},
		{HEAD "go 1.23.2\n", "1.21", "go 1.23.2", 3},
		{HEAD "go 1.23rc1\n", "1.21", "go 1.23rc1", 3},
		{HEAD "go 1.19\n\ntoolchain go1.22.1\n", "1.21", "toolchain", 5},
		{HEAD "go 1.20\n\ngodebug panicnil=1\n", "1.23", "godebug", 5},
		{HEAD "go 1.22\n\ntool example.com/m\n", "1.24", "tool", 5},
		{HEAD "go 1.22\n\ntool (\n\texample.com/m\n)\n", "1.24", "tool", 5},
		{HEAD "go 1.22\n\nignore ./x\n", "1.25", "ignore", 5},
		{HEAD "go 1.15\n\nretract v1.0.0\n", "1.16", "retract", 5},
		/* the newest of several, wherever it stands */
		{HEAD "ignore ./x\ntool example.com/m\ngo 1.25.0\n", "1.25", "ignore", 3},
		{"go 1.22\n\ntoolchain go1.22.1\n\nuse ./m\n", "1.21", "toolchain", 3},
		/* words in comments, strings and of no Go are no directives */
		{HEAD "go 1.20 // tool\n// ignore ./x\n", "", "", 0},
		{HEAD "tools example.com/m\n", "", "", 0},
		{HEAD "go nonsense\n", "", "", 0},
		{"", "", "", 0},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		struct modsince since = modsince_of(*state, slice_str(table[i].text));
		assert_string_equal(since.go, table[i].go);
		assert_string_equal(since.word, table[i].word);
		assert_int_equal(since.line, table[i].line);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_asks_for_a_newer_reader),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
