/* SPDX-License-Identifier: MIT
 * Moments as people write them.
 */
#include "base/clock.h"
#include "cmd/since.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <stdlib.h>
#include <time.h>

#define NOW INT64_C(1795183331) /* 2026-11-20 14:02:11 UTC, a Friday */

static int64_t parsed(const char *text) {
	int64_t ns = 0;
	struct err err;
	return since_parse(text, NOW * NS_PER_S, &ns, &err) < 0 ? -1 : ns / NS_PER_S;
}

static void test_moments(void **state) {
	(void)state;
	assert_int_equal(parsed("2026-11-20 14:02:11"), NOW);
	assert_int_equal(parsed("2026-11-20T14:02"), NOW - 11);
	assert_int_equal(parsed("2026-11-20"), NOW - 50531);
	assert_int_equal(parsed("today"), NOW - 50531);
	assert_int_equal(parsed("yesterday"), NOW - 50531 - 86400);
	assert_int_equal(parsed("14:00"), NOW - 131);
	assert_int_equal(parsed("23:00"), NOW - 15 * 3600 - 131);
	assert_int_equal(parsed("3d"), NOW - 3 * 86400);
	assert_int_equal(parsed("12h"), NOW - 12 * 3600);
	assert_int_equal(parsed("30m"), NOW - 1800);
}

static void test_no_moments(void **state) {
	(void)state;
	static const char *const texts[] = {
		"",          "2026",       "2026-13-01", "2026-11-20 25:00",
		"d",         "3",          "3w",         "99999999d",
		"14:60",     "2026-11-21", "tomorrow",   "2026-11-20x",
		"0000-00-00"};
	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		assert_int_equal(parsed(texts[i]), -1);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_moments),
		cmocka_unit_test(test_no_moments),
	};
	setenv("TZ", "UTC0", 1);
	tzset();
	return cmocka_run_group_tests_name("cmd_since", tests, NULL, NULL);
}
