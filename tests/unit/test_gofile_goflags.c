/* SPDX-License-Identifier: MIT */
#include "gofile/goflags.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* As go1.26.8 judges them. */
static void test_faults(void **state) {
	(void)state;
	static const struct {
		const char *text;
		enum goflags_fault fault;
		const char *bad;
	} table[] = {
		{"", GOFLAGS_OK, ""},
		{" \t\n", GOFLAGS_OK, ""},
		{"-mod=mod --v", GOFLAGS_OK, ""},
		{"'-ldflags=-X a=b' \"-tags=x y\"", GOFLAGS_OK, ""},
		{"-ldflags='-s -w'", GOFLAGS_UNKNOWN, "-w'"},
		{"mod=mod", GOFLAGS_NON_FLAG, "mod=mod"},
		{"-v -", GOFLAGS_NON_FLAG, "-"},
		{"---v", GOFLAGS_NON_FLAG, "---v"},
		{"-=x", GOFLAGS_NON_FLAG, "-=x"},
		{"-bogus", GOFLAGS_UNKNOWN, "-bogus"},
		{"--bogus=1", GOFLAGS_UNKNOWN, "-bogus"},
		{"'-v", GOFLAGS_UNTERMINATED, "'"},
		{"\"", GOFLAGS_UNTERMINATED, "\""},
		{"''", GOFLAGS_NON_FLAG, ""},
		{"-test.run=X -a -zzz", GOFLAGS_UNKNOWN, "-zzz"},
	};
	struct arena *arena = arena_new();
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct goflags f = goflags_parse(arena, table[i].text);
		assert_int_equal(f.fault, table[i].fault);
		assert_string_equal(f.bad, table[i].bad);
	}
	arena_free(arena);
}

static void test_values(void **state) {
	(void)state;
	struct arena *arena = arena_new();
	struct goflags f = goflags_parse(arena, "-mod=mod -v --mod=vendor '-tags=a b'");
	assert_int_equal(f.count, 4);
	assert_string_equal(goflags_value(&f, "mod"), "vendor");
	assert_string_equal(goflags_value(&f, "v"), "true");
	assert_string_equal(goflags_value(&f, "tags"), "a b");
	assert_null(goflags_value(&f, "modfile"));
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_faults),
		cmocka_unit_test(test_values),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
