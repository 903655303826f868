/* SPDX-License-Identifier: MIT
 * What it comes to when two diagnoses are held against each other.
 */
#include "core/rule.h"
#include "report/agreement.h"
#include "report/json_writer.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static const struct rule rule_root = {.id = "env-root", .severity = SEV_ERROR};
static const struct rule rule_cache = {.id = "fs-cache", .severity = SEV_ERROR};

struct bench {
	struct arena *arena;
	struct evidence_store looks, calls;
	struct facts facts;
	struct findings findings;
};

static int set_up(void **state) {
	struct arena *arena = arena_new();
	struct bench *b = arena_new_of(arena, struct bench);
	b->arena = arena;
	evidence_store_init(&b->looks, arena);
	evidence_store_init(&b->calls, arena);
	facts_init(&b->facts, arena);
	findings_init(&b->findings, arena);
	*state = b;
	return 0;
}

static int tear_down(void **state) {
	arena_free(((struct bench *)*state)->arena);
	return 0;
}

static struct diagnosis nothing(struct bench *b, enum verdict verdict) {
	static const struct finding *none[] = {NULL};
	(void)b;
	return (struct diagnosis){
		.verdict = verdict, .causes = none, .symptoms = none, .notes = none};
}

/* One cause, proven by a look at this path. */
static struct diagnosis one(struct bench *b, const struct rule *rule, const char *path) {
	struct diagnosis d = nothing(b, VERDICT_BROKEN);
	const char *source = arena_printf(b->arena, "stat:%s", path);
	struct evidence *ev = evidence_find(&b->looks, source);
	ev = ev ? ev : evidence_add(&b->looks, source);
	struct finding *f = findings_add(&b->findings, rule, CONF_CERTAIN, path, "%s is bad", path);
	finding_cite(f,
	             facts_add(&b->facts, ev, &(struct fact_place){.base.kind = FACT_place}.base));
	d.causes = arena_array_of(b->arena, const struct finding *, 2);
	d.causes[0] = f;
	d.cause_count = 1;
	return d;
}

static const struct agreement *agree(struct bench *b, const struct diagnosis *state,
                                     const struct diagnosis *calls, uint64_t lost) {
	const struct agreement_trace trace = {.backend = "ebpf", .events = 9, .lost = lost};
	return agreement_make(b->arena, state, calls, &b->calls, &trace);
}

static void test_same_cause(void **state) {
	struct bench *b = *state;
	struct diagnosis seen = one(b, &rule_root, "/gone");
	struct diagnosis called = one(b, &rule_root, "/gone");
	struct evidence *line = evidence_add(&b->calls, "calls:/gone");
	line->bytes = slice_str("7 go: openat = ENOENT");
	const struct agreement *a = agree(b, &seen, &called, 0);
	assert_int_equal(a->word, AGREEMENT_AGREE);
	assert_int_equal(a->count, 1);
	assert_non_null(a->causes[0].seen);
	assert_non_null(a->causes[0].called);
	assert_string_equal(a->causes[0].calls[0], "7 go: openat = ENOENT");
	assert_null(a->causes[0].calls[1]);
	struct strbuf out;
	strbuf_init(&out, b->arena);
	struct json json = {.out = &out};
	json_open(&json, '{');
	agreement_json(&json, a);
	assert_non_null(strstr(out.data, "\"agreement\": \"agree\""));
	assert_non_null(strstr(out.data, "\"seen_by\": \"both\""));
}

/* A directory is proven by a call below it, when none was about itself. */
static void test_below(void **state) {
	struct bench *b = *state;
	struct diagnosis seen = one(b, &rule_cache, "/cache");
	evidence_add(&b->calls, "calls:/cachet")->bytes = slice_str("another");
	evidence_add(&b->calls, "calls:/cache/3f/a")->bytes = slice_str("below");
	const struct agreement *a = agree(b, &seen, &seen, 0);
	assert_string_equal(a->causes[0].calls[0], "below");
}

static void test_other_cause(void **state) {
	struct bench *b = *state;
	struct diagnosis seen = one(b, &rule_root, "/gone");
	struct diagnosis called = one(b, &rule_cache, "/cache");
	struct diagnosis well = nothing(b, VERDICT_HEALTHY);
	const struct agreement *a = agree(b, &seen, &called, 0);
	assert_int_equal(a->word, AGREEMENT_DIFFER);
	assert_int_equal(a->count, 2);
	assert_null(a->causes[0].called);
	assert_null(a->causes[1].seen);
	assert_non_null(strstr(a->sentence, "fs-cache: /cache is bad"));
	assert_int_equal(agree(b, &well, &called, 0)->word, AGREEMENT_DIFFER);
	/* Of calls that are missing nothing can be said. */
	assert_int_equal(agree(b, &seen, &called, 3)->word, AGREEMENT_SILENT);
}

static void test_nothing(void **state) {
	struct bench *b = *state;
	struct diagnosis seen = one(b, &rule_root, "/gone");
	struct diagnosis well = nothing(b, VERDICT_HEALTHY);
	struct diagnosis odd = nothing(b, VERDICT_DEGRADED);
	assert_int_equal(agree(b, &well, &well, 0)->word, AGREEMENT_AGREE);
	assert_int_equal(agree(b, &seen, &well, 0)->word, AGREEMENT_SILENT);
	assert_int_equal(agree(b, &well, &odd, 0)->word, AGREEMENT_SILENT);
	const struct agreement_trace none = {.because = "nothing can record here"};
	const struct agreement *a = agreement_make(b->arena, &seen, NULL, NULL, &none);
	assert_int_equal(a->word, AGREEMENT_NONE);
	assert_string_equal(a->sentence, "nothing can record here");
	assert_int_equal(a->count, 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_same_cause, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_below, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_other_cause, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_nothing, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
