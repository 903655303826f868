/* SPDX-License-Identifier: MIT
 * Faults: how they are written, and whose turn it is.
 */
#include "arena_fixture.h"
#include "trace/inject.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static struct inject fault(struct arena *arena, const char *text) {
	struct inject inject = {0};
	struct err err = {0};

	assert_int_equal(inject_parse(arena, text, &inject, &err), 0);
	return inject;
}

static void test_parts(void **state) {
	struct arena *arena = *state;
	struct inject i = fault(arena, "openat:path=*go.mod:errno=EACCES:when=3");

	assert_string_equal(i.call, "openat");
	assert_string_equal(i.path, "*go.mod");
	assert_int_equal(i.error, EACCES);
	assert_int_equal(i.first, 3);
	assert_int_equal(i.every, 0);
	i = fault(arena, "read:short=1:when=2+");
	assert_int_equal(i.short_bytes, 1);
	assert_int_equal(i.every, 1);
	i = fault(arena, "connect:delay=250ms:when=1+5");
	assert_int_equal(i.delay_ns, 250000000);
	assert_int_equal(i.every, 5);
	i = fault(arena, "execve:program=go:kill=SIGSEGV");
	assert_int_equal(i.kill_signal, SIGSEGV);
	assert_string_equal(i.program, "go");
	assert_int_equal(i.first, 1);
	assert_int_equal(i.every, 1);
	assert_int_equal(fault(arena, "openat:errno=122").error, 122);
}

static void test_mistakes(void **state) {
	static const char *const wrong[] = {
		"",
		"opnat:errno=EACCES",
		"openat",
		"openat:errno=EWHAT",
		"openat:errno=0",
		"openat:errno",
		"openat:errno=EACCES:delay=1s",
		"openat:short=1",
		"read:short=0",
		"read:short=-1",
		"read:delay=5",
		"read:delay=-5ms",
		"read:kill=SIGWHAT",
		"read:errno=EIO:when=0",
		"read:errno=EIO:when=2+0",
		"read:errno=EIO:when=x",
		"read:errno=EIO:path=",
		"read:errno=EIO:what=1",
	};
	struct inject inject = {.call = "untouched"};

	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(inject_parse(*state, wrong[i], &inject, NULL), -EINVAL);
	}
	assert_string_equal(inject.call, "untouched");
}

static unsigned turns(const struct inject *inject, const struct inject_call *call) {
	uint64_t seen = 0;
	unsigned due = 0;

	for (int i = 0; i < 8; i++) {
		due = due << 1 | inject_is_due(inject, call, &seen);
	}
	return due;
}

static void test_turns(void **state) {
	struct arena *arena = *state;
	const struct inject_call mod = {
		.name = "openat", .path = slice_str("/w/go.mod"), .program = "/usr/bin/go"};
	const struct inject_call other = {
		.name = "openat", .path = slice_str("/w/go.sum"), .program = "/usr/bin/go"};
	const struct inject_call none = {.name = "openat", .program = ""};
	struct inject i = fault(arena, "openat:path=*go.mod:errno=EIO:when=3");

	assert_int_equal(turns(&i, &mod), 0x20);
	assert_int_equal(turns(&i, &other), 0);
	assert_int_equal(turns(&i, &none), 0);
	i = fault(arena, "openat:errno=EIO:when=3+");
	assert_int_equal(turns(&i, &other), 0x3f);
	i = fault(arena, "openat:errno=EIO:when=2+3");
	assert_int_equal(turns(&i, &none), 0x49);
	i = fault(arena, "openat:program=g?:errno=EIO");
	assert_int_equal(turns(&i, &mod), 0xff);
	assert_int_equal(turns(&i, &none), 0);
	i = fault(arena, "read:errno=EIO");
	assert_int_equal(turns(&i, &mod), 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_parts, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_mistakes, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_turns, arena_setup, arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
