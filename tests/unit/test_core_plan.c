/* SPDX-License-Identifier: MIT
 * Plans: what is computed from their steps, and that every fix belongs to a rule.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/registry.h"
#include "core/rule.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct plan *new_plan(struct arena *arena) {
	struct plan *plan = arena_new_of(arena, struct plan);

	plan_init(plan, arena, "env-x", "X");
	return plan;
}

static void test_computed(void **state) {
	struct arena *arena = arena_new();
	struct plan *plan = new_plan(arena);

	(void)state;
	assert_false(plan_reversible(plan)); /* nothing is done: nothing to take back */
	plan_goenv(plan, "/h/.config/go/env", "GOFLAGS", NULL);
	assert_true(plan_reversible(plan));
	assert_false(plan_disruptive(plan));
	assert_false(plan_network(plan));

	const char *const argv[] = {"/usr/bin/go", "mod", "tidy", NULL};
	const char *const announces[] = {"/w/go.mod", "/w/go.sum", NULL};
	plan_run(plan, "/w", argv, announces)->network = true;
	assert_true(plan_network(plan));

	plan_step(plan, STEP_SIGNAL, "", "end process %d", 7)->signal = SIGTERM;
	assert_false(plan_reversible(plan));
	assert_true(plan_disruptive(plan));
	assert_int_equal(plan->step_count, 3);
	assert_string_equal(plan->steps[2].what, "end process 7");
	arena_free(arena);
}

static void test_too_many(void **state) {
	struct arena *arena = arena_new();
	struct plan *plan = new_plan(arena);

	(void)state;
	for (int i = 0; i < PLAN_STEPS_MAX; i++) {
		assert_non_null(plan_setting(plan, "/s.json", "go.goroot", NULL));
	}
	assert_null(plan->unable);
	assert_null(plan_setting(plan, "/s.json", "go.goroot", "1"));
	assert_non_null(plan->unable);
	arena_free(arena);
}

static void test_text(void **state) {
	struct arena *arena = arena_new();
	struct plan *plan = new_plan(arena);

	(void)state;
	plan_goenv(plan, "/h/.config/go/env", "GOFLAGS", NULL);
	plan_setting(plan, "/h/my settings.json", "go.toolsEnvVars/GOPATH", "\"x\"");
	plan_mode(plan, "/h/go", 0700, 0022, true);
	plan_run(plan, "/w", PLAN_WORDS(plan, "/usr/bin/go", "mod", "tidy"),
	         PLAN_WORDS(plan, "/w/go.mod"));
	plan_signal(plan, 7, 99, SIGTERM, "gopls");
	static const char *const wanted[] = {
		"goenv path=/h/.config/go/env name=GOFLAGS",
		"setting path='/h/my settings.json' name=go.toolsEnvVars/GOPATH value='\"x\"'",
		"mode path=/h/go mode=u+rwx,g-w,o-w below",
		"run argv=/usr/bin/go argv=mod argv=tidy cwd=/w announces=/w/go.mod",
		"signal pid=7 start=99 signal=TERM",
	};
	for (size_t i = 0; i < sizeof(wanted) / sizeof(*wanted); i++) {
		assert_string_equal(step_text(arena, &plan->steps[i]), wanted[i]);
	}
	arena_free(arena);
}

static void test_fixes_have_rules(void **state) {
	(void)state;
	for (size_t i = 0; registry_fixes[i]; i++) {
		assert_non_null(rule_find(registry_rules, registry_fixes[i]->cause));
	}
	assert_non_null(registry_fixes[0]);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_computed),
		cmocka_unit_test(test_too_many),
		cmocka_unit_test(test_text),
		cmocka_unit_test(test_fixes_have_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
