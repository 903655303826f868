/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "gofile/goenvfile.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

static struct goenv make(void **state, struct envset *vars, const char *user, const char *root) {
	return goenv_of(*state, vars, slice_str(user), slice_str(root), "/usr/local/go", "linux",
	                "amd64");
}

static void expect(const struct goenv *env, const char *name, const char *value,
                   enum goenv_origin origin, int line) {
	struct goenv_value got = goenv_get(env, name);
	assert_string_equal(got.value, value);
	assert_int_equal(got.origin, origin);
	assert_int_equal(got.line, line);
}

static void test_lines(void **state) {
	struct goenvfile f = goenvfile_parse(
		*state,
		slice_str("# c\n\nGOFLAGS=-mod=mod\r\nlower=1\nGOBIN\n=x\nGOFLAGS= -v\nX="));
	assert_int_equal(f.count, 3);
	assert_int_equal(f.ignored_line, 4);
	assert_string_equal(f.entries[0].value, "-mod=mod\r");
	assert_string_equal(goenvfile_find(&f, "GOFLAGS")->value, " -v");
	assert_int_equal(goenvfile_find(&f, "GOFLAGS")->line, 7);
	assert_string_equal(goenvfile_find(&f, "X")->value, "");
	assert_null(goenvfile_find(&f, "GOBIN"));
}

static void test_precedence(void **state) {
	struct envset vars;
	envset_init(&vars, *state);
	envset_set(&vars, "HOME", "/h");
	envset_set(&vars, "GOFLAGS", "-v");
	envset_set(&vars, "GOBIN", "");
	struct goenv env = make(state, &vars, "GOFLAGS=-x\nGOBIN=/b\nGOPROXY=\nGONOPROXY=n\n",
	                        "GOPROXY=p\nGOSUMDB=s\nGONOPROXY=m\n");
	expect(&env, "GOFLAGS", "-v", GOENV_ENVIRONMENT, 0);
	expect(&env, "GOBIN", "/b", GOENV_USER_FILE, 2);
	expect(&env, "GOPROXY", "", GOENV_UNSET, 0);
	expect(&env, "GONOPROXY", "n", GOENV_USER_FILE, 4);
	expect(&env, "GOSUMDB", "s", GOENV_GOROOT_FILE, 2);
	expect(&env, "GOTMPDIR", "", GOENV_UNSET, 0);
}

static void test_defaults(void **state) {
	struct envset vars;
	envset_init(&vars, *state);
	envset_set(&vars, "HOME", "/h");
	struct goenv env = make(state, &vars, "", "");
	expect(&env, "GOROOT", "/usr/local/go", GOENV_DEFAULT, 0);
	expect(&env, "GOPATH", "/h/go", GOENV_DEFAULT, 0);
	expect(&env, "GOMODCACHE", "/h/go/pkg/mod", GOENV_DEFAULT, 0);
	expect(&env, "GOCACHE", "/h/.cache/go-build", GOENV_DEFAULT, 0);
	expect(&env, "GOENV", "/h/.config/go/env", GOENV_DEFAULT, 0);
	expect(&env, "GOTELEMETRYDIR", "/h/.config/go/telemetry", GOENV_DEFAULT, 0);
	expect(&env, "GOARCH", "amd64", GOENV_DEFAULT, 0);
	envset_set(&vars, "GOPATH", "/a:/b");
	expect(&env, "GOMODCACHE", "/a/pkg/mod", GOENV_DEFAULT, 0);
	envset_set(&vars, "XDG_CACHE_HOME", "/x");
	expect(&env, "GOCACHE", "/x/go-build", GOENV_DEFAULT, 0);
	envset_set(&vars, "XDG_CACHE_HOME", "rel");
	expect(&env, "GOCACHE", "off", GOENV_DEFAULT, 0);
}

static void test_no_home(void **state) {
	struct envset vars;
	envset_init(&vars, *state);
	struct goenv env = make(state, &vars, "", "");
	expect(&env, "GOPATH", "", GOENV_UNSET, 0);
	expect(&env, "GOMODCACHE", "", GOENV_UNSET, 0);
	expect(&env, "GOCACHE", "off", GOENV_DEFAULT, 0);
	assert_null(goenv_user_file_path(*state, &vars));
	envset_set(&vars, "GOENV", "off");
	envset_set(&vars, "HOME", "/h");
	assert_null(goenv_user_file_path(*state, &vars));
	envset_set(&vars, "GOENV", "/etc/e");
	assert_string_equal(goenv_user_file_path(*state, &vars), "/etc/e");
	envset_set(&vars, "HOME", "/usr/local");
	expect(&env, "GOPATH", "", GOENV_UNSET, 0);
}

static void test_goroot(void **state) {
	struct envset vars;
	envset_init(&vars, *state);
	envset_set(&vars, "GOROOT", "/env/go/");
	struct goenv env = make(state, &vars, "GOROOT=/file/go/\n", "GOROOT=/never\n");
	assert_string_equal(goenv_goroot_dir(&env), "/file/go");
	expect(&env, "GOROOT", "/env/go/", GOENV_ENVIRONMENT, 0);
	envset_unset(&vars, "GOROOT");
	expect(&env, "GOROOT", "/file/go", GOENV_USER_FILE, 1);
	env = make(state, &vars, "", "GOROOT=/never\n");
	expect(&env, "GOROOT", "/usr/local/go", GOENV_DEFAULT, 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_lines),    cmocka_unit_test(test_precedence),
		cmocka_unit_test(test_defaults), cmocka_unit_test(test_no_home),
		cmocka_unit_test(test_goroot),
	};
	return cmocka_run_group_tests(tests, arena_setup, arena_teardown);
}
