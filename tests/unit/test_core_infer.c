/* SPDX-License-Identifier: MIT
 * Folding, ranking and verdicts with rules made up here; and the shape of the graph of the real
 * ones.
 */
#include "core/infer.h"
#include "core/registry.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A made-up rule finds what facts order: `trial what=ID subject=ABOUT
 * detail=certain|likely|possible`. */
static void check_ordered(const struct rule *self, const struct facts *facts,
                          struct findings *out) {
	facts_each (trial, t, facts) {
		if (streq(t->what, self->id)) {
			enum confidence conf = streq(t->detail, "possible") ? CONF_POSSIBLE
			                       : streq(t->detail, "likely") ? CONF_LIKELY
			                                                    : CONF_CERTAIN;
			struct finding *f = findings_add(out, self, conf, t->subject, "%s about %s",
			                                 self->id, t->subject);
			f->by_words = streq(t->detail, "words");
		}
	}
}

static const struct rule rule_full = {.id = "fs-full",
                                      .severity = SEV_ERROR,
                                      .needs = FACT_BIT(place),
                                      .explains = IDS("mod-gone", "*srv-dead", "?cfg-odd"),
                                      .check = check_ordered};
static const struct rule rule_gone = {.id = "mod-gone",
                                      .severity = SEV_ERROR,
                                      .explains = IDS("*srv-dead"),
                                      .check = check_ordered};
static const struct rule rule_dead = {
	.id = "srv-dead", .severity = SEV_ERROR, .check = check_ordered};
static const struct rule rule_odd = {
	.id = "cfg-odd", .severity = SEV_WARNING, .check = check_ordered};
static const struct rule rule_note = {.id = "cfg-note",
                                      .severity = SEV_NOTE,
                                      .explains = IDS("*srv-dead"),
                                      .check = check_ordered};
static const struct rule *const rules[] = {&rule_full, &rule_gone, &rule_dead,
                                           &rule_odd,  &rule_note, NULL};

struct bench {
	struct arena *arena;
	struct facts facts;
};

static int set_up(void **state) {
	struct arena *arena = arena_new();
	struct bench *b = arena_new_of(arena, struct bench);
	b->arena = arena;
	facts_init(&b->facts, arena);
	*state = b;
	return 0;
}

static int tear_down(void **state) {
	arena_free(((struct bench *)*state)->arena);
	return 0;
}

static struct diagnosis diagnose(struct bench *b, const char *const *lines) {
	for (size_t i = 0; lines[i]; i++) {
		assert_int_equal(facts_add_text(&b->facts, lines[i], NULL), 0);
	}
	return infer(rules, &b->facts);
}

static void test_same_subject_folds(void **state) {
	struct diagnosis d = diagnose(
		*state, IDS("trial what=mod-gone subject=/a", "trial what=fs-full subject=/a"));
	assert_int_equal(d.cause_count, 1);
	assert_int_equal(d.symptom_count, 1);
	assert_string_equal(d.causes[0]->rule->id, "fs-full");
	assert_ptr_equal(d.symptoms[0]->explained_by, d.causes[0]);
	assert_int_equal(d.causes[0]->explains_count, 1);
}

static void test_other_subject_is_another_root(void **state) {
	struct diagnosis d = diagnose(
		*state, IDS("trial what=mod-gone subject=/a", "trial what=fs-full subject=/b"));
	assert_int_equal(d.cause_count, 2);
	assert_int_equal(d.symptom_count, 0);
}

static void test_star_folds_whatever_it_is_about(void **state) {
	struct diagnosis d = diagnose(
		*state, IDS("trial what=srv-dead subject=gopls", "trial what=mod-gone subject=/b"));
	assert_int_equal(d.cause_count, 1);
	assert_string_equal(d.causes[0]->rule->id, "mod-gone");
	assert_string_equal(d.symptoms[0]->rule->id, "srv-dead");
}

static void test_question_mark_folds_only_what_rests_on_words(void **state) {
	struct diagnosis d = diagnose(*state, IDS("trial what=fs-full subject=/a",
	                                          "trial what=cfg-odd subject=x detail=words",
	                                          "trial what=cfg-odd subject=y"));
	assert_int_equal(d.cause_count, 2);
	assert_int_equal(d.symptom_count, 1);
	assert_string_equal(d.symptoms[0]->subject, "x");
}

static void test_chain_has_one_root(void **state) {
	struct diagnosis d = diagnose(*state, IDS("trial what=srv-dead subject=gopls",
	                                          "trial what=mod-gone subject=/a",
	                                          "trial what=fs-full subject=/a"));
	assert_int_equal(d.cause_count, 1);
	assert_int_equal(d.symptom_count, 2);
	assert_string_equal(d.causes[0]->rule->id, "fs-full");
}

static void test_possible_swallows_nothing_certain(void **state) {
	struct diagnosis d = diagnose(*state, IDS("trial what=fs-full subject=/a detail=possible",
	                                          "trial what=mod-gone subject=/a"));
	assert_int_equal(d.symptom_count, 0);
	assert_int_equal(d.cause_count, 2);
}

static void test_possible_never_outranks_certain(void **state) {
	/* The possible one is an error that explains two; the certain one is a warning that
	 * explains nothing. */
	struct diagnosis d = diagnose(*state, IDS("trial what=fs-full subject=/a detail=possible",
	                                          "trial what=mod-gone subject=/a detail=possible",
	                                          "trial what=srv-dead subject=/a detail=possible",
	                                          "trial what=cfg-odd subject=x detail=certain"));
	assert_int_equal(d.cause_count, 2);
	assert_string_equal(d.causes[0]->rule->id, "cfg-odd");
	assert_int_equal(d.causes[1]->explains_count, 2);
}

static void test_likely_is_between(void **state) {
	struct diagnosis d = diagnose(*state, IDS("trial what=cfg-odd subject=a detail=possible",
	                                          "trial what=cfg-odd subject=b detail=likely",
	                                          "trial what=cfg-odd subject=c"));
	assert_int_equal(d.cause_count, 3);
	assert_string_equal(d.causes[0]->subject, "c");
	assert_string_equal(d.causes[1]->subject, "b");
	assert_string_equal(d.causes[2]->subject, "a");
}

static void test_a_note_explains_nothing_and_is_no_cause(void **state) {
	struct diagnosis d = diagnose(
		*state, IDS("trial what=cfg-note subject=x", "trial what=srv-dead subject=x"));
	assert_int_equal(d.note_count, 1);
	assert_int_equal(d.cause_count, 1);
	assert_string_equal(d.causes[0]->rule->id, "srv-dead");
}

static void test_the_order_of_facts_changes_nothing(void **state) {
	struct bench *b = *state;
	struct diagnosis one =
		diagnose(b, IDS("trial what=cfg-odd subject=x", "trial what=srv-dead subject=/a",
	                        "trial what=fs-full subject=/b"));
	facts_init(&b->facts, b->arena);
	struct diagnosis two =
		diagnose(b, IDS("trial what=fs-full subject=/b", "trial what=srv-dead subject=/a",
	                        "trial what=cfg-odd subject=x"));
	assert_int_equal(one.cause_count, two.cause_count);
	for (size_t i = 0; i < one.cause_count; i++) {
		assert_string_equal(one.causes[i]->rule->id, two.causes[i]->rule->id);
	}
}

static void test_not_covered_is_a_doubt(void **state) {
	struct diagnosis d = diagnose(*state, IDS("refused place \"the disk hung\""));
	assert_int_equal(d.doubt_count, 1);
	assert_string_equal(d.doubts[0].id, "fs-full");
	assert_string_equal(d.doubts[0].because, "the disk hung");
	assert_null(d.doubts[1].id);
	assert_int_equal(d.verdict, VERDICT_UNKNOWN);
}

static void test_found_is_no_doubt(void **state) {
	struct diagnosis d =
		diagnose(*state, IDS("refused place x", "trial what=fs-full subject=/a"));
	assert_int_equal(d.doubt_count, 0);
}

static void expect_verdict(struct bench *b, const char *const *lines, enum verdict verdict) {
	facts_init(&b->facts, b->arena);
	assert_int_equal(diagnose(b, lines).verdict, verdict);
}

static void test_verdicts(void **state) {
	expect_verdict(*state, IDS(NULL), VERDICT_UNKNOWN);
	expect_verdict(*state, IDS("health state=healthy"), VERDICT_HEALTHY);
	expect_verdict(*state, IDS("health state=degraded"), VERDICT_DEGRADED);
	expect_verdict(*state, IDS("health state=broken"), VERDICT_BROKEN);
	expect_verdict(*state, IDS("health state=unknown"), VERDICT_UNKNOWN);
	expect_verdict(*state, IDS("health state=healthy", "trial what=cfg-note"), VERDICT_HEALTHY);
	expect_verdict(*state, IDS("health state=healthy", "trial what=cfg-odd"), VERDICT_DEGRADED);
	expect_verdict(*state, IDS("trial what=srv-dead"), VERDICT_BROKEN);
	expect_verdict(*state, IDS("trial what=cfg-odd"), VERDICT_DEGRADED);
}

static size_t real_rule(const char *id) {
	size_t i = 0;
	while (registry_rules[i] && !streq(registry_rules[i]->id, id)) {
		i++;
	}
	return i;
}

/* The folders of a window: what both found is there once, the worst verdict is that of all. */
static void test_merge(void **state) {
	struct bench *b = *state;
	struct facts other;
	struct diagnosis parts[2];
	parts[0] = diagnose(b, IDS("trial what=cfg-odd subject=a", "health state=healthy",
	                           "refused place \"the disk hung\""));
	facts_init(&other, b->arena);
	b->facts = other;
	parts[1] = diagnose(b, IDS("trial what=cfg-odd subject=a detail=likely",
	                           "trial what=fs-full subject=/b", "health state=broken"));
	struct diagnosis d = infer_merge(b->arena, parts, 2);
	assert_int_equal(d.verdict, VERDICT_BROKEN);
	assert_int_equal(d.cause_count, 2);
	assert_string_equal(d.causes[0]->rule->id, "fs-full");
	assert_ptr_equal(d.causes[1], parts[0].causes[0]);
	assert_null(d.causes[2]);
	assert_int_equal(d.doubt_count, 1);
	d = infer_merge(b->arena, parts, 1);
	assert_int_equal(d.verdict, VERDICT_DEGRADED);
	d = infer_merge(b->arena, NULL, 0);
	assert_int_equal(d.verdict, VERDICT_HEALTHY);
	assert_null(d.causes[0]);
}

static void test_real_rules_explain_existing_ids(void **state) {
	(void)state;
	for (size_t i = 0; registry_rules[i]; i++) {
		const char *const *ids = registry_rules[i]->explains;
		for (size_t k = 0; ids && ids[k]; k++) {
			const char *id = rule_explained_id(ids[k]);
			if (!registry_rules[real_rule(id)]) {
				fail_msg("%s explains '%s', which does not exist",
				         registry_rules[i]->id, id);
			}
		}
	}
}

enum mark { MARK_NEW, MARK_OPEN, MARK_DONE };

static void walk(size_t at, enum mark *marks) {
	const char *const *ids = registry_rules[at]->explains;
	marks[at] = MARK_OPEN;
	for (size_t k = 0; ids && ids[k]; k++) {
		size_t next = real_rule(rule_explained_id(ids[k]));
		if (registry_rules[next] && marks[next] == MARK_OPEN) {
			fail_msg("%s and %s explain each other", registry_rules[at]->id, ids[k]);
		}
		if (registry_rules[next] && marks[next] == MARK_NEW) {
			walk(next, marks);
		}
	}
	marks[at] = MARK_DONE;
}

static void test_real_rules_explain_without_a_circle(void **state) {
	struct bench *b = *state;
	size_t count = real_rule("");
	enum mark *marks = arena_array_of(b->arena, enum mark, count);
	for (size_t i = 0; i < count; i++) {
		if (marks[i] == MARK_NEW) {
			walk(i, marks);
		}
	}
}

static void test_real_rules_find_nothing_where_nobody_looked(void **state) {
	struct bench *b = *state;
	for (unsigned kind = 0; kind < FACT_KIND_COUNT; kind++) {
		facts_refuse(&b->facts, (enum fact_kind)kind, "nobody looked", "");
	}
	struct diagnosis d = infer(registry_rules, &b->facts);
	for (size_t i = 0; i < d.cause_count; i++) {
		print_error("%s finds something\n", d.causes[i]->rule->id);
	}
	assert_int_equal(d.cause_count + d.symptom_count + d.note_count, 0);
	assert_int_equal(d.verdict, VERDICT_UNKNOWN);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(test_same_subject_folds),
		TEST(test_other_subject_is_another_root),
		TEST(test_question_mark_folds_only_what_rests_on_words),
		TEST(test_star_folds_whatever_it_is_about),
		TEST(test_chain_has_one_root),
		TEST(test_possible_swallows_nothing_certain),
		TEST(test_possible_never_outranks_certain),
		TEST(test_likely_is_between),
		TEST(test_a_note_explains_nothing_and_is_no_cause),
		TEST(test_the_order_of_facts_changes_nothing),
		TEST(test_not_covered_is_a_doubt),
		TEST(test_found_is_no_doubt),
		TEST(test_verdicts),
		TEST(test_merge),
		TEST(test_real_rules_explain_existing_ids),
		TEST(test_real_rules_explain_without_a_circle),
		TEST(test_real_rules_find_nothing_where_nobody_looked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
