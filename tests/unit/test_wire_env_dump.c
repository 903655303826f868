/* SPDX-License-Identifier: MIT
 * Environments as people and machines write them down.
 */
#include "arena_fixture.h"

#include "base/str.h"
#include "wire/env_dump.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>

static struct env_dump parse(void **state, const char *text) {
	return env_dump_parse(*state, slice_of(text, strlen(text)));
}

static void test_nul(void **state) {
	static const char text[] = "A=1\0B=x\ny=2\0=C:=junk\0no\0C=\0";
	struct env_dump d = env_dump_parse(*state, slice_of(text, sizeof text - 1));

	assert_int_equal(d.form, ENV_DUMP_NUL);
	assert_int_equal(d.env.count, 3);
	assert_string_equal(envset_get(&d.env, "B"), "x\ny=2");
	assert_string_equal(envset_get(&d.env, "C"), "");
}

static void test_plain(void **state) {
	struct env_dump d = parse(state, "A=1\r\nBASH_FUNC_ml%%=() {  eval `x`\n}\nEMPTY=\n"
	                                 "LONG=a\nb\n\nc\nLAST=z\nend\n");

	assert_int_equal(d.form, ENV_DUMP_PLAIN);
	assert_string_equal(envset_get(&d.env, "A"), "1");
	assert_string_equal(envset_get(&d.env, "BASH_FUNC_ml%%"), "() {  eval `x`\n}");
	assert_string_equal(envset_get(&d.env, "EMPTY"), "");
	assert_string_equal(envset_get(&d.env, "LONG"), "a\nb\n\nc");
	assert_string_equal(envset_get(&d.env, "LAST"), "z\nend");
	assert_int_equal(d.env.count, 5);
}

static void test_no_environment(void **state) {
	assert_int_equal(parse(state, "").env.count, 0);
	assert_int_equal(parse(state, "Dear all,\nsee http://x/?a=b\n=\n").env.count, 0);
}

/* What the shells of this machine write for hostile values, when they are there. */
static void test_real_shells(void **state) {
	static const char *const shells[] = {"bash", "dash", "zsh", "ksh", "busybox sh"};
	static const char value[] = "a 'b' \"c\" $d `e` \\f\\\nGOFLAGS=-x\n\tend\\";
	size_t tried = 0;

	assert_int_equal(setenv("HOSTILE", value, 1), 0);
	assert_int_equal(setenv("EMPTY", "", 1), 0);
	for (size_t i = 0; i < sizeof shells / sizeof *shells; i++) {
		char command[128], text[65536];
		FILE *pipe;
		size_t len;
		struct env_dump d;

		snprintf(command, sizeof command, "%s -c 'export -p' 2>/dev/null", shells[i]);
		pipe = popen(command, "r");
		assert_non_null(pipe);
		len = fread(text, 1, sizeof text - 1, pipe);
		text[len] = '\0';
		if (pclose(pipe) != 0) {
			continue;
		}
		tried++;
		d = parse(state, text);
		assert_int_equal(d.form, ENV_DUMP_SHELL);
		assert_string_equal(envset_get(&d.env, "HOSTILE"), value);
		assert_string_equal(envset_get(&d.env, "EMPTY"), "");
		assert_null(envset_get(&d.env, "GOFLAGS"));
	}
	assert_true(tried > 0);
}

static void test_shell_forms(void **state) {
	struct env_dump d = parse(state, "declare -x A=\"q \\\"\\$x\\\\\"\ndeclare -x OLDPWD\n"
	                                 "declare -rx B=$'\\tx\\x41\\101\\'y'\n"
	                                 "declare -- hidden=\"1\"\nexport C='it'\\''s'\n"
	                                 "typeset -x D=plain\n");

	assert_int_equal(d.form, ENV_DUMP_SHELL);
	assert_string_equal(envset_get(&d.env, "A"), "q \"$x\\");
	assert_string_equal(envset_get(&d.env, "B"), "\txAA'y");
	assert_string_equal(envset_get(&d.env, "C"), "it's");
	assert_string_equal(envset_get(&d.env, "D"), "plain");
	assert_int_equal(d.env.count, 4);
}

static void test_github(void **state) {
	static const char text[] =
		"2026-05-01T12:00:00.1234567Z ##[group]Run go test ./...\n"
		"2026-05-01T12:00:00.1234567Z A=other\n"
		"2026-05-01T12:00:01.0000000Z ##[group]Run env | sort\n"
		"2026-05-01T12:00:01.0000000Z \x1b[36;1mGOFLAGS=-x env | sort\x1b[0m\n"
		"2026-05-01T12:00:01.0000000Z shell: /usr/bin/bash -e {0}\n"
		"2026-05-01T12:00:01.0000000Z env:\n"
		"2026-05-01T12:00:01.0000000Z   GOTOOLCHAIN: local\n"
		"2026-05-01T12:00:01.0000000Z   FROM_BLOCK: a: b\n"
		"2026-05-01T12:00:01.0000000Z ##[endgroup]\n"
		"2026-05-01T12:00:01.0100000Z CI=true\n"
		"2026-05-01T12:00:01.0100000Z GOTOOLCHAIN=go1.26.8\n"
		"2026-05-01T12:00:01.0100000Z MULTI=one\n"
		"2026-05-01T12:00:01.0100000Z two\n"
		"2026-05-01T12:00:01.0100000Z PATH=/usr/bin:/bin\n"
		"2026-05-01T12:00:01.0100000Z ok  \texample.com/x\t0.1s\n"
		"2026-05-01T12:00:02.0000000Z ##[group]Run true\n"
		"2026-05-01T12:00:02.0000000Z B=1\n";
	struct env_dump d = parse(state, text);

	assert_true(d.is_log);
	assert_string_equal(envset_get(&d.env, "CI"), "true");
	assert_string_equal(envset_get(&d.env, "GOTOOLCHAIN"), "go1.26.8");
	assert_string_equal(envset_get(&d.env, "FROM_BLOCK"), "a: b");
	assert_string_equal(envset_get(&d.env, "MULTI"), "one\ntwo");
	assert_string_equal(envset_get(&d.env, "PATH"), "/usr/bin:/bin");
	assert_null(envset_get(&d.env, "GOFLAGS"));
	assert_null(envset_get(&d.env, "A"));
	assert_null(envset_get(&d.env, "B"));
}

/* As `gh run view --log` gives it. */
static void test_github_columns(void **state) {
	struct env_dump d =
		parse(state, "build\tRun env\t\xef\xbb\xbf"
	                     "2026-05-01T12:00:01.0100000Z A=1\n"
	                     "build\tRun env\t2026-05-01T12:00:01.0100000Z declare=2\n");

	assert_true(d.is_log);
	assert_string_equal(envset_get(&d.env, "A"), "1");
	assert_string_equal(envset_get(&d.env, "declare"), "2");
}

static void test_gitlab(void **state) {
	static const char text[] =
		"2026-05-01T12:00:00.123456Z 00O section_start:1560896352:step_script\r\x1b[0K"
		"\x1b[36;1mExecuting\x1b[0;m\n"
		"2026-05-01T12:00:00.123456Z 00O \x1b[32;1m$ env\x1b[0;m\n"
		"2026-05-01T12:00:00.123456Z 01O GITLAB_CI=true\n"
		"2026-05-01T12:00:00.123456Z 01O GOFLAGS=-mod=\n"
		"2026-05-01T12:00:00.123456Z 01O+vendor\n"
		"2026-05-01T12:00:00.123456Z 01O CI_JOB_TOKEN=[MASKED]\n"
		"2026-05-01T12:00:00.123456Z 00O \x1b[32;1m$ go build\x1b[0;m\n"
		"2026-05-01T12:00:00.123456Z 01O X=1\n";
	struct env_dump d = parse(state, text);

	assert_true(d.is_log);
	assert_int_equal(d.env.count, 3);
	assert_string_equal(envset_get(&d.env, "GOFLAGS"), "-mod=vendor");
	assert_string_equal(envset_get(&d.env, "CI_JOB_TOKEN"), "[MASKED]");
}

static void test_caps(void **state) {
	struct arena *arena = *state;
	struct strbuf text;
	struct env_dump d;

	strbuf_init(&text, arena);
	for (size_t i = 0; i < ENV_DUMP_VARS_MAX + 10; i++) {
		strbuf_printf(&text, "V%zu=1\n", i);
	}
	d = env_dump_parse(arena, slice_of(text.data, text.len));
	assert_true(d.cut);
	assert_int_equal(d.env.count, ENV_DUMP_VARS_MAX);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nul, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_plain, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_no_environment, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_real_shells, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_shell_forms, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_github, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_github_columns, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_gitlab, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_caps, arena_setup, arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
