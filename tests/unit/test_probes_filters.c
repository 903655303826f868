/* SPDX-License-Identifier: MIT */
#include "probes/modules/modules_options.h"

#include "base/str.h"
#include "wire/jsonc.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

/* Tried with gopls v0.16.2, v0.23.0 and v0.24.0. */
static void test_filters(void **state) {
	static const struct {
		const char *filters, *dir, *decides; /* decides: "" when the directory stays in */
	} table[] = {
		{"[]", "", ""},
		{"[\"-\"]", "", "-"},
		{"[\"-\"]", "a", "-"},
		{"[\"-\", \"+a\"]", "a", ""},
		{"[\"-\", \"+a/b\"]", "a", ""},
		{"[\"-\", \"+a\"]", "", ""},
		{"[\"-\", \"+a\"]", "b", "-"},
		{"[\"-a\"]", "a", "-a"},
		{"[\"-a\"]", "a/b", "-a"},
		{"[\"-a\"]", "ab", ""},
		{"[\"-a\"]", "b/a", ""},
		{"[\"-a\"]", "", ""},
		{"[\"-**/a\"]", "b/a", "-**/a"},
		{"[\"-**/a\"]", "b/a/c", "-**/a"},
		{"[\"-**/a\"]", "b/ab", ""},
		{"[\"-a\", \"+a/b\"]", "a/b", ""},
		{"[\"-a\", \"+a/b\"]", "a/c", "-a"},
		{"[\"+a\", \"-a\"]", "a", "-a"},
		{"[\"a\", 1]", "a", ""},
	};
	struct arena *arena = arena_new();
	(void)state;
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		const struct jsonc_doc *doc = jsonc_parse(arena, slice_str(table[i].filters));
		const char *filter = "";
		bool out = modules_filtered(doc->root, table[i].dir, &filter);
		assert_int_equal(out, !str_empty(table[i].decides));
		if (out) {
			assert_string_equal(filter, table[i].decides);
		}
	}
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_filters)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
