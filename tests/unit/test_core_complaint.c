/* SPDX-License-Identifier: MIT
 * Complaints are met one after the other, each once, however alike they are.
 */
#include "base/str.h"
#include "core/complaint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

struct place {
	struct arena *arena;
	struct facts facts;
};

static int set_up(void **state) {
	struct arena *arena = arena_new();
	struct place *p = arena_new_of(arena, struct place);

	p->arena = arena;
	facts_init(&p->facts, arena);
	*state = p;
	return 0;
}

static int tear_down(void **state) {
	struct place *p = *state;

	arena_free(p->arena);
	return 0;
}

#define EACH_MAX 16

/* Every line that complains so, with '|' between them; ends after EACH_MAX. */
static const char *lines(struct place *p, const char *words) {
	struct strbuf all;
	size_t count = 0;

	strbuf_init(&all, p->arena);
	for (struct complaint c = complaint_find(&p->facts, words); c.fact && count < EACH_MAX;
	     c = complaint_next(&p->facts, words, &c)) {
		strbuf_printf(&all, "%s%s", count++ > 0 ? "|" : "", c.line);
	}
	return all.data;
}

static void test_alike(void **state) {
	struct place *p = *state;

	FACTS_ADD(&p->facts, go_run, NULL, .name = "list",
	          .err = "dial a: not allowed\ndial b: not allowed: not allowed\n",
	          .out = "dial c: not allowed");
	FACTS_ADD(&p->facts, message, NULL, .text = "/x/y: not allowed\n/x/y: not allowed");
	assert_string_equal(lines(p, "not allowed"),
	                    "/x/y: not allowed|/x/y: not allowed|dial a: not allowed|"
	                    "dial b: not allowed: not allowed|dial b: not allowed: not allowed|"
	                    "dial c: not allowed");
	assert_string_equal(lines(p, "no such thing"), "");
}

static void test_where(void **state) {
	struct place *p = *state;

	FACTS_ADD(&p->facts, server, NULL, .err = "open \"/a/b\": open /c/d: not allowed\nx");
	FACTS_ADD(&p->facts, diagnostic, NULL, .severity = "warning", .text = "/e: not allowed");
	FACTS_ADD(&p->facts, feature, NULL, .state = "ok", .detail = "/f: not allowed");
	FACTS_ADD(&p->facts, feature, NULL, .state = "empty", .detail = "g: not allowed");
	struct complaint c = complaint_find(&p->facts, "not allowed");

	assert_string_equal(c.path, "/c/d");
	assert_int_equal(c.fact->kind, FACT_server);
	c = complaint_next(&p->facts, "not allowed", &c);
	assert_string_equal(c.path, "");
	assert_int_equal(c.fact->kind, FACT_feature);
	assert_null(complaint_next(&p->facts, "not allowed", &c).fact);
	/* With a blank in front: these words anywhere. */
	assert_string_equal(complaint_find(&p->facts, " allowed").line,
	                    "open \"/a/b\": open /c/d: not allowed");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_alike, set_up, tear_down),
		cmocka_unit_test_setup_teardown(test_where, set_up, tear_down),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
