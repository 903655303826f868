/* SPDX-License-Identifier: MIT
 */
#include "base/str.h"
#include "wire/script_env.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static struct script_env parse(struct arena *arena, const char *text) {
	struct envset env;
	envset_init(&env, arena);
	envset_set(&env, "HOME", "/home/lena");
	envset_set(&env, "GOFLAGS", "-mod=mod");
	return script_env_parse(arena, slice_str(text), &env, "go");
}

static const char *value_of(const struct script_env *s, const char *name) {
	const struct script_set *set = script_env_find(s, name);
	return !set ? "(nothing)" : set->value ? set->value : "(unset)";
}

static void check_one(const char *text, const char *name, const char *value) {
	struct arena *arena = arena_new();
	struct script_env s = parse(arena, text);
	assert_string_equal(value_of(&s, name), value);
	arena_free(arena);
}

static void test_what_is_sure(void **state) {
	(void)state;
	check_one("#!/bin/sh\nexport GOROOT=/opt/go\nexec go \"$@\"\n", "GOROOT", "/opt/go");
	check_one("GOROOT=/opt/go\nexport GOROOT\n", "GOROOT", "/opt/go");
	check_one("GOROOT=/opt/go; export GOROOT\n", "GOROOT", "/opt/go");
	check_one("GOROOT=/opt/go exec /x/bin/go \"$@\"\n", "GOROOT", "/opt/go");
	check_one("exec env GOROOT=~/sdk /x/bin/go \"$@\"\n", "GOROOT", "/home/lena/sdk");
	check_one("export GOROOT=\"$HOME/go sdk\"\n", "GOROOT", "/home/lena/go sdk");
	check_one("base=${PREFIX:-/opt}\nexport GOROOT=$base/go\n", "GOROOT", "/opt/go");
	check_one("declare -x GOROOT=/opt/go\n", "GOROOT", "/opt/go");
	check_one("GOFLAGS=-tags=x\n/x/go \"$@\"\n", "GOFLAGS", "-tags=x");
	check_one("unset GOFLAGS\n", "GOFLAGS", "(unset)");
	check_one("cd /x || exit 1\nexport GOROOT=/a\nexport GOROOT=/b\n", "GOROOT", "/b");
	check_one("if [ -d /x ]; then\n\techo y\nfi\nexport GOROOT=/b\n", "GOROOT", "/b");
	check_one("case $1 in\na) x ;;\n*) y ;;\nesac\nexport GOROOT=/b\n", "GOROOT", "/b");
	check_one("f() {\n\techo \"}\"\n}\nexport GOROOT=/b\n", "GOROOT", "/b");
	check_one("cat <<E\nexport GOROOT=/a\nE\nexport GOARCH=arm\n", "GOARCH", "arm");
}

static void test_what_is_not(void **state) {
	(void)state;
	check_one("GOROOT=/opt/go\nexec /x/go \"$@\"\n", "GOROOT", "(nothing)");
	check_one("export GOROOT=$(brew --prefix)\n", "GOROOT", "(nothing)");
	check_one("export GOROOT=`brew --prefix`\n", "GOROOT", "(nothing)");
	check_one("export GOROOT=$NOBODY_SETS_IT/go\n", "GOROOT", "(nothing)");
	check_one("[ -d /x ] && export GOROOT=/x\n", "GOROOT", "(nothing)");
	check_one("if true; then export GOROOT=/x; fi\n", "GOROOT", "(nothing)");
	check_one("case $1 in\na) export GOROOT=/x ;;\nesac\n", "GOROOT", "(nothing)");
	check_one("f() { export GOROOT=/x; }\n", "GOROOT", "(nothing)");
	check_one("function f {\nexport GOROOT=/x\n}\n", "GOROOT", "(nothing)");
	check_one("(export GOROOT=/x)\n", "GOROOT", "(nothing)");
	check_one("export GOROOT=/x | cat\n", "GOROOT", "(nothing)");
	check_one("cat <<E\nexport GOROOT=/a\nE\n", "GOROOT", "(nothing)");
	check_one("# export GOROOT=/x\n", "GOROOT", "(nothing)");
	check_one("exec go \"$@\"\nexport GOROOT=/x\n", "GOROOT", "(nothing)");
	check_one("export GOROOT=/x\n. /etc/profile.d/go.sh\n", "GOROOT", "(nothing)");
	check_one("GOROOT=/x git status\nexec go \"$@\"\n", "GOROOT", "(nothing)");
	check_one("GOFLAGS= /x/go env GOVERSION\nexec /x/go \"$@\"\n", "GOFLAGS", "(nothing)");
	check_one("env GOROOT=/x make\nexec go \"$@\"\n", "GOROOT", "(nothing)");
}

static void test_program(void **state) {
	(void)state;
	struct arena *arena = arena_new();
	struct script_env s = parse(arena, "#!/bin/sh\n\nexec -a go /usr/lib/go/bin/go \"$@\"\n");
	assert_null(s.program);
	s = parse(arena, "#!/bin/sh\n\nexec /usr/lib/go/bin/go \"$@\"\n");
	assert_string_equal(s.program, "/usr/lib/go/bin/go");
	assert_int_equal(s.program_line, 3);
	assert_int_equal(s.cleared_line, 0);
	s = parse(arena, "x=$(/a/go version)\nexec env -i PATH=/bin \"$HOME/b/go\" ${1+\"$@\"}\n");
	assert_string_equal(s.program, "/home/lena/b/go");
	assert_int_equal(s.cleared_line, 2);
	assert_string_equal(value_of(&s, "PATH"), "/bin");
	s = parse(arena, "A=1\nexport B=2 \\\n  C=3\nunset A\n");
	assert_int_equal(s.count, 3);
	assert_int_equal(script_env_find(&s, "C")->line, 3);
	s = parse(arena, "A=1\nB=2\nexport A\n");
	assert_int_equal(script_env_find(&s, "A")->line, 1);
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_sure),
		cmocka_unit_test(test_what_is_not),
		cmocka_unit_test(test_program),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
