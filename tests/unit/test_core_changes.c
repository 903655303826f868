/* SPDX-License-Identifier: MIT
 * What differs between two states, which of it can explain what is wrong, and that it decides between equal causes only.
 */
#include "arena_fixture.h"
#include "core/changes.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define ALL_KINDS ((1U << ITEM_KIND_COUNT) - 1)

static struct setup *state_new(struct arena *arena) {
	struct setup *s = setup_new(arena);
	s->editor = "none";
	s->side = "self";
	s->covers = ALL_KINDS;
	return s;
}

static void item(struct arena *arena, struct setup *s, enum item_kind kind, const char *name,
                 const char *value, const char *path, const char *id) {
	setup_add(arena, s,
	          &(struct setup_item){
			  .kind = kind, .name = name, .value = value, .path = path, .id = id});
}

static const struct change *find(const struct change *changes, size_t count, const char *name) {
	for (size_t i = 0; i < count; i++) {
		const struct setup_item *b = changes[i].new ? changes[i].new : changes[i].old;
		if (streq(b->name, name)) {
			return &changes[i];
		}
	}
	return NULL;
}

static void test_differences(void **state) {
	struct arena *arena = *state;
	struct setup *a = state_new(arena);
	struct setup *b = state_new(arena);
	size_t count = 0;
	item(arena, a, ITEM_TOOL, "gopls", "v0.20.0", "/b/gopls", "1");
	item(arena, b, ITEM_TOOL, "gopls", "v0.23.0", "/b/gopls", "2");
	item(arena, a, ITEM_TOOL, "go", "go1.26.8", "/g/go", "1");
	item(arena, b, ITEM_TOOL, "go", "go1.26.8", "/g/go", "1");
	item(arena, a, ITEM_VARIABLE, "GONE", "", "", "#1");
	item(arena, b, ITEM_VARIABLE, "NEW", "", "", "#1");
	item(arena, a, ITEM_SETTING, "go.x", "1", "/old.json", "");
	item(arena, b, ITEM_SETTING, "go.x", "1", "/new.json", "");
	struct change *changes = changes_between(arena, a, b, &count);
	assert_int_equal(count, 3);
	assert_int_equal(find(changes, count, "gopls")->how, ITEM_CHANGED);
	assert_int_equal(find(changes, count, "NEW")->how, ITEM_ADDED);
	assert_int_equal(find(changes, count, "GONE")->how, ITEM_REMOVED);
}

/* What was not looked at this time is not gone; what the go command computes by itself neither comes nor goes. */
static void test_not_looked_at_is_not_gone(void **state) {
	struct arena *arena = *state;
	struct setup *a = state_new(arena);
	struct setup *b = state_new(arena);
	size_t count = 0;
	item(arena, a, ITEM_SETTING, "go.x", "1", "", "");
	item(arena, a, ITEM_GOENV, "GOROOT", "/go", "", "default");
	item(arena, a, ITEM_GOCMD, "CC", "gcc", "", "");
	item(arena, a, ITEM_LIMIT, "open_files", "1:1", "", "");
	b->covers &= ~(1U << ITEM_SETTING);
	changes_between(arena, a, b, &count);
	assert_int_equal(count, 0);
	item(arena, a, ITEM_GOENV, "GOFLAGS", "-x", "/e:1", "goenv");
	changes_between(arena, a, b, &count);
	assert_int_equal(count, 1);
}

static void test_told_once(void **state) {
	struct arena *arena = *state;
	struct setup *a = state_new(arena);
	struct setup *b = state_new(arena);
	size_t count = 0;
	item(arena, a, ITEM_GOENV, "GOFLAGS", "-a", "", "env");
	item(arena, b, ITEM_GOENV, "GOFLAGS", "-b", "", "env");
	item(arena, a, ITEM_VARIABLE, "GOFLAGS", "-a", "", "#1");
	item(arena, b, ITEM_VARIABLE, "GOFLAGS", "-b", "", "#2");
	item(arena, a, ITEM_TOOL, "go", "go1.25", "/g", "1");
	item(arena, b, ITEM_TOOL, "go", "go1.26", "/g", "2");
	item(arena, a, ITEM_TOOL, "toolchain", "go1.25", "", "");
	item(arena, b, ITEM_TOOL, "toolchain", "go1.26", "", "");
	struct change *changes = changes_between(arena, a, b, &count);
	assert_int_equal(count, 2);
	assert_int_equal(find(changes, count, "GOFLAGS")->new->kind, ITEM_VARIABLE);
	assert_string_equal(find(changes, count, "go")->new->value, "go1.26");
}

static void test_another_side_has_its_own_environment(void **state) {
	struct arena *arena = *state;
	struct setup *a = state_new(arena);
	struct setup *b = state_new(arena);
	size_t count = 0;
	b->side = "pid";
	item(arena, a, ITEM_VARIABLE, "PATH", "/a", "", "#1");
	item(arena, b, ITEM_VARIABLE, "PATH", "/b", "", "#2");
	item(arena, a, ITEM_FILE, "/w/go.mod", "", "/w/go.mod", "1");
	item(arena, b, ITEM_FILE, "/w/go.mod", "", "/w/go.mod", "2");
	struct change *changes = changes_between(arena, a, b, &count);
	assert_int_equal(count, 1);
	assert_string_equal(changes[0].new->name, "/w/go.mod");
}

/* ---- ranking ---- */

/* A made-up rule finds what facts order: `trial what=ID subject=SUBJECT detail=certain|likely`. */
static void check_ordered(const struct rule *self, const struct facts *facts,
                          struct findings *out) {
	facts_each (trial, t, facts) {
		if (streq(t->what, self->id)) {
			findings_add(out, self,
			             streq(t->detail, "likely") ? CONF_LIKELY : CONF_CERTAIN,
			             t->subject, "%s is wrong", t->subject);
		}
	}
}

static const struct rule rule_a = {.id = "cfg-a", .severity = SEV_ERROR, .check = check_ordered};
static const struct rule rule_b = {.id = "env-b", .severity = SEV_ERROR, .check = check_ordered};
static const struct rule *const rules[] = {&rule_a, &rule_b, NULL};

static struct facts *facts_of(struct arena *arena, const char *const *lines) {
	struct facts *facts = arena_new_of(arena, struct facts);
	facts_init(facts, arena);
	for (; *lines; lines++) {
		assert_int_equal(facts_add_text(facts, *lines, NULL), 0);
	}
	return facts;
}

#define BOTH "trial what=cfg-a subject=go.x", "trial what=env-b subject=GOFLAGS"

static void test_decides_between_equal_causes(void **state) {
	struct facts *facts = facts_of(*state, IDS(BOTH));
	assert_string_equal(infer(rules, facts).causes[0]->rule->id, "cfg-a");
	facts = facts_of(*state, IDS(BOTH, "changed what=variable name=GOFLAGS how=added"));
	struct diagnosis d = infer(rules, facts);
	assert_int_equal(d.cause_count, 2);
	assert_string_equal(d.causes[0]->rule->id, "env-b");
}

static void test_weighs_less_than_proof(void **state) {
	struct facts *facts = facts_of(*state, IDS("trial what=cfg-a subject=go.x",
	                                           "trial what=env-b subject=GOFLAGS detail=likely",
	                                           "changed what=variable name=GOFLAGS how=added"));
	assert_string_equal(infer(rules, facts).causes[0]->rule->id, "cfg-a");
	/* It was so already when all worked. */
	facts = facts_of(*state, IDS(BOTH, "changed what=variable name=GOFLAGS how=added "
	                                   "worked_ns=5"));
	assert_string_equal(infer(rules, facts).causes[0]->rule->id, "cfg-a");
	/* A part of a word is not the word. */
	facts = facts_of(*state, IDS(BOTH, "changed what=variable name=FLAGS how=added"));
	assert_string_equal(infer(rules, facts).causes[0]->rule->id, "cfg-a");
}

static void test_no_change_makes_a_cause(void **state) {
	struct facts *facts = facts_of(
		*state, IDS("changed what=tool name=gopls how=removed", "health state=healthy"));
	struct diagnosis d = infer(rules, facts);
	assert_int_equal(d.cause_count, 0);
	assert_int_equal(d.verdict, VERDICT_HEALTHY);
}

static void test_order_of_changes(void **state) {
	struct facts *facts = facts_of(
		*state, IDS("trial what=env-b subject=GOFLAGS",
	                    "changed what=variable name=COLOURS how=changed at_ns=9",
	                    "changed what=tool name=gopls how=changed path=/b/gopls worked_ns=3",
	                    "changed what=file name=/w/go.mod how=changed path=/w/go.mod",
	                    "changed what=tool name=go how=changed path=/g/go at_ns=5",
	                    "changed what=variable name=GOFLAGS how=added"));
	static const char *const wanted[] = {"GOFLAGS", "go", "/w/go.mod", "COLOURS", "gopls"};
	struct diagnosis d = infer(rules, facts);
	size_t count = 0;
	struct ranked_change *all = changes_rank(*state, facts, &d, &count);
	assert_int_equal(count, 5);
	for (size_t i = 0; i < count; i++) {
		assert_string_equal(all[i].change->name, wanted[i]);
	}
	assert_ptr_equal(all[0].explains, d.causes[0]);
	assert_null(all[1].explains);
	assert_true(all[3].weight < CHANGE_TELLS);
	/* Without a diagnosis there is still an order. */
	all = changes_rank(*state, facts, NULL, &count);
	assert_string_equal(all[0].change->name, "go");
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, arena_setup, arena_teardown)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(test_differences),
		TEST(test_not_looked_at_is_not_gone),
		TEST(test_told_once),
		TEST(test_another_side_has_its_own_environment),
		TEST(test_decides_between_equal_causes),
		TEST(test_weighs_less_than_proof),
		TEST(test_no_change_makes_a_cause),
		TEST(test_order_of_changes),
	};
	return cmocka_run_group_tests_name("core_changes", tests, NULL, NULL);
}
