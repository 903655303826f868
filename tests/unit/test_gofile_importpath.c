/* SPDX-License-Identifier: MIT */
#include "gofile/importpath.h"

#include "base/str.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* What go 1.26 takes, tried with go list. */
static void test_accepted(void **state) {
	static const char *const paths[] = {
		"fmt",
		"example.com/m/b",
		"example.com/m/a+b",
		"example.com/m/a~b",
		"a/.x",
		"a/_x",
		"a/Bbb",
		"a/-x",
		"gopkg.in/y.v3",
		"a/console",
		"a/com10",
		"a/x~1y",
		"a/v1.2.3",
		"a/testdata",
	};
	struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++) {
		assert_null(importpath_fault(arena, paths[i]));
	}
	arena_free(arena);
}

static void test_refused(void **state) {
	static const struct {
		const char *path, *word;
	} table[] = {
		{"example.com/m/my dir", "' '"},
		{"example.com/m/größe", "'ö'"},
		{"example.com/m/v@1", "'@'"},
		{"example.com/m/a:b", "':'"},
		{"example.com/m/a=b", "'='"},
		{"example.com/m/a#b", "'#'"},
		{"example.com/m/a(b)", "'('"},
		{"example.com/m/a%b", "'%'"},
		{"example.com/m/a'b", "'''"},
		{"example.com/m/a.", "dot"},
		{"example.com/m/con", "device"},
		{"example.com/m/CON.x/y", "device"},
		{"example.com/m/x~1", "tilde"},
		{"a//b", "empty"},
		{"a/", "empty"},
		{"", "empty"},
		{"a/...", "dots"},
		{"-a/b", "dash"},
		{"a/\xf6x", "not allowed"},
	};
	struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const char *fault = importpath_fault(arena, table[i].path);
		assert_non_null(fault);
		assert_true(str_has(fault, table[i].word));
	}
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_accepted),
		cmocka_unit_test(test_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
