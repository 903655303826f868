/* SPDX-License-Identifier: MIT
 * Both forms of the report over hostile facts: JSON stays JSON and keeps the contract's keys, text
 * stays within its width and harms no terminal.
 */
#include "base/clock.h"
#include "report/explain.h"
#include "report/harmless.h"
#include "report/report.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>
#include <json-c/json.h>

#define HOSTILE                                                                                    \
	"a\"b\\c/\033[31m\001\xff\xfe\xed\xa0\x80\xe2\x80\xae \t\n https://user:geheim@host/ "

static void check_hostile(const struct rule *self, const struct facts *facts,
                          struct findings *out) {
	facts_each (trial, t, facts) {
		if (!streq(t->what, self->id)) {
			continue;
		}
		struct finding *f = findings_add(out, self, CONF_CERTAIN, t->subject,
		                                 "the thing %s is broken", t->subject);
		facts_each (message, m, facts) {
			finding_cites(f, m);
		}
		finding_cites(f, t);
		facts_each (var, v, facts) {
			finding_cites(f, v);
		}
		finding_detail(out, f, "since %s", t->detail);
		finding_fix(out, f, "mend it", "mend %s\nand look", t->subject);
	}
}

static const struct rule rule_one = {.id = "env-one",
                                     .title = "One",
                                     .severity = SEV_ERROR,
                                     .explains = IDS("mod-two"),
                                     .check = check_hostile};
static const struct rule rule_two = {
	.id = "mod-two", .title = "Two", .severity = SEV_ERROR, .check = check_hostile};
static const struct rule rule_note = {
	.id = "cfg-note", .title = "Note", .severity = SEV_NOTE, .check = check_hostile};
static const struct rule rule_blind = {.id = "fs-blind",
                                       .title = "Blind",
                                       .severity = SEV_ERROR,
                                       .needs = FACT_BIT(place),
                                       .check = check_hostile};
static const struct rule *const rules[] = {&rule_one, &rule_two, &rule_note, &rule_blind, NULL};

struct desk {
	struct arena *arena;
	struct facts facts;
	struct target target;
	struct diagnosis diagnosis;
	struct evidence ev;
	struct report report;
	struct strbuf out;
};

static int set_up(void **state) {
	struct arena *arena = arena_new();
	struct desk *d = arena_new_of(arena, struct desk);
	d->arena = arena;
	facts_init(&d->facts, arena);
	d->target = (struct target){.workspace = "/w/" HOSTILE, .gopls_path = "/bin/gopls"};
	d->ev = (struct evidence){
		.source = "file:/" HOSTILE, .state = EV_TRUNCATED, .at_ns = 7 * NS_PER_MS};
	strbuf_init(&d->out, arena);
	*state = d;
	return 0;
}

static int tear_down(void **state) {
	arena_free(((struct desk *)*state)->arena);
	return 0;
}

static void conclude(struct desk *d) {
	d->diagnosis = infer(rules, &d->facts);
	d->report = (struct report){
		.target = &d->target,
		.facts = &d->facts,
		.diagnosis = &d->diagnosis,
		.timings = {.total_ns = 310 * NS_PER_MS, .own_cpu_ns = 9 * NS_PER_MS},
	};
}

static void make_sick(struct desk *d) {
	FACTS_ADD(&d->facts, var, NULL, .scope = "judged", .name = "MY_TOKEN", .value = "geheim");
	FACTS_ADD(&d->facts, trial, &d->ev, .what = "env-one", .subject = HOSTILE,
	          .detail = HOSTILE HOSTILE HOSTILE HOSTILE HOSTILE HOSTILE);
	FACTS_ADD(&d->facts, message, &d->ev, .level = "error",
	          .text = HOSTILE HOSTILE HOSTILE HOSTILE HOSTILE HOSTILE);
	FACTS_ADD(&d->facts, trial, &d->ev, .what = "mod-two", .subject = HOSTILE);
	FACTS_ADD(&d->facts, trial, &d->ev, .what = "cfg-note", .subject = HOSTILE);
	FACTS_ADD(&d->facts, health, &d->ev, .state = "broken", .hurt = "definition");
	FACTS_ADD(&d->facts, feature, &d->ev, .name = "definition", .state = "failed", .ms = 12,
	          .detail = HOSTILE);
	FACTS_ADD(&d->facts, feature, &d->ev, .name = "hover", .state = "ok", .ms = 3);
	facts_refuse(&d->facts, FACT_place, HOSTILE, "more");
	conclude(d);
}

static struct json_object *parse_json(const char *text) {
	struct json_tokener *tokener = json_tokener_new();
	json_tokener_set_flags(tokener, JSON_TOKENER_STRICT | JSON_TOKENER_VALIDATE_UTF8);
	struct json_object *json = json_tokener_parse_ex(tokener, text, (int)strlen(text) + 1);
	assert_int_equal(json_tokener_get_error(tokener), json_tokener_success);
	json_tokener_free(tokener);
	assert_non_null(json);
	return json;
}

static struct json_object *at(struct json_object *json, const char *key) {
	struct json_object *value = NULL;
	if (!json_object_object_get_ex(json, key, &value)) {
		fail_msg("no key '%s'", key);
	}
	return value;
}

static const char *text_at(struct json_object *json, const char *key) {
	return json_object_get_string(at(json, key));
}

static void test_json_keeps_the_contract(void **state) {
	struct desk *d = *state;
	make_sick(d);
	report_json(&d->out, &d->report);
	struct json_object *j = parse_json(d->out.data);
	assert_string_equal(text_at(j, "schema"), "dialtone.report/1");
	assert_string_equal(text_at(j, "verdict"), "broken");
	assert_string_equal(text_at(at(j, "target"), "server_path"), "/bin/gopls");
	assert_null(at(at(j, "target"), "go_path"));
	assert_null(at(at(j, "target"), "go_version"));
	struct json_object *cause = json_object_array_get_idx(at(j, "causes"), 0);
	assert_string_equal(text_at(cause, "id"), "env-one");
	assert_string_equal(text_at(cause, "layer"), "env");
	assert_string_equal(text_at(cause, "confidence"), "certain");
	assert_string_equal(
		json_object_get_string(json_object_array_get_idx(at(cause, "explains"), 0)),
		"mod-two");
	assert_string_equal(
		json_object_get_string(json_object_array_get_idx(at(cause, "impact"), 0)),
		"definition");
	struct json_object *fix = json_object_array_get_idx(at(cause, "fixes"), 0);
	assert_string_equal(text_at(fix, "rehearsed"), "not_run");
	struct json_object *symptom = json_object_array_get_idx(at(j, "symptoms"), 0);
	assert_string_equal(text_at(symptom, "explained_by"), "env-one");
	assert_int_equal(json_object_array_length(at(j, "causes")), 1);
	assert_int_equal(json_object_array_length(at(j, "notes")), 1);
	assert_int_equal(json_object_array_length(at(j, "cannot_tell")), 1);
	for (size_t i = 0; report_features[i]; i++) {
		struct json_object *f = at(at(j, "features"), report_features[i]);
		bool tried = streq(report_features[i], "definition") ||
		             streq(report_features[i], "hover");
		assert_int_equal(streq(text_at(f, "state"), "skipped"), !tried);
		assert_int_equal(at(f, "ms") == NULL, !tried);
		(void)at(f, "detail");
	}
	assert_int_equal(json_object_get_int(at(at(j, "timing_ms"), "total")), 310);
	assert_null(at(at(j, "timing_ms"), "server_ready"));
	json_object_put(j);
}

static void test_json_evidence(void **state) {
	struct desk *d = *state;
	make_sick(d);
	report_json(&d->out, &d->report);
	struct json_object *j = parse_json(d->out.data);
	struct json_object *cause = json_object_array_get_idx(at(j, "causes"), 0);
	struct json_object *seen = json_object_array_get_idx(at(cause, "evidence"), 0);
	assert_string_equal(text_at(seen, "state"), "truncated");
	assert_int_equal(json_object_get_int(at(seen, "at_ms")), 7);
	/* Each of 200 bad bytes may become three. */
	assert_true(strlen(text_at(seen, "excerpt")) <= 600);
	assert_true(strlen(text_at(seen, "excerpt")) >= 100);
	json_object_put(j);
}

static void test_no_secret_and_no_control_in_any_form(void **state) {
	struct desk *d = *state;
	struct report_style style = {.columns = 80, .utf8 = true, .verbose = true};
	make_sick(d);
	report_json(&d->out, &d->report);
	report_text(&d->out, &d->report, &style);
	assert_false(str_has(d->out.data, "geheim"));
	struct slice rest = slice_of(d->out.data, d->out.len);
	while (rest.len > 0) {
		uint32_t c = utf8_next(&rest);
		assert_true(c == '\n' || !codepoint_is_harmful(c));
	}
}

static void test_ascii_only_where_the_locale_asks_for_it(void **state) {
	struct desk *d = *state;
	struct report_style style = {.columns = 80, .utf8 = false, .verbose = true};
	d->target.workspace = "/w/Stra\xc3\x9f"
			      "e";
	make_sick(d);
	report_text(&d->out, &d->report, &style);
	for (size_t i = 0; i < d->out.len; i++) {
		assert_true((unsigned char)d->out.data[i] < 0x80);
	}
}

static size_t widest(const char *text) {
	struct slice rest = slice_str(text);
	struct slice line;
	size_t most = 0;
	while (slice_line(&rest, &line)) {
		size_t columns = 0;
		while (line.len > 0) {
			columns += codepoint_columns(utf8_next(&line));
		}
		most = columns > most ? columns : most;
	}
	return most;
}

static void test_prose_keeps_its_width(void **state) {
	struct desk *d = *state;
	static const size_t widths[] = {40, 72, 80, 132};
	d->target.workspace = "/w";
	FACTS_ADD(&d->facts, trial, NULL, .what = "env-one",
	          .subject = "one two three four five six seven eight nine ten eleven twelve",
	          .detail = "of many a word that has to go to the next line and to the one after");
	d->ev.source = "file:/x";
	conclude(d);
	for (size_t i = 0; i < sizeof(widths) / sizeof(widths[0]); i++) {
		struct report_style style = {.columns = widths[i], .utf8 = true};
		strbuf_init(&d->out, d->arena);
		report_text(&d->out, &d->report, &style);
		/* The command is never wrapped and may stick out. */
		char *command = strstr(d->out.data, "mend one");
		assert_non_null(command);
		command[0] = '\n';
		char *end = strchr(command + 1, '\n');
		memset(command, '\n', (size_t)(end - command));
		assert_true(widest(d->out.data) <= widths[i]);
	}
}

static size_t lines_in(const char *text) {
	size_t lines = 0;
	for (; *text; text++) {
		lines += *text == '\n';
	}
	return lines;
}

static void test_one_cause_fits_25_lines_and_answers_first(void **state) {
	struct desk *d = *state;
	struct report_style style = {.columns = 80, .utf8 = true};
	make_sick(d);
	report_text(&d->out, &d->report, &style);
	assert_true(str_starts(d->out.data, "broken: the thing "));
	assert_true(lines_in(d->out.data) <= 25);
	assert_true(str_has(d->out.data, "dialtone explain env-one"));
}

static void test_healthy_is_one_line(void **state) {
	struct desk *d = *state;
	struct report_style style = {.columns = 400, .utf8 = true};
	FACTS_ADD(&d->facts, health, NULL, .state = "healthy");
	facts_refuse(&d->facts, FACT_place, "x", "y");
	conclude(d);
	report_text(&d->out, &d->report, &style);
	assert_true(str_starts(d->out.data, "healthy: "));
	assert_int_equal(lines_in(d->out.data), 1);
	assert_int_equal(report_status(&d->report), 0);
}

static void test_colour_only_when_asked(void **state) {
	struct desk *d = *state;
	struct report_style style = {.columns = 80, .utf8 = true};
	make_sick(d);
	report_text(&d->out, &d->report, &style);
	assert_null(strchr(d->out.data, '\033'));
	style.colour = true;
	report_text(&d->out, &d->report, &style);
	assert_non_null(strchr(d->out.data, '\033'));
}

static void test_status_follows_the_verdict(void **state) {
	struct desk *d = *state;
	conclude(d);
	assert_int_equal(report_status(&d->report), 3);
	FACTS_ADD(&d->facts, health, NULL, .state = "degraded");
	conclude(d);
	assert_int_equal(report_status(&d->report), 1);
}

static void test_page_sections(void **state) {
	struct desk *d = *state;
	explain_json(&d->out, &rule_one, "# One\n\nIt " HOSTILE "\n\n## Symptom\n\nbad\n## Fix\n");
	struct json_object *j = parse_json(d->out.data);
	assert_string_equal(text_at(j, "id"), "env-one");
	struct json_object *sections = at(j, "sections");
	assert_int_equal(json_object_array_length(sections), 2);
	assert_string_equal(text_at(json_object_array_get_idx(sections, 1), "heading"), "Symptom");
	assert_string_equal(text_at(json_object_array_get_idx(sections, 1), "text"), "bad");
	json_object_put(j);
	strbuf_init(&d->out, d->arena);
	explain_table_json(&d->out, rules);
	j = parse_json(d->out.data);
	assert_int_equal(json_object_array_length(j), 4);
	json_object_put(j);
}

/* Proof is read by people: no kind of fact falls back to the text form of the test cases. The
 * source of a fact stands before it and is not said twice. */
static void test_every_fact_has_words(void **state) {
	struct arena *arena = arena_new();
	struct err err = {0};
	(void)state;
	for (size_t kind = 0; kind < FACT_KIND_COUNT; kind++) {
		struct facts facts;
		facts_init(&facts, arena);
		const char *name = fact_kind_name((enum fact_kind)kind);
		assert_int_equal(facts_add_text(&facts, name, &err), 0);
		const char *said = fact_excerpt(arena, facts.first[kind]);
		if (streq(said, fact_to_text(arena, facts.first[kind]))) {
			fail_msg("a fact '%s' has no words (src/report/excerpt*.c)", name);
		}
	}
	arena_free(arena);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(test_every_fact_has_words),
		TEST(test_json_keeps_the_contract),
		TEST(test_json_evidence),
		TEST(test_no_secret_and_no_control_in_any_form),
		TEST(test_ascii_only_where_the_locale_asks_for_it),
		TEST(test_prose_keeps_its_width),
		TEST(test_one_cause_fits_25_lines_and_answers_first),
		TEST(test_healthy_is_one_line),
		TEST(test_colour_only_when_asked),
		TEST(test_status_follows_the_verdict),
		TEST(test_page_sections),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
