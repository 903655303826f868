/* SPDX-License-Identifier: MIT */
#include "arena_fixture.h"

#include "cmd/check_options.h"
#include "cmd/options.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct sample {
	bool loud;
	bool wide;
	const char *name;
	struct option_list skip;
};

static const struct option_spec sample_specs[] = {
	{"loud", 'l', NULL, OPTION_FLAG, offsetof(struct sample, loud), "say more"},
	{"wide", 'w', NULL, OPTION_FLAG, offsetof(struct sample, wide), "be wide"},
	{"name", 'n', "NAME", OPTION_TEXT, offsetof(struct sample, name), "of whom"},
	{"skip", 0, "WHAT", OPTION_LIST, offsetof(struct sample, skip), "not this"},
	{0},
};

static const struct command sample_command = {
	.name = "sample",
	.synopsis = "[X] [Y]",
	.summary = "A command of this test",
	.options = sample_specs,
	.options_size = sizeof(struct sample),
	.max_operands = 2,
};

/* args: NULL-terminated. */
static int parse(struct arena *arena, const char *const *args, struct parsed_options *ret,
                 struct err *err) {
	size_t count = 0;
	while (args[count]) {
		count++;
	}
	return options_parse(arena, &sample_command, args, count, ret, err);
}

#define ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})

static const struct sample *parse_ok(struct arena *arena, const char *const *args,
                                     struct parsed_options *ret) {
	struct err err = {0};
	assert_int_equal(parse(arena, args, ret, &err), 0);
	return ret->options;
}

static void test_every_way_to_give_a_value(void **state) {
	struct parsed_options p;
	assert_string_equal(parse_ok(*state, ARGS("--name=a=b"), &p)->name, "a=b");
	assert_string_equal(parse_ok(*state, ARGS("--name", "a"), &p)->name, "a");
	assert_string_equal(parse_ok(*state, ARGS("-na"), &p)->name, "a");
	assert_string_equal(parse_ok(*state, ARGS("-n", "a"), &p)->name, "a");
	assert_string_equal(parse_ok(*state, ARGS("-lwn", "a"), &p)->name, "a");
	assert_string_equal(parse_ok(*state, ARGS("--name="), &p)->name, "");
	assert_string_equal(parse_ok(*state, ARGS("--name", "-"), &p)->name, "-");
	assert_string_equal(parse_ok(*state, ARGS("--name=--loud"), &p)->name, "--loud");
	assert_string_equal(parse_ok(*state, ARGS("-na", "-nb"), &p)->name, "b");
	assert_null(parse_ok(*state, ARGS("-l"), &p)->name);
}

static void test_flags_lists_and_operands(void **state) {
	struct parsed_options p;
	const struct sample *s =
		parse_ok(*state, ARGS("x", "-lw", "--skip", "a", "--skip=b", "--", "--loud"), &p);
	assert_true(s->loud);
	assert_true(s->wide);
	assert_int_equal(s->skip.count, 2);
	assert_string_equal(s->skip.items[0], "a");
	assert_string_equal(s->skip.items[1], "b");
	assert_int_equal(p.operand_count, 2);
	assert_string_equal(p.operands[0], "x");
	assert_string_equal(p.operands[1], "--loud");
	assert_int_equal(p.wish, OPTIONS_RUN);
}

static void test_wishes(void **state) {
	struct parsed_options p;
	(void)parse_ok(*state, ARGS("--help", "--nonsense"), &p);
	assert_int_equal(p.wish, OPTIONS_HELP);
	(void)parse_ok(*state, ARGS("-h"), &p);
	assert_int_equal(p.wish, OPTIONS_HELP);
	(void)parse_ok(*state, ARGS("-l", "--version"), &p);
	assert_int_equal(p.wish, OPTIONS_VERSION);
}

/* The sentence must name what was wrong with its value, and say `expected`. */
static void refuse(struct arena *arena, const char *const *args, const char *wrong,
                   const char *expected) {
	struct parsed_options p;
	struct err err = {0};
	assert_int_equal(parse(arena, args, &p, &err), -EINVAL);
	if (!str_has(err.msg, wrong) || !str_has(err.msg, expected)) {
		fail_msg("'%s' lacks '%s' or '%s'", err.msg, wrong, expected);
	}
}

static void test_mistakes_are_named(void **state) {
	refuse(*state, ARGS("--luod"), "--luod", "--loud");
	refuse(*state, ARGS("--luod=3"), "--luod", "--loud");
	refuse(*state, ARGS("--hepl"), "--hepl", "--help");
	refuse(*state, ARGS("--quite-other"), "--quite-other", "help sample");
	refuse(*state, ARGS("-x"), "-x", "help sample");
	refuse(*state, ARGS("-lx"), "-x", "help sample");
	refuse(*state, ARGS("--loud=yes"), "--loud", "yes");
	refuse(*state, ARGS("--name"), "--name", "NAME");
	refuse(*state, ARGS("-n"), "-n", "NAME");
	refuse(*state, ARGS("--name", "--loud"), "--name", "--loud");
	refuse(*state, ARGS("a", "b", "c"), "c", "[X] [Y]");
}

static void test_too_many_of_a_list(void **state) {
	const char *args[OPTION_LIST_MAX + 2];
	struct parsed_options p;
	struct err err = {0};
	for (size_t i = 0; i < OPTION_LIST_MAX + 1; i++) {
		args[i] = "--skip=x";
	}
	args[OPTION_LIST_MAX + 1] = NULL;
	assert_int_equal(parse(*state, args, &p, &err), -EINVAL);
	args[OPTION_LIST_MAX] = NULL;
	assert_int_equal(parse(*state, args, &p, &err), 0);
	assert_int_equal(((const struct sample *)p.options)->skip.count, OPTION_LIST_MAX);
}

static void test_nearest(void **state) {
	(void)state;
	assert_string_equal(options_nearest("chekc", ARGS("explain", "check")), "check");
	assert_string_equal(options_nearest("chek", ARGS("check", "chew")), "check");
	assert_null(options_nearest("xyz", ARGS("check", "fix")));
	assert_null(options_nearest("x", ARGS(NULL)));
}

static void test_help_names_every_option(void **state) {
	struct strbuf out;
	strbuf_init(&out, *state);
	options_help(&out, &sample_command);
	for (size_t i = 0; sample_specs[i].name; i++) {
		assert_true(str_has(out.data, sample_specs[i].name));
		assert_true(str_has(out.data, sample_specs[i].help));
	}
}

static int validate(struct arena *arena, const struct check_options *o, size_t operands) {
	struct err err = {0};
	int r = check_options_validate(arena, o, operands, &err);
	assert_true((r < 0) == (err.msg[0] != '\0'));
	return r;
}

static void test_check_values(void **state) {
	static const char *const good[] = {"self", "shell", "desktop", "pid:1", "file:x"};
	static const char *const bad[] = {"",       "Self",  "pid:",  "pid:0",
	                                  "pid:-1", "pid:x", "file:", "pid:99999999999"};
	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		struct check_options o = {.environment = good[i]};
		assert_int_equal(validate(*state, &o, 0), 0);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct check_options o = {.environment = bad[i]};
		assert_int_equal(validate(*state, &o, 0), -EINVAL);
	}
	struct check_options vscode = {.editor = "vscode"};
	struct check_options unknown = {.editor = "notepad"};
	struct check_options no_file = {.file = ""};
	struct check_options raw = {.raw = true};
	struct check_options raw_save = {.raw = true, .save = "x"};
	assert_int_equal(validate(*state, &vscode, 1), 0);
	assert_int_equal(validate(*state, &unknown, 1), -EINVAL);
	assert_int_equal(validate(*state, &no_file, 1), -EINVAL);
	assert_int_equal(validate(*state, &raw, 1), -EINVAL);
	assert_int_equal(validate(*state, &raw_save, 1), 0);
	struct check_options unknown_probe = {.without = {.items = {"no-such-probe"}, .count = 1}};
	assert_int_equal(validate(*state, &unknown_probe, 0), -EINVAL);
}

static void test_from_goes_with_nothing_about_the_target(void **state) {
	struct check_options o = {.from = "x.case", .json = true, .verbose = true};
	assert_int_equal(validate(*state, &o, 0), 0);
	assert_int_equal(validate(*state, &o, 1), -EINVAL);
	o.file = "main.go";
	assert_int_equal(validate(*state, &o, 0), -EINVAL);
	o = (struct check_options){.from = "x.case", .save = "y.case"};
	assert_int_equal(validate(*state, &o, 0), -EINVAL);
}

static void test_seconds(void **state) {
	(void)state;
	int64_t ns = 0;
	assert_int_equal(seconds_parse("20", &ns), 0);
	assert_int_equal(ns, INT64_C(20000000000));
	assert_int_equal(seconds_parse("0.25", &ns), 0);
	assert_int_equal(ns, INT64_C(250000000));
	assert_int_equal(seconds_parse(".5", &ns), 0);
	assert_int_equal(ns, INT64_C(500000000));
	static const char *const bad[] = {"",
	                                  "0",
	                                  ".",
	                                  "-1",
	                                  "1s",
	                                  "1e3",
	                                  "nan",
	                                  "+1",
	                                  "0.0",
	                                  " 1",
	                                  "86401",
	                                  "1,5",
	                                  "99999999999999999999999999"};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		assert_int_equal(seconds_parse(bad[i], &ns), -EINVAL);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, arena_setup, arena_teardown)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(test_every_way_to_give_a_value),
		TEST(test_flags_lists_and_operands),
		TEST(test_wishes),
		TEST(test_mistakes_are_named),
		TEST(test_too_many_of_a_list),
		TEST(test_nearest),
		TEST(test_help_names_every_option),
		TEST(test_check_values),
		TEST(test_from_goes_with_nothing_about_the_target),
		TEST(test_seconds),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
