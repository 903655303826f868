/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "base/str.h"
#include "core/facts.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static void test_text_form_comes_back_the_same(void **state) {
	static const char *const lines[] = {
		"var scope=judged name=PATH value=\"/a b:/c\"",
		"var name=X value=\"a\\\"b\\\\c\\nd#e=f\"",
		"place role=GOCACHE path=/x uid=-1 read=1 free_bytes=9223372036854775807",
		"gomod",
	};
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct facts facts;
		struct err err = {0};
		facts_init(&facts, *state);
		assert_int_equal(facts_add_text(&facts, lines[i], &err), 0);
		size_t found = 0;
		for (size_t kind = 0; kind < FACT_KIND_COUNT; kind++) {
			if (facts.first[kind]) {
				assert_string_equal(fact_to_text(*state, facts.first[kind]),
				                    lines[i]);
				found++;
			}
		}
		assert_int_equal(found, 1);
	}
}

static void test_every_kind_has_a_text_form(void **state) {
	struct facts facts;
	facts_init(&facts, *state);
	for (size_t kind = 0; kind < FACT_KIND_COUNT; kind++) {
		const char *name = fact_kind_name((enum fact_kind)kind);
		struct err err = {0};
		assert_int_equal(facts_add_text(&facts, name, &err), 0);
		assert_non_null(facts.first[kind]);
		assert_string_equal(fact_to_text(*state, facts.first[kind]), name);
	}
}

static void test_typed_fields(void **state) {
	struct facts facts;
	struct err err = {0};
	facts_init(&facts, *state);
	facts_add_text(&facts, "  tool tool=go path=\"/x y/go\" chosen=1 order=3 # why not", &err);
	const struct fact_tool *tool = facts_chosen(&facts, "go");
	assert_non_null(tool);
	assert_string_equal(tool->path, "/x y/go");
	assert_int_equal(tool->order, 3);
	assert_false(tool->configured);
	assert_string_equal(tool->via, "");
}

static void test_bad_lines_are_refused(void **state) {
	static const char *const lines[] = {
		"nonsense a=b",           "var nme=x",      "var name",
		"var name=\"open",        "place uid=many", "tool chosen=yes",
		"refused nonsense \"x\"", "var =x",         "var name=\"a\\\"",
	};
	struct facts facts;
	facts_init(&facts, *state);
	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		struct err err = {0};
		assert_int_equal(facts_add_text(&facts, lines[i], &err), -EINVAL);
		assert_true(err.msg[0] != '\0');
	}
	for (size_t kind = 0; kind < FACT_KIND_COUNT; kind++) {
		assert_null(facts.first[kind]);
	}
}

static void test_nothing_lines(void **state) {
	struct facts facts;
	facts_init(&facts, *state);
	assert_int_equal(facts_add_text(&facts, "", NULL), 0);
	assert_int_equal(facts_add_text(&facts, " \t # var name=x", NULL), 0);
	assert_null(facts_first(var, &facts));
}

static void test_first_refusal_stays(void **state) {
	struct facts facts;
	facts_init(&facts, *state);
	assert_false(facts.coverage[FACT_gosum].refused);
	assert_int_equal(facts_add_text(&facts, "refused gosum \"it hung\"", NULL), 0);
	facts_refuse(&facts, FACT_gosum, "later", "x");
	assert_true(facts.coverage[FACT_gosum].refused);
	assert_string_equal(facts.coverage[FACT_gosum].because, "it hung");
	assert_false(facts.coverage[FACT_gomod].refused);
}

static void test_facts_keep_their_order_and_evidence(void **state) {
	struct facts facts;
	struct evidence ev = {.source = "file:/x"};
	facts_init(&facts, *state);
	FACTS_ADD(&facts, var, &ev, .name = "A", .scope = "own", .value = "1");
	FACTS_ADD(&facts, var, NULL, .name = "A", .scope = "judged", .value = "");
	const struct fact_var *first = facts_first(var, &facts);
	assert_ptr_equal(first->base.ev, &ev);
	assert_string_equal(first->value, "1");
	assert_string_equal(facts_var(&facts, "own", "A"), "1");
	assert_string_equal(facts_var(&facts, "judged", "A"), "");
	assert_null(facts_var(&facts, "server", "A"));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_text_form_comes_back_the_same, arena_setup,
	                                        arena_teardown),
		cmocka_unit_test_setup_teardown(test_every_kind_has_a_text_form, arena_setup,
	                                        arena_teardown),
		cmocka_unit_test_setup_teardown(test_typed_fields, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_bad_lines_are_refused, arena_setup,
	                                        arena_teardown),
		cmocka_unit_test_setup_teardown(test_nothing_lines, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_first_refusal_stays, arena_setup,
	                                        arena_teardown),
		cmocka_unit_test_setup_teardown(test_facts_keep_their_order_and_evidence,
	                                        arena_setup, arena_teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
