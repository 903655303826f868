/* SPDX-License-Identifier: MIT
 * Which way of recording is taken, and which is next when one turns out to be refused.
 */
#include "arena_fixture.h"
#include "trace/choose.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static int yes(const struct trace_request *request, struct err *err) {
	(void)request;
	(void)err;
	return 0;
}

static int no(const struct trace_request *request, struct err *err) {
	(void)request;
	return err_set(err, -EPERM, "not allowed");
}

static const struct backend slow = {.name = "slow", .cost = 50, .can = yes};
static const struct backend fast = {.name = "fast", .cost = 1, .can = yes};
static const struct backend barred = {.name = "barred", .cost = 0, .can = no};

static void test_order(void **state) {
	struct arena *arena = *state;
	static const struct backend *const all[] = {&slow, &barred, &fast, NULL};
	const struct trace_request request = {.stop_fd = -1};
	struct strbuf why;
	struct err err = {0};

	strbuf_init(&why, arena);
	struct choice choice = {.all = all, .why = &why};

	assert_ptr_equal(choice_next(&choice, &request), &fast);
	(void)err_set(&err, -EACCES, "the verifier rejects it");
	choice_refused(&choice, &fast, &err);
	assert_ptr_equal(choice_next(&choice, &request), &slow);
	assert_null(choice_next(&choice, &request));
	/* Each says once why it cannot. */
	assert_string_equal(why.data, "barred: not allowed; fast: the verifier rejects it");
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_order, arena_setup, arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
