/* SPDX-License-Identifier: MIT */
#include "gofile/semver.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_each_is_older_than_the_next(void **state) {
	(void)state;
	static const char *const order[] = {
		"1.2.3",
		"v0.0.0-20190101000000-abcdefabcdef",
		"v0.0.0-20200101000000-abcdefabcdef",
		"v0.1.0",
		"v0.9.0",
		"v0.16.2",
		"v0.23.0",
		"v1.0.0-alpha",
		"v1.0.0-alpha.1",
		"v1.0.0-alpha.beta",
		"v1.0.0-beta",
		"v1.0.0-beta.2",
		"v1.0.0-beta.11",
		"v1.0.0-rc.1",
		"v1.0.0",
		"v1.0.1-0.20200101000000-abcdefabcdef",
		"v1.0.1",
		"v2",
		"v2.1",
		"v10.0.0",
		"v99999999999999999999.0.0",
	};
	size_t n = sizeof(order) / sizeof(order[0]);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			int want = (i > j) - (i < j);
			assert_int_equal(semver_compare(order[i], order[j]), want);
		}
	}
	assert_int_equal(semver_compare("v1", "v1.0.0"), 0);
	assert_int_equal(semver_compare("v1.0.0+a", "v1.0.0+b"), 0);
	assert_int_equal(semver_compare("x", ""), 0);
}

static void test_what_is_no_version(void **state) {
	(void)state;
	static const char *const bad[] = {
		"",        "v",       "1.0.0",    "v01.0.0", "v1.0.0-", "v1.0.0-01", "v1.0.0-a..b",
		"v1.0.0+", "v1.0.0 ", "v1.0.0-é", "v1.0-x",  "latest",  "v1.2.3.4",  "v1."};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_false(semver_is_valid(bad[i]));
	}
	assert_true(semver_is_valid("v1.2"));
	assert_false(semver_is_canonical("v1.2"));
	assert_false(semver_is_canonical("v1.2.3+x"));
	assert_true(semver_is_canonical("v2.0.0+incompatible"));
}

static void test_major_versions_of_paths(void **state) {
	(void)state;
	struct arena *arena = arena_new();
	static const struct {
		const char *path, *version;
		bool path_ok, version_ok;
	} table[] = {
		{"example.com/m", "v1.0.0", true, true},
		{"example.com/m", "v2.0.0", true, false},
		{"example.com/m", "v2.0.0+incompatible", true, true},
		{"example.com/m/v2", "v2.3.0", true, true},
		{"example.com/m/v2", "v1.0.0", true, false},
		{"example.com/m/v22", "v2.0.0", true, false},
		{"example.com/m/v1", "v1.0.0", false, false},
		{"example.com/m/v02", "v2.0.0", false, false},
		{"example.com/m/v2.1", "v2.1.0", false, false},
		{"gopkg.in/yaml.v3", "v3.0.1", true, true},
		{"gopkg.in/yaml.v3", "v2.0.0", true, false},
		{"gopkg.in/yaml", "v1.0.0", false, false},
		{"gopkg.in/x.v1", "v0.0.0-20161208181325-20d25e280405", true, true},
		{"gopkg.in/x.v2-unstable", "v2.0.0", true, true},
		{"example.com/v3d", "v1.0.0", true, true},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct slice major;
		assert_int_equal(semver_path_major(table[i].path, &major), table[i].path_ok);
		if (table[i].path_ok) {
			const char *why = semver_check_major(arena, table[i].version, major);
			assert_int_equal(why == NULL, table[i].version_ok);
		}
	}
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_older_than_the_next),
		cmocka_unit_test(test_what_is_no_version),
		cmocka_unit_test(test_major_versions_of_paths),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
