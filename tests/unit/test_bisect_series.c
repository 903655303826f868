/* SPDX-License-Identifier: MIT
 * Where a row turns, beside looking at every one of them.
 */
#include "bisect/series.h"

#include "arena_fixture.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

#define MOST 40

struct row {
	size_t count, turn; /* from turn on it is bad */
	bool silent[MOST];
	bool tried[MOST];
	bool again;
	size_t stop_after;
};

static bool run(void *context, size_t index, enum trial *ret) {
	struct row *row = context;

	row->again = row->again || row->tried[index] || index == 0 || index + 1 >= row->count;
	row->tried[index] = true;
	*ret = row->silent[index] ? TRIAL_UNRESOLVED : index >= row->turn ? TRIAL_BAD : TRIAL_GOOD;
	return row->stop_after == 0 || --row->stop_after > 0;
}

static uint32_t draw(uint32_t *seed, uint32_t below) {
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

static void test_every_turn(void **state) {
	for (size_t count = 2; count <= MOST; count++) {
		for (size_t turn = 1; turn < count; turn++) {
			struct row row = {.count = count, .turn = turn};
			struct series_result r;
			size_t halvings = 0;

			for (size_t n = count - 2; n > 0; n /= 2) {
				halvings++;
			}
			series_search(*state, count, run, &row, &r);
			assert_int_equal(r.first_bad, turn);
			assert_int_equal(r.last_good, turn - 1);
			assert_true(r.trials <= halvings && !row.again && !r.stopped);
		}
	}
}

/* What says nothing is left out, and nothing else stays open. */
static void test_silent(void **state) {
	uint32_t seed = 3;

	for (int round = 0; round < 5000; round++) {
		struct row row = {.count = 2 + draw(&seed, MOST - 2)};
		struct series_result r;
		uint32_t silence = 1 + draw(&seed, 4);

		row.turn = 1 + draw(&seed, (uint32_t)row.count - 1);
		for (size_t i = 1; i + 1 < row.count; i++) {
			row.silent[i] = draw(&seed, silence) == 0;
		}
		series_search(*state, row.count, run, &row, &r);
		assert_true(r.last_good < row.turn && r.first_bad >= row.turn && !row.again);
		for (size_t i = r.last_good + 1; i < r.first_bad; i++) {
			assert_true(row.silent[i]);
		}
		assert_false(row.silent[r.last_good] || row.silent[r.first_bad]);
	}
}

static void test_stops(void **state) {
	struct row row = {.count = MOST, .turn = 7, .stop_after = 2};
	struct series_result r;

	series_search(*state, row.count, run, &row, &r);
	assert_true(r.stopped && r.trials == 1);
	assert_true(r.last_good < 7 && r.first_bad >= 7);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_every_turn, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_silent, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_stops, arena_setup, arena_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
