/* SPDX-License-Identifier: MIT
 * The search for what breaks it, beside brute force over every subset.
 */
#include "bisect/search.h"

#include "arena_fixture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define SMALL  8 /* elements, where every subset is looked at */
#define ROUNDS 200

/* What trials say: of small sets by a table, of large ones by what must be there together. */
struct patient {
	size_t count;
	const enum trial *table; /* by the bits of the subset, or NULL */
	const struct subset *guilty;
	size_t guilty_count;
	size_t width, cuts, dear, runs, stop_after;
	struct subset made[4096];
	size_t made_count;
	bool again, wide;
};

static enum trial judge(const struct patient *p, const struct subset *set) {
	if (p->table) {
		return p->table[set->words[0]];
	}
	for (size_t i = 0; i < p->guilty_count; i++) {
		if (subset_within(&p->guilty[i], set)) {
			return TRIAL_BAD;
		}
	}
	return TRIAL_GOOD;
}

static bool run(void *context, const struct subset *sets, size_t count, enum trial *ret) {
	struct patient *p = context;

	p->wide = p->wide || count > p->width || count == 0;
	if (p->stop_after > 0 && ++p->runs > p->stop_after) {
		return false;
	}
	for (size_t i = 0; i < count; i++) {
		for (size_t k = 0; k < p->made_count; k++) {
			p->again = p->again || subset_equal(&p->made[k], &sets[i]);
		}
		p->made[p->made_count++ % 4096] = sets[i];
		ret[i] = judge(p, &sets[i]);
	}
	return true;
}

static struct search_result search_in(struct arena *arena, struct patient *p,
                                      const unsigned *weights, size_t budget) {
	struct search_result result;

	search(&(struct search_spec){.arena = arena,
	                             .count = p->count,
	                             .weights = weights,
	                             .width = p->width,
	                             .cuts = p->cuts,
	                             .dear = p->dear,
	                             .budget = budget,
	                             .run = run,
	                             .context = p},
	       &result);
	assert_false(p->again);
	assert_false(p->wide);
	assert_true(p->made_count == result.trials);
	return result;
}

/* A generator of our own: the same numbers everywhere. */
static uint32_t draw(uint32_t *seed, uint32_t below) {
	*seed = *seed * 1664525u + 1013904223u;
	return (*seed >> 8) % below;
}

static const unsigned even[SUBSET_MAX] = {1, 1, 1, 1, 1, 1, 1, 1};

static void check_found(struct patient *p, const struct search_result *r, bool monotone) {
	struct subset rest = subset_first(p->count);

	assert_true(r->set_count >= 1);
	for (size_t i = 0; i < r->set_count; i++) {
		const struct subset *set = &r->sets[i].set;

		assert_int_equal(judge(p, set), TRIAL_BAD);
		assert_true(subset_within(set, &rest));
		assert_true(r->sets[i].minimal);
		assert_true(p->dear > 0 || !r->sets[i].implied);
		for (size_t e = 0; e < p->count; e++) {
			struct subset less = *set;

			subset_take(&less, e);
			if (subset_has(set, e)) {
				assert_int_not_equal(judge(p, &less), TRIAL_BAD);
			}
		}
		/* Brute force: no smaller part of it is bad at all. */
		for (uint64_t bits = 0; monotone && bits < (1u << SMALL); bits++) {
			struct subset part = {.words = {bits}};

			if (subset_within(&part, set) && !subset_equal(&part, set)) {
				assert_int_not_equal(judge(p, &part), TRIAL_BAD);
			}
		}
		rest = subset_minus(&rest, set);
	}
	assert_int_equal(r->cured, judge(p, &rest) == TRIAL_GOOD);
	assert_true(r->cured || judge(p, &rest) == TRIAL_UNRESOLVED ||
	            r->set_count == SEARCH_SETS_MAX);
}

static void close_upwards(enum trial table[1 << SMALL]) {
	for (unsigned bits = 0; bits < 1u << SMALL; bits++) {
		for (unsigned e = 0; e < SMALL; e++) {
			if (table[bits & ~(1u << e)] == TRIAL_BAD) {
				table[bits] = TRIAL_BAD;
			}
		}
	}
}

static void against_brute_force(struct arena *arena, bool monotone, uint32_t unresolved) {
	uint32_t seed = monotone ? 1 : 2;

	for (int round = 0; round < ROUNDS; round++) {
		enum trial table[1 << SMALL] = {TRIAL_GOOD};
		struct patient p = {.count = SMALL,
		                    .table = table,
		                    .width = 1 + draw(&seed, 4),
		                    .cuts = draw(&seed, 4)};
		p.dear = monotone && draw(&seed, 2) == 0 ? 1 + draw(&seed, 12) : 0;
		unsigned weights[SMALL];
		uint32_t density = monotone ? 60 : 1 + draw(&seed, 8);

		for (unsigned i = 1; i < 1u << SMALL; i++) {
			table[i] = draw(&seed, density) == 0 ? TRIAL_BAD : TRIAL_GOOD;
		}
		table[(1 << SMALL) - 1] = TRIAL_BAD;
		if (monotone) {
			close_upwards(table);
		}
		for (unsigned i = 1; unresolved > 0 && i < (1u << SMALL) - 1; i++) {
			table[i] = draw(&seed, unresolved) == 0 ? TRIAL_UNRESOLVED : table[i];
		}
		for (size_t i = 0; i < SMALL; i++) {
			weights[i] = 1 + draw(&seed, 40);
		}
		struct search_result r = search_in(arena, &p, weights, 0);
		check_found(&p, &r, monotone && unresolved == 0);
		assert_false(monotone && unresolved == 0 && r.whimsical);
	}
}

static void test_monotone(void **state) {
	against_brute_force(*state, true, 0);
}

static void test_whimsical(void **state) {
	against_brute_force(*state, false, 0);
}

static void test_unresolved(void **state) {
	against_brute_force(*state, true, 3);
	against_brute_force(*state, false, 2);
}

enum { MANY = 120, SUSPECTS = 15, DEAR = 23 };

enum where { ALL_EVEN, SUSPECTED, OVERLOOKED }; /* none is suspected; these are; others are */

/* Some of 120 elements are guilty, together or each alone. Trials with both ends. */

static size_t trials_of(struct arena *arena, uint32_t *seed, uint32_t count, bool together,
                        enum where where) {
	unsigned weights[MANY];
	struct subset guilty[3] = {0}, all = {0};
	struct patient p = {
		.count = MANY, .guilty = guilty, .width = 1 + draw(seed, 2), .dear = DEAR};

	for (size_t i = 0; i < MANY; i++) {
		weights[i] = where != ALL_EVEN && i < SUSPECTS ? 40 : 1;
	}
	while (subset_count(&all) < count) {
		subset_put(&all, where == OVERLOOKED
		                         ? SUSPECTS + draw(seed, MANY - SUSPECTS)
		                         : draw(seed, where == SUSPECTED ? SUSPECTS : MANY));
	}
	for (size_t i = 0; i < MANY; i++) {
		if (subset_has(&all, i)) {
			p.guilty_count += !together || p.guilty_count == 0;
			subset_put(&guilty[p.guilty_count - 1], i);
		}
	}
	struct search_result r = search_in(arena, &p, weights, 0);
	assert_true(r.cured && !r.whimsical && !r.stopped);
	assert_int_equal(r.set_count, p.guilty_count);
	for (size_t i = 0; i < r.set_count; i++) {
		bool meant = false;

		for (size_t k = 0; k < p.guilty_count; k++) {
			meant = meant || subset_equal(&guilty[k], &r.sets[i].set);
		}
		assert_true(meant && r.sets[i].minimal);
	}
	return r.trials + 2;
}

static const struct figure {
	uint32_t count;
	bool together;
	enum where where;
	size_t most;
} figures[] = {
	{1, true, ALL_EVEN, 15},    {2, true, ALL_EVEN, 24},   {2, false, ALL_EVEN, 22},
	{3, true, ALL_EVEN, 25},    {3, false, ALL_EVEN, 25},  {1, true, SUSPECTED, 12},
	{2, true, SUSPECTED, 20},   {2, false, SUSPECTED, 17}, {3, true, SUSPECTED, 23},
	{3, false, SUSPECTED, 20},  {1, true, OVERLOOKED, 16}, {2, true, OVERLOOKED, 24},
	{2, false, OVERLOOKED, 23}, {3, true, OVERLOOKED, 25}, {3, false, OVERLOOKED, 25},
};

/* How many trials it takes: never more than 25. */
static void test_trials(void **state) {
	enum { TIMES = 1 }; /* each counts out half a million combinations */
	uint32_t seed = 7;

	for (size_t i = 0; i < sizeof figures / sizeof *figures; i++) {
		const struct figure *f = &figures[i];
		size_t most = 0;

		for (int round = 0; round < TIMES; round++) {
			size_t trials = trials_of(*state, &seed, f->count, f->together, f->where);

			most = trials > most ? trials : most;
		}
		assert_true(most <= f->most);
	}
}

/* Two that only hurt together, beside one that hurts alone; and four of which each hurts: more than are counted out. */
static void test_others(void **state) {
	static const size_t mixed[][2] = {{17, 90}, {55, 55}}, four[] = {3, 40, 41, 119};
	struct subset guilty[4] = {0};
	struct patient p = {
		.count = MANY, .guilty = guilty, .guilty_count = 2, .width = 2, .dear = DEAR};
	unsigned weights[MANY];

	for (size_t i = 0; i < MANY; i++) {
		weights[i] = 1;
	}
	for (size_t i = 0; i < 2; i++) {
		subset_put(&guilty[i], mixed[i][0]);
		subset_put(&guilty[i], mixed[i][1]);
	}
	struct search_result r = search_in(*state, &p, weights, 0);
	assert_true(r.cured && r.set_count == 2 && r.trials + 2 <= 34);
	assert_true(r.sets[0].minimal && r.sets[1].minimal);

	struct patient q = {.count = MANY, .guilty = guilty, .guilty_count = 4, .width = 2};
	for (size_t i = 0; i < 4; i++) {
		guilty[i] = (struct subset){0};
		subset_put(&guilty[i], four[i]);
	}
	r = search_in(*state, &q, weights, 0);
	assert_true(r.cured && r.set_count == 4);
}

static void test_stops(void **state) {
	struct subset guilty = {0};
	struct patient p = {.count = 8, .guilty = &guilty, .guilty_count = 1, .width = 1};

	subset_put(&guilty, 3);
	subset_put(&guilty, 6);
	struct search_result r = search_in(*state, &p, even, 2);
	assert_true(r.stopped && !r.cured && r.trials <= 2);

	struct patient q = {
		.count = 8, .guilty = &guilty, .guilty_count = 1, .width = 2, .stop_after = 1};
	search(&(struct search_spec){.arena = *state,
	                             .count = 8,
	                             .weights = even,
	                             .width = 2,
	                             .run = run,
	                             .context = &q},
	       &r);
	assert_true(r.stopped && !r.cured);
}

static void test_one(void **state) {
	struct subset guilty = subset_first(1);
	struct patient p = {.count = 1, .guilty = &guilty, .guilty_count = 1, .width = 2};
	struct search_result r = search_in(*state, &p, even, 0);

	assert_true(r.cured && r.set_count == 1 && r.sets[0].minimal);
	assert_int_equal(r.trials, 0); /* both ends are known */
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_monotone, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_whimsical, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_unresolved, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_trials, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_others, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_stops, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_one, arena_setup, arena_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
