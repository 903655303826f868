/* SPDX-License-Identifier: MIT
 * The seccomp filter answers as the set of calls does, for every number.
 */
#include "arena_fixture.h"
#include "trace/filter.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

static const struct {
	enum event_arch arch;
	uint32_t audit;
} arches[] = {
	{ARCH_X86_64, AUDIT_ARCH_X86_64},
	{ARCH_I386, AUDIT_ARCH_I386},
	{ARCH_AARCH64, AUDIT_ARCH_AARCH64},
};

static void check_set(struct arena *arena, const char *text) {
	struct filter *filter = arena_new_of(arena, struct filter);
	const struct call_set *set = NULL;

	assert_int_equal(call_set_parse(arena, text, &set, NULL), 0);
	assert_int_equal(filter_make(set, SECCOMP_RET_TRACE, filter), 0);
	for (size_t a = 0; a < 3; a++) {
		for (int i = 0; i < CALL_NUMBER_MAX; i++) {
			uint32_t want = call_set_has(set, arches[a].arch, i) ? SECCOMP_RET_TRACE
			                                                     : SECCOMP_RET_ALLOW;

			assert_int_equal(
				filter_answer(filter, arches[a].audit, (uint32_t)i, F_SETLK), want);
		}
		/* x32, and calls of a newer kernel */
		assert_int_equal(filter_answer(filter, arches[a].audit, 0x40000000, 0),
		                 SECCOMP_RET_TRACE);
		assert_int_equal(filter_answer(filter, arches[a].audit, CALL_NUMBER_MAX, 0),
		                 SECCOMP_RET_TRACE);
	}
	assert_int_equal(filter_answer(filter, AUDIT_ARCH_ARM, 3, 0), SECCOMP_RET_TRACE);
}

static void test_sets(void **state) {
	static const char *const sets[] = {
		"all",    "anchors",        "file",        "net",
		"openat", "all,!read",      "!file",       "process,lock",
		"read",   "all,!file,!net", "wait,memory", "acct"};

	for (size_t i = 0; i < sizeof(sets) / sizeof(sets[0]); i++) {
		check_set(*state, sets[i]);
	}
}

static void test_quiet_fcntl(void **state) {
	static const struct {
		const char *set;
		uint32_t getfl, lock;
	} cases[] = {
		{"anchors", SECCOMP_RET_ALLOW, SECCOMP_RET_TRACE},
		{"lock", SECCOMP_RET_ALLOW, SECCOMP_RET_TRACE},
		{"fcntl", SECCOMP_RET_TRACE, SECCOMP_RET_TRACE},
		{"anchors,fcntl", SECCOMP_RET_TRACE, SECCOMP_RET_TRACE},
		{"fcntl,anchors", SECCOMP_RET_TRACE, SECCOMP_RET_TRACE},
		{"all", SECCOMP_RET_TRACE, SECCOMP_RET_TRACE},
		{"net", SECCOMP_RET_ALLOW, SECCOMP_RET_ALLOW},
	};
	struct filter *filter = arena_new_of(*state, struct filter);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		const struct call_set *set = NULL;
		uint64_t getfl[6] = {0, F_GETFL}, lock[6] = {0, F_SETLK};
		int fcntl_number = call_number(ARCH_X86_64, "fcntl");

		assert_int_equal(call_set_parse(*state, cases[i].set, &set, NULL), 0);
		assert_int_equal(filter_make(set, SECCOMP_RET_TRACE, filter), 0);
		assert_int_equal(
			filter_answer(filter, AUDIT_ARCH_X86_64, (uint32_t)fcntl_number, F_GETFL),
			cases[i].getfl);
		assert_int_equal(
			filter_answer(filter, AUDIT_ARCH_X86_64, (uint32_t)fcntl_number, F_SETLK),
			cases[i].lock);
		assert_int_equal(call_set_wants(set, ARCH_X86_64, fcntl_number, getfl),
		                 cases[i].getfl == SECCOMP_RET_TRACE);
		assert_int_equal(call_set_wants(set, ARCH_X86_64, fcntl_number, lock),
		                 cases[i].lock == SECCOMP_RET_TRACE);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_sets, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_quiet_fcntl, arena_setup, arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
