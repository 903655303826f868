/* SPDX-License-Identifier: MIT
 * Growth that has no end, and what only looks like it; and how names become patterns.
 */
#include "base/str.h"
#include "core/growth.h"
#include "core/usage.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define N 20

static struct growth fit(const double *y, double least) {
	double x[N];

	for (int i = 0; i < N; i++) {
		x[i] = i * 0.5;
	}
	return growth_fit(x, y, N, least);
}

static void test_straight(void **state) {
	double y[N];

	(void)state;
	for (int i = 0; i < N; i++) {
		y[i] = 40 + 3 * i;
	}
	struct growth g = fit(y, 3);

	assert_true(g.grows);
	assert_true(g.slope > 5.99 && g.slope < 6.01);
	assert_true(g.z2 > 25);
	assert_false(fit(y, 1000).grows);
}

/* Some points far out, and noise. */
static void test_odd_points(void **state) {
	double y[N];

	(void)state;
	for (int i = 0; i < N; i++) {
		y[i] = 40 + 3 * i + (i * 7 % 5) - 2;
	}
	y[3] = 5000;
	y[16] = 0;
	struct growth g = fit(y, 3);

	assert_true(g.grows);
	assert_true(g.slope > 5 && g.slope < 7);
}

/* A program that loads rises and stays; one that collects garbage goes up and down. */
static void test_no_growth(void **state) {
	double loads[N], saw[N], flat[N], falls[N];

	(void)state;
	for (int i = 0; i < N; i++) {
		loads[i] = i < 8 ? 10 * i : 80 + i % 2;
		saw[i] = 100 + 10 * (i % 5);
		flat[i] = 12;
		falls[i] = 100 - i;
	}
	assert_false(fit(loads, 3).grows);
	assert_false(fit(saw, 3).grows);
	assert_false(fit(flat, 0).grows);
	assert_false(fit(falls, 0).grows);
	assert_true(fit(falls, 0).slope < 0);
}

/* One more with every restart: steps that are rare are growth as well. */
static void test_steps(void **state) {
	double y[N];

	(void)state;
	for (int i = 0; i < N; i++) {
		int steps = i / 3;

		y[i] = 3 + steps;
	}
	assert_true(fit(y, 3).grows);
}

static void test_too_few(void **state) {
	const double x[] = {0, 1, 2, 3}, y[] = {0, 10, 20, 30};

	(void)state;
	assert_false(growth_fit(x, y, 4, 0).grows);
	assert_false(growth_fit(x, y, 0, 0).grows);
}

static void test_pattern(void **state) {
	struct arena *arena = arena_new();

	(void)state;
	assert_string_equal(usage_pattern(arena, "/tmp/go-build123/b001/exe"),
	                    "/tmp/go-build#/b#/exe");
	assert_string_equal(usage_pattern(arena, "/c/3f/3fe0a99b-d"), "/c/#f/#-d");
	assert_string_equal(usage_pattern(arena, "/feedface/cafe"), "/feedface/cafe");
	assert_string_equal(usage_pattern(arena, ""), "");
	arena_free(arena);
}

static void test_usage(void **state) {
	struct arena *arena = arena_new();
	struct usage *u = usage_parse(arena, slice_str("count processes 2\ncount descriptors 40\n"
	                                               "name files 12 /tmp/a b#\ncount nonsense 4\n"
	                                               "count maps x\nuser_watches 7\n"
	                                               "watches_limit 8192\n"));

	(void)state;
	assert_true(u->known);
	assert_int_equal(u->counts[USAGE_DESCRIPTORS], 40);
	assert_int_equal(u->counts[USAGE_MAPS], 0);
	assert_int_equal(u->name_count, 1);
	assert_string_equal(u->names[0].pattern, "/tmp/a b#");
	assert_int_equal(u->user_watches, 7);
	assert_int_equal(u->instances_limit, -1);
	assert_false(usage_parse(arena, slice_str("count processes 0\n"))->known);
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_straight),  cmocka_unit_test(test_odd_points),
		cmocka_unit_test(test_no_growth), cmocka_unit_test(test_steps),
		cmocka_unit_test(test_too_few),   cmocka_unit_test(test_pattern),
		cmocka_unit_test(test_usage),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
