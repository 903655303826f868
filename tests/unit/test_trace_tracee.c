/* SPDX-License-Identifier: MIT
 * The table of threads, and what a wait status means.
 */
#include "trace/tracee.h"
#include "trace/tracer.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/ptrace.h>

#include <cmocka.h>

#define MANY 5000

static void test_table(void **state) {
	struct tracee_table table = {0};
	size_t at = 0, seen = 0;

	(void)state;
	assert_null(tracee_find(&table, 1));
	for (pid_t tid = 1; tid <= MANY; tid++) {
		assert_int_equal(tracee_add(&table, tid)->tid, tid);
	}
	assert_ptr_equal(tracee_add(&table, 7), tracee_find(&table, 7));
	assert_int_equal(table.count, MANY);
	while (tracee_next(&table, &at)) {
		seen++;
	}
	assert_int_equal(seen, MANY);
	for (pid_t tid = 1; tid <= MANY; tid += 2) {
		tracee_drop(&table, tracee_find(&table, tid));
	}
	for (pid_t tid = 1; tid <= MANY; tid++) {
		assert_int_equal(tracee_find(&table, tid) != NULL, tid % 2 == 0);
	}
	tracee_table_free(&table);
}

/* Threads come and go: the table stays small. */
static void test_coming_and_going(void **state) {
	struct tracee_table table = {0};

	(void)state;
	for (pid_t tid = 1; tid <= 20 * MANY; tid++) {
		tracee_add(&table, tid);
		if (tid > 10) {
			tracee_drop(&table, tracee_find(&table, tid - 10));
		}
	}
	assert_int_equal(table.count, 10);
	assert_true(table.size <= 128);
	tracee_table_free(&table);
}

static void test_rename(void **state) {
	struct tracee_table table = {0};

	(void)state;
	tracee_add(&table, 100)->number = 1;
	tracee_add(&table, 101)->number = 2;
	tracee_rename(&table, tracee_find(&table, 101), 100);
	assert_int_equal(table.count, 1);
	assert_int_equal(tracee_find(&table, 100)->number, 2);
	assert_null(tracee_find(&table, 101));
	tracee_table_free(&table);
}

static int stopped(int signal, int event) {
	return event << 16 | signal << 8 | 0x7f;
}

static void test_stops(void **state) {
	static const struct {
		int signal, event;
		enum stop_kind kind;
	} cases[] = {
		{SIGTRAP | 0x80, 0, STOP_CALL},
		{SIGTRAP, PTRACE_EVENT_SECCOMP, STOP_CALL_BEGIN},
		{SIGTRAP, PTRACE_EVENT_FORK, STOP_FORKED},
		{SIGTRAP, PTRACE_EVENT_VFORK, STOP_FORKED},
		{SIGTRAP, PTRACE_EVENT_CLONE, STOP_FORKED},
		{SIGTRAP, PTRACE_EVENT_EXEC, STOP_EXECED},
		{SIGTRAP, PTRACE_EVENT_STOP, STOP_TRAPPED},
		{SIGSTOP, PTRACE_EVENT_STOP, STOP_GROUP},
		{SIGTSTP, PTRACE_EVENT_STOP, STOP_GROUP},
		{SIGTRAP, 0, STOP_SIGNAL}, /* a breakpoint of its own */
		{SIGSTOP, 0, STOP_SIGNAL},
		{SIGTRAP, PTRACE_EVENT_VFORK_DONE, STOP_OTHER},
	};

	(void)state;
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(stop_of(1, stopped(cases[i].signal, cases[i].event)).kind,
		                 cases[i].kind);
	}
	assert_int_equal(stop_of(1, 0).kind, STOP_GONE);
	assert_int_equal(stop_of(1, SIGKILL).kind, STOP_GONE);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_table),
		cmocka_unit_test(test_coming_and_going),
		cmocka_unit_test(test_rename),
		cmocka_unit_test(test_stops),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
