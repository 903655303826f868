/* SPDX-License-Identifier: MIT
 * The order of the generated tables is by name, whatever folder a file is moved to: probes of one
 * stage run in it, and some read what others before them stated.
 */
#include "base/str.h"
#include "core/probe.h"
#include "core/registry.h"
#include "core/rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <cmocka.h>

static size_t at(const char *name) {
	for (size_t i = 0; registry_probes[i]; i++) {
		if (streq(registry_probes[i]->id, name)) {
			return i;
		}
	}
	fail_msg("there is no probe '%s'", name);
	return 0;
}

static void test_probes_stand_by_name(void **state) {
	(void)state;
	assert_true(at("go_env") < at("modules"));
	assert_true(at("modules") < at("places"));
	assert_true(at("modules") < at("toolchain")); /* which go.mod asks for which toolchain */
}

static void test_rules_stand_by_id(void **state) {
	(void)state;
	for (size_t i = 1; registry_rules[i]; i++) {
		assert_true(strcmp(registry_rules[i - 1]->id, registry_rules[i]->id) < 0);
	}
}

static void test_rules_by_id(void **state) {
	static const char *const ids[] = {"mod-huge-root", "no-such-id", "bin-go-missing", NULL};
	struct arena *arena = arena_new();
	const struct rule *const *named = rules_named(arena, registry_rules, ids);
	const char *const *all = rule_ids(arena, registry_rules);

	(void)state;
	assert_string_equal(named[0]->id, "bin-go-missing"); /* in the order of the table */
	assert_string_equal(named[1]->id, "mod-huge-root");
	assert_null(named[2]);
	assert_ptr_equal(rule_find(registry_rules, "mod-huge-root"), named[1]);
	assert_null(rule_find(registry_rules, "no-such-id"));
	size_t n = 0;
	for (; all[n]; n++) {
		assert_ptr_equal(all[n], registry_rules[n]->id);
	}
	assert_null(registry_rules[n]);
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probes_stand_by_name),
		cmocka_unit_test(test_rules_stand_by_id),
		cmocka_unit_test(test_rules_by_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
