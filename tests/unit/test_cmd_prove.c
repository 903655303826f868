/* SPDX-License-Identifier: MIT
 * What two reports say about one change, and what changes say about causes. No rehearsal is held here.
 */
#include "base/str.h"
#include "cmd/prove.h"
#include "core/rule.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static const struct rule rule_one = {.id = "env-one", .severity = SEV_ERROR};
static const struct rule rule_two = {.id = "mod-two", .severity = SEV_ERROR};
static const struct rule rule_three = {.id = "fs-three", .severity = SEV_ERROR};

struct desk {
	struct arena *arena;
	struct finding findings[3];
	const struct finding *causes[4];
	const struct finding *symptoms[2];
	struct finding symptom;
	struct diagnosis diagnosis;
	struct candidate candidates[3];
};

static int set_up(void **state) {
	static const struct rule *const rules[] = {&rule_one, &rule_two, &rule_three};
	struct arena *arena = arena_new();
	struct desk *d = arena_new_of(arena, struct desk);

	d->arena = arena;
	for (int i = 0; i < 3; i++) {
		d->findings[i] = (struct finding){.rule = rules[i],
		                                  .subject = "it",
		                                  .title = "it is broken",
		                                  .detail = "",
		                                  .confidence = CONF_CERTAIN};
		d->causes[i] = &d->findings[i];
		d->candidates[i] = (struct candidate){.finding = &d->findings[i],
		                                      .rehearsed = {.because = "no repair"}};
	}
	d->symptom = (struct finding){
		.rule = &rule_three, .subject = "that", .explained_by = &d->findings[0]};
	d->symptoms[0] = &d->symptom;
	d->diagnosis = (struct diagnosis){.verdict = VERDICT_BROKEN,
	                                  .causes = d->causes,
	                                  .cause_count = 2,
	                                  .symptoms = d->symptoms,
	                                  .symptom_count = 1};
	*state = d;
	return 0;
}

static int tear_down(void **state) {
	arena_free(((struct desk *)*state)->arena);
	return 0;
}

static struct digest parsed(struct desk *d, const char *json) {
	struct digest digest;

	assert_int_equal(digest_parse(d->arena, slice_str(json), &digest), 0);
	return digest;
}

#define HEAD "{\"schema\":\"dialtone.report/1\",\"verdict\":"
#define ONE  "{\"id\":\"env-one\",\"subject\":\"it\",\"severity\":\"error\",\"title\":\"t\"}"
#define TWO  "{\"id\":\"mod-two\",\"subject\":\"it\",\"severity\":\"error\",\"title\":\"t\"}"
#define F(a, b)                                                                                    \
	"\"features\":{\"definition\":{\"state\":\"" a "\"},\"hover\":{\"state\":\"" b "\"}}"
#define SICK HEAD "\"broken\",\"causes\":[" ONE "]," F("failed", "failed") "}"
#define WELL HEAD "\"healthy\",\"causes\":[],\"timing_ms\":{\"total\":600}," F("ok", "ok") "}"

static void test_digest(void **state) {
	static const char *const none[] = {"",
	                                   "null",
	                                   "[]",
	                                   "{}",
	                                   "{\"schema\":1}",
	                                   HEAD "3}",
	                                   "{\"schema\":\"x\",\"verdict\":\"y\"}",
	                                   HEAD "\"healthy\""};
	struct desk *d = *state;
	struct digest digest = parsed(d, SICK);

	assert_string_equal(digest.verdict, "broken");
	assert_int_equal(digest.total_ms, -1);
	assert_non_null(digest_find(&digest, "env-one", "it"));
	assert_null(digest_find(&digest, "env-one", "that"));
	assert_string_equal(digest_hurt(d->arena, &digest)[1], "hover");
	assert_null(digest_answered(d->arena, &digest)[0]);
	digest = parsed(d, WELL);
	assert_int_equal(digest.total_ms, 600);
	assert_string_equal(digest_answered(d->arena, &digest)[0], "definition");
	digest = parsed(d, HEAD "\"broken\",\"causes\":[3,{\"id\":[]}],\"features\":{\"x\":7}}");
	assert_int_equal(digest.finding_count, 2);
	for (size_t i = 0; i < sizeof none / sizeof *none; i++) {
		assert_int_not_equal(digest_parse(d->arena, slice_str(none[i]), &digest), 0);
	}
}

static void test_compare(void **state) {
	static const struct {
		const char *before, *after;
		enum change change;
	} cases[] = {
		{SICK, WELL, CHANGE_CURED},
		{SICK, HEAD "\"degraded\",\"causes\":[" TWO "]," F("ok", "ok") "}", CHANGE_CURED},
		{SICK, HEAD "\"broken\",\"causes\":[]," F("ok", "failed") "}", CHANGE_PART},
		{SICK, HEAD "\"broken\",\"causes\":[]," F("failed", "failed") "}", CHANGE_NONE},
		{SICK, HEAD "\"broken\",\"causes\":[]," F("failed", "timeout") "}", CHANGE_NONE},
		{SICK, SICK, CHANGE_STILL},
		{SICK, HEAD "\"degraded\",\"causes\":[],\"symptoms\":[" ONE "]," F("ok", "ok") "}",
	         CHANGE_STILL},
		{HEAD "\"broken\",\"causes\":[" ONE "]," F("failed", "ok") "}",
	         HEAD "\"broken\",\"causes\":[]," F("ok", "failed") "}", CHANGE_WORSE},
		{SICK, HEAD "\"unknown\",\"causes\":[],\"features\":{}}", CHANGE_PART},
	};
	struct desk *d = *state;

	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct digest before = parsed(d, cases[i].before);
		struct digest after = parsed(d, cases[i].after);

		assert_int_equal(digest_compare(&before, &after, "env-one", "it"), cases[i].change);
	}
}

static void test_judge(void **state) {
	struct desk *d = *state;
	struct rehearse_trial trial = {.id = "env-one", .subject = "it"};
	struct digest sick = parsed(d, SICK);
	struct digest well = parsed(d, WELL);
	struct rehearsed r = {.checked = true, .report = well, .because = ""};

	rehearse_judge(d->arena, &trial, &sick, &r);
	assert_int_equal(r.result, REHEARSE_PASSED);
	rehearse_judge(d->arena, &trial, NULL, &r);
	assert_int_equal(r.result, REHEARSE_PASSED);
	/* As much hurts without it: nothing else is found, then something that may be why. */
	r.report = parsed(d, HEAD "\"broken\",\"causes\":[]," F("failed", "failed") "}");
	rehearse_judge(d->arena, &trial, &sick, &r);
	assert_int_equal(r.result, REHEARSE_FAILED);
	r.report = parsed(d, HEAD "\"broken\",\"causes\":[" TWO "]," F("failed", "failed") "}");
	rehearse_judge(d->arena, &trial, &sick, &r);
	assert_int_equal(r.result, REHEARSE_PASSED);
	assert_non_null(strstr(r.because, "mod-two"));
	r.report = well;
	/* What is not seen inside before cannot be seen to go. */
	rehearse_judge(d->arena, &trial, &well, &r);
	assert_int_equal(r.result, REHEARSE_NOT_RUN);
	r = (struct rehearsed){.checked = true, .report = sick, .because = ""};
	rehearse_judge(d->arena, &trial, &sick, &r);
	assert_int_equal(r.result, REHEARSE_FAILED);
	r = (struct rehearsed){
		.checked = true, .report = parsed(d, HEAD "\"unknown\"}"), .because = ""};
	rehearse_judge(d->arena, &trial, &sick, &r);
	assert_int_equal(r.result, REHEARSE_NOT_RUN);
	r = (struct rehearsed){.checked = false, .because = "no view"};
	rehearse_judge(d->arena, &trial, &sick, &r);
	assert_int_equal(r.result, REHEARSE_NOT_RUN);
	assert_string_equal(r.because, "no view");
}

static void tried(struct desk *d, int i, enum change change, const char *report) {
	d->candidates[i].tried = true;
	d->candidates[i].change = change;
	d->candidates[i].rehearsed = (struct rehearsed){
		.checked = true, .report = parsed(d, report), .because = "", .handshake_ms = 600};
}

static const char *result(const struct finding *f) {
	return f->proof ? f->proof->result : NULL;
}

/* The second alone is all of it: it comes first, and what changed nothing is only possible. */
static void test_the_next_candidate_becomes_first(void **state) {
	struct desk *d = *state;

	d->findings[1].confidence = CONF_POSSIBLE;
	tried(d, 0, CHANGE_NONE, HEAD "\"broken\",\"causes\":[" TWO "]," F("failed", "failed") "}");
	tried(d, 1, CHANGE_CURED, WELL);
	struct diagnosis got = prove_weigh(d->arena, &d->diagnosis, d->candidates, 2, NULL);
	assert_int_equal(got.cause_count, 2);
	assert_ptr_equal(got.causes[0]->rule, &rule_two);
	assert_int_equal(got.causes[0]->confidence, CONF_CERTAIN);
	assert_int_equal(got.causes[0]->proof->before, CONF_POSSIBLE);
	assert_string_equal(result(got.causes[0]), "cured");
	assert_int_equal(got.causes[1]->confidence, CONF_LIKELY);
	assert_string_equal(result(got.causes[1]), "unclear");
	/* symptoms follow their cause to where it stands now */
	assert_ptr_equal(got.symptoms[0]->explained_by, got.causes[1]);
	assert_null(got.causes[2]);
}

static void test_what_changes_nothing_is_marked_down(void **state) {
	struct desk *d = *state;

	d->findings[1].confidence = CONF_LIKELY;
	tried(d, 0, CHANGE_NONE, HEAD "\"broken\",\"causes\":[]," F("failed", "failed") "}");
	struct diagnosis got = prove_weigh(d->arena, &d->diagnosis, d->candidates, 2, NULL);
	assert_string_equal(result(got.causes[0]), "stays");
	assert_int_equal(got.causes[0]->confidence, CONF_LIKELY);
	assert_string_equal(result(got.causes[1]), "not_run");
	assert_int_equal(got.causes[1]->confidence, CONF_LIKELY);
	/* the findings that were given are as they were */
	assert_int_equal(d->findings[0].confidence, CONF_CERTAIN);
	assert_null(d->findings[0].proof);
}

static void test_what_goes_along_is_a_symptom(void **state) {
	struct desk *d = *state;

	tried(d, 0, CHANGE_CURED, WELL);
	struct diagnosis got = prove_weigh(d->arena, &d->diagnosis, d->candidates, 2, NULL);
	assert_int_equal(got.cause_count, 1);
	assert_int_equal(got.symptom_count, 2);
	assert_ptr_equal(got.symptoms[1]->rule, &rule_two);
	assert_ptr_equal(got.symptoms[1]->explained_by, got.causes[0]);
	assert_ptr_equal(got.symptoms[0]->explained_by, got.causes[0]);
}

static void test_several_together(void **state) {
	struct desk *d = *state;
	struct rehearsed together = {.checked = true, .report = parsed(d, WELL)};

	tried(d, 0, CHANGE_NONE, HEAD "\"broken\",\"causes\":[" TWO "]," F("failed", "failed") "}");
	tried(d, 1, CHANGE_NONE, HEAD "\"broken\",\"causes\":[" ONE "]," F("failed", "failed") "}");
	struct diagnosis got = prove_weigh(d->arena, &d->diagnosis, d->candidates, 2, &together);
	for (int i = 0; i < 2; i++) {
		assert_string_equal(result(got.causes[i]), "part");
		assert_int_equal(got.causes[i]->confidence, CONF_CERTAIN);
	}
	got = prove_weigh(d->arena, &d->diagnosis, d->candidates, 2, NULL);
	assert_string_equal(result(got.causes[0]), "unclear");
	assert_int_equal(got.causes[0]->confidence, CONF_CERTAIN);
}

static void test_what_is_not_rehearsed(void **state) {
	static const char *const argv[] = {"/bin/true", NULL};
	static const char *const none[] = {NULL};
	struct desk *d = *state;
	struct plan plan;

	plan_init(&plan, d->arena, "env-one", "it");
	assert_non_null(prove_refusal(d->arena, &plan));
	struct step *step = plan_run(&plan, "/", argv, none);
	assert_null(prove_refusal(d->arena, &plan));
	step->network = true;
	assert_non_null(prove_refusal(d->arena, &plan));
	step->network = false;
	plan_step(&plan, STEP_SIGNAL, "/", "end it");
	assert_non_null(prove_refusal(d->arena, &plan));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_digest, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_compare, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_judge, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_the_next_candidate_becomes_first, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(test_what_changes_nothing_is_marked_down, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(test_what_goes_along_is_a_symptom, set_up,
	                                        tear_down),
		cmocka_unit_test_setup_teardown(test_several_together, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_what_is_not_rehearsed, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
