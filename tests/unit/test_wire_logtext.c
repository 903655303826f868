/* SPDX-License-Identifier: MIT
 * Stamps of log lines, and the words that are looked for in them.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "wire/logtext.h"

#include <stdlib.h>
#include <time.h>

static struct log_line one(const char *text) {
	struct slice rest = slice_str(text);
	struct log_line line;
	assert_true(log_line_next(&rest, &line));
	return line;
}

static void check(const char *text, int64_t seconds, const char *rest) {
	struct log_line line = one(text);
	assert_int_equal(line.at_ns / NS_PER_S, seconds);
	assert_true(slice_eq(line.text, rest));
}

/* All of them say 2026-11-21 11:00:01 UTC. */
static void test_stamps(void **state) {
	const int64_t at = 1795258801;
	(void)state;
	check("2026-11-21 11:00:01.123 [info] Try it", at, "Try it");
	check("[2026-11-21 11:00:01.123] [exthost] [error] Activating", at, "Activating");
	check("[ERROR][2026-11-21 11:00:01] rpc.lua:7\tx", at, "rpc.lua:7\tx");
	check("2026/11/21 11:00:01 Build info", at, "Build info");
	check("[Info  - 12:31:13 PM] 2026/11/21 11:00:01 Build info", at, "Build info");
	check("2026-11-21T12:00:01+0100 host gopls[123]: fatal", at, "fatal");
	check("2026-11-21T11:00:01.5 helix [ERROR] gopls", at, "helix [ERROR] gopls");
	check("2026-11-21T11:00:01Z x", at, "x");
}

static void test_no_date(void **state) {
	(void)state;
	struct log_line line = one("[Error - 12:31:12 PM] Starting client failed");
	assert_true(line.stamped);
	assert_int_equal(line.at_ns, 0);
	assert_true(slice_eq(line.text, "Starting client failed"));
	line = one("\tgoroutine 7 [running]:");
	assert_false(line.stamped);
	assert_true(slice_eq(line.text, "\tgoroutine 7 [running]:"));
	line = one("2026-13-41 11:00:01 no such day");
	assert_false(line.stamped);
	line = one("\n");
	assert_int_equal(line.text.len, 0);
}

static void test_time_of_day(void **state) {
	const int64_t eleven = 1795258801 * NS_PER_S; /* 2026-11-21 11:00:01 */
	(void)state;
	struct log_line line = one("[Error - 11:05:01 AM] x");
	assert_int_equal(log_line_time(&line, eleven), eleven + 300 * NS_PER_S);
	line = one("[Error - 1:00:01 PM] x");
	assert_int_equal(log_line_time(&line, eleven), eleven + 7200 * NS_PER_S);
	line = one("[Trace - 12:00:01 AM] x"); /* midnight, so the next day */
	assert_int_equal(log_line_time(&line, eleven + 43200 * NS_PER_S),
	                 eleven + 46800 * NS_PER_S);
	line = one("[Info - 10:59:59] x");
	assert_int_equal(log_line_time(&line, eleven), eleven - 2 * NS_PER_S);
	assert_int_equal(log_line_time(&line, 0), 0);
	line = one("[Info - 1:x] x");
	assert_int_equal(line.of_day_ns, -1);
}

static void test_journal_pid(void **state) {
	(void)state;
	assert_int_equal(one("2026-11-21T11:00:01+0000 host gopls[123]: fatal").pid, 123);
	assert_int_equal(one("2026-11-21T11:00:01+0000 host kernel: oom [1]: x").pid, 0);
}

static void test_words(void **state) {
	struct slice text = slice_str("Error: command 'go.gopath' already exists");
	(void)state;
	assert_true(log_text_matches(text, "command '*' already exists"));
	assert_true(log_text_matches(text, "*exists*"));
	assert_false(log_text_matches(text, "exists*command"));
	assert_false(log_text_matches(text, "command 'gopls.*"));
	assert_true(log_text_matches(text, ""));
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_stamps),      cmocka_unit_test(test_no_date),
		cmocka_unit_test(test_time_of_day), cmocka_unit_test(test_journal_pid),
		cmocka_unit_test(test_words),
	};
	setenv("TZ", "UTC", 1);
	tzset();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
