/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "gofile/goversion.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_each_is_older_than_the_next(void **state) {
	(void)state;
	static const char *const order[] = {"bogus",   "1",      "1.2.3",     "1.9",     "1.20rc1",
	                                    "1.20",    "1.20.1", "1.21",      "1.21rc1", "1.21.0",
	                                    "1.21.10", "1.22",   "1.22beta1", "1.22rc1", "1.22rc2",
	                                    "1.22.0",  "1.26.8", "1.27",      "2.0"};
	size_t n = sizeof(order) / sizeof(order[0]);
	for (size_t i = 0; i < n; i++) {
		for (size_t j = 0; j < n; j++) {
			int c = goversion_compare(order[i], order[j]);
			assert_int_equal((c > 0) - (c < 0), (i > j) - (i < j));
		}
	}
	assert_int_equal(goversion_compare("1.20", "1.20.0"), 0);
	assert_int_equal(goversion_compare("1.22.0rc1", NULL), 0);
}

static void test_language_versions(void **state) {
	(void)state;
	assert_true(goversion_is_lang("1.22"));
	assert_false(goversion_is_lang("1.22.0"));
	assert_false(goversion_is_lang("1.22rc1"));
	assert_false(goversion_is_lang("1.20"));
	assert_false(goversion_is_lang(""));
	assert_int_equal(goversion_minor("go1.26.5-X:nodwarf5"), 26);
	assert_int_equal(goversion_minor("1.9"), 9);
	assert_int_equal(goversion_minor("2.0"), -1);
	assert_int_equal(goversion_minor("go1.99999999999"), -1);
}

static void test_toolchain_names(void **state) {
	assert_string_equal(goversion_of_toolchain(*state, "go1.26.5-X:nodwarf5"), "1.26.5");
	assert_string_equal(goversion_of_toolchain(*state, "go1.22rc1"), "1.22rc1");
	assert_null(goversion_of_toolchain(*state, "1.22"));
	assert_null(goversion_of_toolchain(*state, "go1.22/../x"));
	assert_null(goversion_of_toolchain(*state, "golang"));
	assert_null(goversion_of_toolchain(*state, NULL));
}

static void test_what_go_version_says(void **state) {
	static const struct {
		const char *text, *version, *name, *goos, *goarch;
		bool devel, suffixed;
	} table[] = {
		{"go version go1.26.8 linux/amd64\n", "1.26.8", "go1.26.8", "linux", "amd64", false,
	         false},
		{"go version go1.26.5-X:nodwarf5 linux/amd64\n", "1.26.5", "go1.26.5-X:nodwarf5",
	         "linux", "amd64", false, true},
		{"go version go1.25.3 X:jsonv2 linux/arm64", "1.25.3", "go1.25.3", "linux", "arm64",
	         false, false},
		{"go version devel go1.28-abc Tue Nov 3 10:00:00 2026 +0000 linux/amd64", "1.28",
	         "go1.28-abc", "linux", "amd64", true, true},
		{"go version go1.28-devel_9f3a2c Tue Nov 3 linux/amd64", "1.28",
	         "go1.28-devel_9f3a2c", "linux", "amd64", true, true},
		{"go version go1.18-pre10 cl/399984149 +20b9aaf29a linux/amd64", "1.18",
	         "go1.18-pre10", "linux", "amd64", false, true},
		{"go1.22.2+auto\n", "1.22.2", "go1.22.2+auto", "", "", false, true},
		{"go1.26.8\ntime 2026-01-01T00:00:00Z\n", "1.26.8", "go1.26.8", "", "", false,
	         false},
		{"warning: something\ngo version go1.24rc2 linux/386\r\n", "1.24rc2", "go1.24rc2",
	         "linux", "386", false, false},
		{"go version go1.26.5fips1 linux/amd64", "1.26.5", "go1.26.5fips1", "linux",
	         "amd64", false, true},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct goversion_output out;
		assert_true(goversion_parse_output(*state, slice_str(table[i].text), &out));
		assert_string_equal(out.version, table[i].version);
		assert_string_equal(out.name, table[i].name);
		assert_string_equal(out.goos, table[i].goos);
		assert_string_equal(out.goarch, table[i].goarch);
		assert_int_equal(out.devel, table[i].devel);
		assert_int_equal(out.suffixed, table[i].suffixed);
	}
	struct goversion_output out;
	assert_false(goversion_parse_output(*state, slice_str("go version unknown"), &out));
	assert_false(goversion_parse_output(*state, slice_str(""), &out));
}

/* As cmd/go/internal/toolchain of go1.26.8 decides. */
static void test_switching(void **state) {
	static const struct {
		const char *local, *go_line, *toolchain_line, *setting;
		enum goswitch_kind kind;
		enum goswitch_source source;
		const char *toolchain;
	} table[] = {
		{"1.26.8", "1.26", NULL, "auto", GOSWITCH_NONE, GOSWITCH_FROM_NOTHING, ""},
		{"1.26.8", "1.27", NULL, "auto", GOSWITCH_NEEDS, GOSWITCH_FROM_GO_LINE, "go1.27.0"},
		{"1.26.8", "1.27", NULL, "local", GOSWITCH_LOCAL_TOO_OLD, GOSWITCH_FROM_GO_LINE,
	         ""},
		{"1.26.8", "1.27", NULL, "", GOSWITCH_LOCAL_TOO_OLD, GOSWITCH_FROM_GO_LINE, ""},
		{"1.26.8", "1.26.0", "go1.27.3", "local", GOSWITCH_NONE, GOSWITCH_FROM_NOTHING, ""},
		{"1.26.8", "1.26.0", "go1.27.3", "auto", GOSWITCH_NEEDS,
	         GOSWITCH_FROM_TOOLCHAIN_LINE, "go1.27.3"},
		{"1.26.8", "1.26.0", "go1.26.8", "auto", GOSWITCH_NONE, GOSWITCH_FROM_NOTHING, ""},
		{"1.26.8", "1.99", "default", "auto", GOSWITCH_LOCAL_TOO_OLD, GOSWITCH_FROM_GO_LINE,
	         ""},
		{"1.26.8", "1.21", NULL, "go1.25.7", GOSWITCH_NEEDS, GOSWITCH_FROM_SETTING,
	         "go1.25.7"},
		{"1.26.8", "1.21", NULL, "go1.26.8", GOSWITCH_NONE, GOSWITCH_FROM_NOTHING, ""},
		{"1.26.8", "1.99", NULL, "go1.26.8+auto", GOSWITCH_NEEDS, GOSWITCH_FROM_GO_LINE,
	         "go1.99.0"},
		{"1.26.8", "1.99", NULL, "local+path", GOSWITCH_NEEDS, GOSWITCH_FROM_GO_LINE,
	         "go1.99.0"},
		{"1.26.8", "1.21", NULL, "go1.99", GOSWITCH_INVALID, GOSWITCH_FROM_SETTING, ""},
		{"1.26.8", "1.21", NULL, "bogus", GOSWITCH_INVALID, GOSWITCH_FROM_SETTING, ""},
		{"1.26.8", "1.21", NULL, "local+bogus", GOSWITCH_INVALID, GOSWITCH_FROM_SETTING,
	         ""},
		{"1.26.8", "1.21", "go1.x", "auto", GOSWITCH_INVALID, GOSWITCH_FROM_TOOLCHAIN_LINE,
	         ""},
		{"go1.26.5-X:y", "1.26.5", "go1.26.5", "auto", GOSWITCH_NONE, GOSWITCH_FROM_NOTHING,
	         ""},
		{"1.26.8", NULL, NULL, "auto", GOSWITCH_NONE, GOSWITCH_FROM_NOTHING, ""},
		{"1.20.14", "1.27.0", "go1.27.3", "auto", GOSWITCH_NONE, GOSWITCH_FROM_NOTHING, ""},
		{"1.20.14", "1.27", NULL, "bogus", GOSWITCH_NONE, GOSWITCH_FROM_NOTHING, ""},
	};
	for (size_t i = 0; i < sizeof(table) / sizeof(table[0]); i++) {
		struct goswitch sw = goversion_switch(*state, table[i].local, table[i].go_line,
		                                      table[i].toolchain_line, table[i].setting);
		assert_int_equal(sw.kind, table[i].kind);
		assert_int_equal(sw.source, table[i].source);
		if (sw.kind != GOSWITCH_INVALID) {
			assert_string_equal(sw.toolchain, table[i].toolchain);
		}
	}
	struct goswitch sw = goversion_switch(*state, "1.26.8", "1.26.1", NULL, "go1.25.7");
	assert_true(sw.then_too_old);
	assert_string_equal(sw.required, "1.26.1");
	assert_true(goversion_switch(*state, "1.26.8", "1.99", NULL, "path").path_only);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_is_older_than_the_next),
		cmocka_unit_test(test_language_versions),
		cmocka_unit_test(test_toolchain_names),
		cmocka_unit_test(test_what_go_version_says),
		cmocka_unit_test(test_switching),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
