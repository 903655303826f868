/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "base/str.h"
#include "cmd/fail_on.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

static const struct rule rule_a = {.id = "env-a"};
static const struct rule rule_b = {.id = "tc-b"};
static const struct rule rule_c = {.id = "fs-c"};
static const struct rule rule_d = {.id = "mod-d"};
static const struct rule *const rules[] = {&rule_a, &rule_b, &rule_c, &rule_d, NULL};

static const struct finding cause = {.rule = &rule_a};
static const struct finding symptom = {.rule = &rule_b};
static const struct finding note = {.rule = &rule_c};
static struct doubt doubts[] = {{.id = "mod-d"}, {0}};
static const struct finding *none[] = {NULL};
static const struct finding *with_cause[] = {&cause, NULL};
static const struct finding *with_symptom[] = {&symptom, NULL};
static const struct finding *with_note[] = {&note, NULL};

static struct option_list list_of(const char *a, const char *b) {
	struct option_list list = {.items = {a, b}, .count = b ? 2 : a ? 1 : 0};
	return list;
}

static int validate(const char *a, const char *b) {
	struct arena *arena = arena_new();
	struct option_list list = list_of(a, b);
	struct err err = {0};
	int r = fail_on_validate(arena, &list, rules, &err);
	assert_int_equal(r, r < 0 ? err.code : 0);
	arena_free(arena);
	return r;
}

static void words_are_known_or_refused(void **state) {
	(void)state;
	assert_int_equal(validate(NULL, NULL), 0);
	assert_int_equal(validate("never", NULL), 0);
	assert_int_equal(validate("broken,env-a", "note"), 0);
	assert_int_equal(validate("healthy", NULL), -EINVAL);
	assert_int_equal(validate("env-z", NULL), -EINVAL);
	assert_int_equal(validate("", NULL), -EINVAL);
	assert_int_equal(validate("broken,", NULL), -EINVAL);
	assert_int_equal(validate(",broken", NULL), -EINVAL);
	assert_int_equal(validate("broken,,note", NULL), -EINVAL);
	assert_int_equal(validate("never,broken", NULL), -EINVAL);
	assert_int_equal(validate("never", "broken"), -EINVAL);
}

static struct diagnosis diagnosis_of(enum verdict verdict) {
	struct diagnosis d = {.verdict = verdict, .causes = none, .symptoms = none, .notes = none};
	return d;
}

static int status_of(const struct diagnosis *d, const char *words) {
	struct option_list list = list_of(words, NULL);
	return fail_on_status(&list, d, 42);
}

static void levels_are_thresholds(void **state) {
	(void)state;
	static const struct {
		enum verdict verdict;
		int never, broken, degraded, note;
	} rows[] = {
		{VERDICT_HEALTHY, 0, 0, 0, 0},
		{VERDICT_DEGRADED, 0, 0, 1, 1},
		{VERDICT_BROKEN, 0, 1, 1, 1},
		{VERDICT_UNKNOWN, 0, 3, 3, 3},
	};
	for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
		struct diagnosis d = diagnosis_of(rows[i].verdict);
		assert_int_equal(status_of(&d, NULL), 42);
		assert_int_equal(status_of(&d, "never"), rows[i].never);
		assert_int_equal(status_of(&d, "broken"), rows[i].broken);
		assert_int_equal(status_of(&d, "degraded"), rows[i].degraded);
		assert_int_equal(status_of(&d, "note"), rows[i].note);
	}
	struct diagnosis noted = diagnosis_of(VERDICT_HEALTHY);
	noted.notes = with_note;
	noted.note_count = 1;
	assert_int_equal(status_of(&noted, "degraded"), 0);
	assert_int_equal(status_of(&noted, "note"), 1);
}

static void ids_count_wherever_they_were_found(void **state) {
	(void)state;
	struct diagnosis d = diagnosis_of(VERDICT_BROKEN);
	d.causes = with_cause;
	d.symptoms = with_symptom;
	d.notes = with_note;
	d.doubts = doubts;
	d.doubt_count = 1;
	assert_int_equal(status_of(&d, "env-a"), 1);
	assert_int_equal(status_of(&d, "tc-b"), 1);
	assert_int_equal(status_of(&d, "fs-c"), 1);
	/* It could not be looked for: neither there nor not there. */
	assert_int_equal(status_of(&d, "mod-d"), 3);
	assert_int_equal(status_of(&d, "mod-d,env-a"), 1);
	d = diagnosis_of(VERDICT_BROKEN);
	assert_int_equal(status_of(&d, "env-a"), 0);
	assert_int_equal(status_of(&d, "env-a,broken"), 1);
	d = diagnosis_of(VERDICT_UNKNOWN);
	assert_int_equal(status_of(&d, "env-a"), 3);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(words_are_known_or_refused),
		cmocka_unit_test(levels_are_thresholds),
		cmocka_unit_test(ids_count_wherever_they_were_found),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
