/* SPDX-License-Identifier: MIT
 * Repairs as a script: done twice it does nothing twice, undone everything is as before, what was changed meanwhile is
 * left; shellcheck has nothing to say.
 */
#include "apply/script.h"
#include "apply_fixture.h"

#include <sys/wait.h>

/* The exit status; standard output in *ret, if it is not NULL. */
static int run(struct fixture *f, const char *command, const char **ret) {
	struct strbuf out;
	char line[1000];
	strbuf_init(&out, f->arena);
	FILE *pipe = popen(arena_printf(f->arena, "cd %s && { %s; } 2>&1", f->dir, command), "r");
	assert_non_null(pipe);
	while (fgets(line, sizeof(line), pipe)) {
		strbuf_add(&out, line);
	}
	int status = pclose(pipe);
	if (ret) {
		*ret = out.data;
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const char *contents(struct fixture *f) {
	const char *text;
	(void)run(f,
	          "find d -printf '%p %y %m %l\\n' | sort; "
	          "find d -type f -readable -print0 | sort -z | xargs -0 cat",
	          &text);
	return text;
}

static void write_script(struct fixture *f, struct plan *plan) {
	struct strbuf out;
	struct script script;
	struct repair repair;
	struct err err = {0};
	if (plan_resolve(f->arena, plan, &repair, &err) < 0) {
		fail_msg("%s", err.msg);
	}
	strbuf_init(&out, f->arena);
	script_begin(&script, &out, "/w");
	script_add(&script, plan, &repair);
	script_end(&script);
	FILE *file = fopen(in(f, "fix.sh"), "we");
	assert_non_null(file);
	assert_true(fputs(out.data, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_all_kinds(void **state) {
	struct fixture *f = *state;
	struct plan *plan = arena_new_of(f->arena, struct plan);
	assert_int_equal(run(f,
	                     "mkdir -p d/cache d/prog d/t \"d/it's\" && printf 'A=1\\n' >d/env && "
	                     "printf x >d/lock && ln -s nowhere d/tool && printf '#!' >d/script && "
	                     "printf old >d/prog/a && chmod 600 d/t && printf y >\"d/it's/f\"",
	                     NULL),
	                 0);
	plan_init(plan, f->arena, "env-x", "X\n$(touch hacked)");
	plan->why = "why: `touch hacked`\n'";
	plan_goenv(plan, in(f, "d/env"), "A", "2");
	plan_goenv(plan, in(f, "d/env"), "B", "3");
	plan_goenv(plan, in(f, "d/new/env"), "A", "$(touch hacked)");
	plan_remove(plan, in(f, "d/lock"));
	plan_remove(plan, in(f, "d/it's/f"));
	plan_link(plan, in(f, "d/tool"), "nowhere", "here");
	plan_move(plan, in(f, "d/cache"), NULL);
	plan_mkdir(plan, in(f, "d/fresh"), 0700);
	plan_mode(plan, in(f, "d/script"), 0111, 0, false);
	plan_mode(plan, in(f, "d/t"), 0055, 0, true);
	plan_run(plan, f->dir,
	         PLAN_WORDS(plan, "/bin/sh", "-c", "echo new >>d/prog/a; echo b >d/prog/b"),
	         PLAN_WORDS(plan, arena_printf(f->arena, "%s/", in(f, "d/prog"))));
	write_script(f, plan);
	const char *before = contents(f);
	const char *said = "";
	if (run(f, "sh fix.sh", &said) != 0) {
		fail_msg("%s", said);
	}
	const char *after = contents(f);
	assert_string_not_equal(before, after);
	assert_int_equal(run(f,
	                     "grep -q B=3 d/env && test -x d/script && test ! -e d/lock && "
	                     "test -d d/cache.aside && grep -q new d/prog/a && test -e d/prog/b",
	                     NULL),
	                 0);
	if (run(f, "sed -i '/^(cd/d' fix.sh; sh fix.sh", &said) != 0) {
		fail_msg("again: %s", said);
	}
	assert_string_equal(contents(f), after);
	if (run(f, "sh fix.sh undo", &said) != 0) {
		fail_msg("undo: %s", said);
	}
	assert_int_equal(run(f, "rmdir d/new", NULL), 0);
	assert_string_equal(contents(f), before);
	assert_int_equal(run(f, "test ! -e hacked", NULL), 0);
	if (run(f, "! command -v shellcheck || shellcheck fix.sh", &said) != 0) {
		fail_msg("%s", said);
	}
}

static void test_others_changed_it(void **state) {
	struct fixture *f = *state;
	struct plan *plan = arena_new_of(f->arena, struct plan);
	assert_int_equal(run(f, "mkdir d && printf 'A=1\\n' >d/env", NULL), 0);
	plan_init(plan, f->arena, "env-x", "X");
	plan_goenv(plan, in(f, "d/env"), "A", "2");
	write_script(f, plan);
	assert_int_equal(run(f, "echo theirs >d/env; sh fix.sh", NULL), 1);
	assert_int_equal(run(f, "grep -qx theirs d/env", NULL), 0);
	assert_int_equal(run(f, "sh fix.sh undo", NULL), 1);
}

static void test_needs_root(void **state) {
	struct fixture *f = *state;
	struct plan *plan = arena_new_of(f->arena, struct plan);
	assert_int_equal(run(f, "mkdir d && printf 'A=1\\n' >d/env", NULL), 0);
	plan_init(plan, f->arena, "env-x", "X");
	plan->needs_root = true;
	plan_goenv(plan, in(f, "d/env"), "A", "2");
	write_script(f, plan);
	const char *said = "";
	int status = run(f, "sh fix.sh", &said);
	assert_int_equal(status, geteuid() == 0 ? 0 : 1);
	assert_int_equal(run(f, "grep -q 'needs root' fix.sh", NULL), 0);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
	const struct CMUnitTest tests[] = {TEST(test_all_kinds), TEST(test_others_changed_it),
	                                   TEST(test_needs_root)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
