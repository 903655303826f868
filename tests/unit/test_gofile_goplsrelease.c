/* SPDX-License-Identifier: MIT */
#include "gofile/goplsrelease.h"

#include "gofile/goversion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_a_version_names_its_release(void **state) {
	(void)state;
	static const char *const unknown[] = {NULL,   "",        "(devel)", "v0.20",     "v1.20.0",
	                                      "v0.x", "v0.99.0", "v0..1",   "v0.99999.0"};
	assert_int_equal(gopls_release_of("v0.20.0")->minor, 20);
	assert_int_equal(gopls_release_of("v0.16.0-pre.2")->minor, 16);
	assert_string_equal(gopls_release_of("v0.16.1")->last, "v0.16.2");
	for (size_t i = 0; i < sizeof(unknown) / sizeof(*unknown); i++) {
		assert_null(gopls_release_of(unknown[i]));
	}
}

/* The pairs that were built for real, and those upstream's table names. */
static void test_the_newest_release_a_go_builds(void **state) {
	(void)state;
	static const struct {
		const char *go, *gopls;
	} table[] = {
		{"1.17.13", "v0.11.0"}, {"1.18.10", "v0.14.2"}, {"1.19.8", "v0.15.3"},
		{"1.20.14", "v0.15.3"}, {"1.21.0", "v0.16.2"},  {"1.22.12", "v0.16.2"},
		{"1.23.2", "v0.17.1"},  {"1.23.12", "v0.18.1"}, {"1.24.1", "v0.18.1"},
		{"1.24.12", "v0.20.0"}, {"1.25.7", "v0.21.1"},  {"1.26.8", "v0.23.0"},
		{"1.27.3", "v0.24.0"},  {"1.30.0", "v0.24.0"},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		assert_string_equal(gopls_release_for(table[i].go)->last, table[i].gopls);
	}
	assert_null(gopls_release_for("1.5"));
	assert_null(gopls_release_for(""));
}

static void test_the_table_only_rises(void **state) {
	(void)state;
	const struct gopls_release *before = gopls_release_of("v0.7.0");
	for (int minor = 8; minor <= 24; minor++) {
		char version[32];
		(void)snprintf(version, sizeof(version), "v0.%d.0", minor);
		const struct gopls_release *r = gopls_release_of(version);
		assert_non_null(r);
		assert_true(goversion_compare(before->needs, r->needs) <= 0);
		assert_true(goversion_compare(before->reads, r->reads) <= 0);
		assert_true(before->knows <= r->knows);
		before = r;
	}
}

static void test_wanted(void **state) {
	(void)state;
	assert_string_equal(gopls_release_wanted("1.26.8"), "latest");
	assert_string_equal(gopls_release_wanted("1.21.0"),
	                    "latest"); /* it fetches what it needs */
	assert_string_equal(gopls_release_wanted("1.20.14"), gopls_release_for("1.20.14")->last);
	assert_string_equal(gopls_release_wanted(""), "latest");
	assert_true(gopls_release_compiles("1.26.8", "v0.23.0"));
	assert_false(gopls_release_compiles("1.26.8", "v0.24.0"));
	assert_false(gopls_release_compiles("1.26.8", "v0.999.0"));
	assert_false(gopls_release_compiles("", "v0.23.0"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_version_names_its_release),
		cmocka_unit_test(test_the_newest_release_a_go_builds),
		cmocka_unit_test(test_the_table_only_rises),
		cmocka_unit_test(test_wanted),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
