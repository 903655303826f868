/* SPDX-License-Identifier: MIT
 * What is read out of a shell's output, a loader's answer, a unit file and another machine's
 * environment.
 */
#include "arena_fixture.h"

#include "probes/shell_env.h"
#include "probes/sides/side_loaders.h"
#include "probes/sides/side_origin.h"
#include "probes/sides/side_tools.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#define SLICE(literal) slice_of(literal, sizeof(literal) - 1)
#define MARK           "__dialtone_environment__"

static void test_shell_output(void **state) {
	struct envset env;

	envset_init(&env, *state);
	assert_true(shell_env_extract(
		&env, SLICE("Welcome!\nA=banner\n" MARK
	                    "A=1\0VSCODE_RESOLVING_ENVIRONMENT=1\0B=x\ny\0" MARK "bye\nA=trap")));
	assert_int_equal(env.count, 2);
	assert_string_equal(envset_get(&env, "A"), "1");
	assert_string_equal(envset_get(&env, "B"), "x\ny");
	envset_init(&env, *state);
	assert_true(shell_env_extract(&env, SLICE(MARK "a trap says\nA=1\0B=2\0" MARK)));
	assert_string_equal(envset_get(&env, "A"), "1");
	assert_false(shell_env_extract(&env, SLICE("A=1\0B=2\0")));
	assert_false(shell_env_extract(&env, SLICE(MARK)));
	assert_false(shell_env_extract(&env, SLICE("")));
}

static void test_loader_answer(void **state) {
	struct envset env;

	envset_init(&env, *state);
	envset_set(&env, "GONE", "1");
	assert_true(side_loader_apply(
		*state, &env, SLICE("{\"A\":\"x\\ny\",\"GONE\":null,\"N\":3,\"=\":\"z\"}")));
	assert_string_equal(envset_get(&env, "A"), "x\ny");
	assert_null(envset_get(&env, "GONE"));
	assert_int_equal(env.count, 1);
	assert_true(side_loader_apply(*state, &env, SLICE(" \n")));
	assert_false(side_loader_apply(*state, &env, SLICE("error: no")));
}

static void test_unit_file(void **state) {
	struct slice unit = SLICE("[Service]\n"
	                          "Environment=A=1 \"B=two words\" 'C=x'\n"
	                          "#Environment=D=4\n"
	                          "Environment=A=2\n"
	                          "ExecStart=/x A=3\n");

	assert_int_equal(side_origin_unit_line(*state, unit, "A", "1"), 2);
	assert_int_equal(side_origin_unit_line(*state, unit, "A", "2"), 4);
	assert_int_equal(side_origin_unit_line(*state, unit, "A", "3"), 0);
	assert_int_equal(side_origin_unit_line(*state, unit, "B", "two words"), 2);
	assert_int_equal(side_origin_unit_line(*state, unit, "C", "x"), 2);
	assert_int_equal(side_origin_unit_line(*state, unit, "D", "4"), 0);
}

static bool sets(struct arena *arena, const char *line, const char *name, const char *value) {
	return side_origin_line_sets(arena, line, name, value, "/home/u");
}

static void test_startup_line(void **state) {
	assert_true(sets(*state, "  export A=1 B=\"$HOME/x y\"; C='z'", "B", "/home/u/x y"));
	assert_true(sets(*state, "  export A=1 B=\"$HOME/x y\"; C='z'", "C", "z"));
	assert_true(sets(*state, "A=~/x", "A", "/home/u/x"));
	assert_true(sets(*state, "A DEFAULT=@{HOME}/k", "A", "/home/u/k"));
	assert_true(sets(*state, "setenv A 1", "A", "1"));
	assert_true(sets(*state, "set -gx A 1", "A", "1"));
	assert_false(sets(*state, "# A=1", "A", "1"));
	assert_false(sets(*state, "BA=1", "A", "1"));
	assert_false(sets(*state, "A=12", "A", "1"));
	assert_false(sets(*state, "A=", "A", "1"));
	assert_false(sets(*state, "A=$(date)", "A", "1"));
}

static const char *hint(struct arena *arena, const char *name, const char *value) {
	struct envset env;

	envset_init(&env, arena);
	envset_set(&env, name, value);
	return side_go_hint(arena, &env);
}

static void test_go_hint(void **state) {
	assert_string_equal(hint(*state, "GOLANG_VERSION", "1.22.5"), "go1.22.5");
	assert_string_equal(hint(*state, "GOVERSION", "go1.27rc1"), "go1.27rc1");
	assert_string_equal(hint(*state, "PATH", "/bin:/opt/hostedtoolcache/go/1.26.8/x64/bin"),
	                    "go1.26.8");
	assert_string_equal(hint(*state, "GOROOT", "/m/toolchain@v0.0.1-go1.25.7.linux-amd64"),
	                    "go1.25.7");
	assert_string_equal(hint(*state, "PATH", "/usr/lib/go-1.19/bin"), "go1.19");
	assert_null(hint(*state, "PATH", "/usr/local/go/bin:/usr/bin:/opt/gopher/1.2"));
	assert_null(hint(*state, "GO_VERSION", "stable"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_shell_output, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_loader_answer, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_unit_file, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_startup_line, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_go_hint, arena_setup, arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
