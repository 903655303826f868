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

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_probes_stand_by_name),
		cmocka_unit_test(test_rules_stand_by_id),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
