/* SPDX-License-Identifier: MIT
 * The tables of system calls, and sets of them.
 */
#include "arena_fixture.h"
#include "trace/address.h"
#include "trace/call.h"

#include <errno.h>
#include <linux/audit.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/syscall.h>

#include <cmocka.h>

static const struct call_set *set_of(struct arena *arena, const char *text) {
	const struct call_set *set = NULL;
	struct err err = {0};

	assert_int_equal(call_set_parse(arena, text, &set, &err), 0);
	return set;
}

static bool has(const struct call_set *set, const char *name) {
	return call_set_has(set, ARCH_X86_64, call_number(ARCH_X86_64, name));
}

/* Numbers that are part of each architecture's ABI and never change. */
static void test_numbers(void **state) {
	(void)state;
	assert_string_equal(call_by_number(ARCH_X86_64, 257)->name, "openat");
	assert_string_equal(call_by_number(ARCH_X86_64, 0)->name, "read");
	assert_string_equal(call_by_number(ARCH_I386, 295)->name, "openat");
	assert_string_equal(call_by_number(ARCH_I386, 102)->name, "socketcall");
	assert_string_equal(call_by_number(ARCH_AARCH64, 56)->name, "openat");
	assert_string_equal(call_by_number(ARCH_AARCH64, 79)->name, "newfstatat");
	assert_string_equal(call_by_number(ARCH_X32, 0x40000000 | 257)->name, "openat");
	assert_int_equal(call_number(ARCH_AARCH64, "open"), -1);
	assert_int_equal(call_number(ARCH_AARCH64, "execve"), 221);
	assert_null(call_by_number(ARCH_X86_64, -1));
	assert_null(call_by_number(ARCH_X86_64, 511));
	assert_null(call_by_number(ARCH_X86_64, 1 << 20));
	assert_null(call_by_number(ARCH_ARM, 0));
}

#ifdef __x86_64__
static void test_this_machine(void **state) {
	(void)state;
	assert_int_equal(call_number(ARCH_X86_64, "clone3"), SYS_clone3);
	assert_int_equal(call_number(ARCH_X86_64, "pidfd_getfd"), SYS_pidfd_getfd);
	assert_int_equal(call_number(ARCH_X86_64, "epoll_pwait"), SYS_epoll_pwait);
}
#endif

static void test_shapes(void **state) {
	const struct call *openat = call_by_number(ARCH_X86_64, 257);
	const struct call *wait4 = call_by_number(ARCH_AARCH64, 260);

	(void)state;
	assert_int_equal(openat->args[0].shape, ARG_AT_FD);
	assert_int_equal(openat->args[1].shape, ARG_PATH);
	assert_string_equal(openat->args[2].names, "open");
	assert_int_equal(openat->args[4].shape, ARG_NONE);
	assert_true(openat->returns_fd);
	assert_string_equal(wait4->name, "wait4");
	assert_int_equal(wait4->args[3].bytes, 144);
}

static void test_sets(void **state) {
	static const char *const anchors[] = {
		"openat", "read",     "write", "mmap",       "clone",     "execve",
		"futex",  "connect",  "fcntl", "epoll_wait", "brk",       "accept",
		"sendto", "recvfrom", "statx", "mprotect",   "exit_group"};
	struct arena *arena = *state;
	const struct call_set *set = set_of(arena, "anchors");
	size_t count = 0;

	for (size_t i = 0; i < sizeof(anchors) / sizeof(anchors[0]); i++) {
		assert_true(has(set, anchors[i]));
	}
	for (int i = 0; i < CALL_NUMBER_MAX; i++) {
		count += call_by_number(ARCH_X86_64, i) && call_set_has(set, ARCH_X86_64, i);
	}
	assert_int_equal(count, 17);
	assert_false(has(set, "epoll_pwait"));
	assert_false(call_set_has(set, ARCH_X86_64, 511));
}

static void test_more_and_less(void **state) {
	struct arena *arena = *state;

	assert_true(has(set_of(arena, "net"), "connect"));
	assert_false(has(set_of(arena, "net"), "openat"));
	assert_true(has(set_of(arena, "openat,net"), "openat"));
	assert_false(has(set_of(arena, "all,!futex"), "futex"));
	assert_true(has(set_of(arena, "all,!futex"), "read"));
	assert_true(has(set_of(arena, "!file"), "read"));
	assert_false(has(set_of(arena, "!file"), "openat"));
	assert_true(has(set_of(arena, "!file, openat"), "openat"));
	assert_true(call_set_has(set_of(arena, "all"), ARCH_X86_64, 511));
	assert_true(call_set_has(set_of(arena, "openat"), ARCH_I386, 295));
}

static void test_mistakes(void **state) {
	struct arena *arena = *state;
	const struct call_set *set = NULL;
	struct err err = {0};

	assert_int_equal(call_set_parse(arena, "opnat", &set, &err), -EINVAL);
	assert_non_null(strstr(err.msg, "openat"));
	assert_int_equal(call_set_parse(arena, "", &set, &err), -EINVAL);
	assert_int_equal(call_set_parse(arena, "read,,write", &set, &err), -EINVAL);
	assert_null(set);
}

static void test_arch_of_audit(void **state) {
	(void)state;
	assert_int_equal(arch_of_audit(AUDIT_ARCH_X86_64, 59), ARCH_X86_64);
	assert_int_equal(arch_of_audit(AUDIT_ARCH_X86_64, 0x40000000 | 520), ARCH_X32);
	assert_int_equal(arch_of_audit(AUDIT_ARCH_I386, 11), ARCH_I386);
	assert_int_equal(arch_of_audit(AUDIT_ARCH_AARCH64, 221), ARCH_AARCH64);
	assert_int_equal(arch_of_audit(AUDIT_ARCH_ARM, 11), ARCH_ARM);
}

static void test_addresses(void **state) {
	struct inet_address address;
	char text[INET_ADDRESS_TEXT_BYTES];
	struct sockaddr_in v4 = {.sin_family = AF_INET, .sin_port = htons(443)};
	struct sockaddr_in6 v6 = {.sin6_family = AF_INET6,
	                          .sin6_port = htons(65535),
	                          .sin6_addr = IN6ADDR_LOOPBACK_INIT};
	(void)state;
	v4.sin_addr.s_addr = htonl(0xC0000201);

	assert_true(inet_address_read(slice_of((const char *)&v4, sizeof(v4)), &address));
	inet_address_text(&address, text);
	assert_string_equal(text, "192.0.2.1:443");
	assert_true(inet_address_read(slice_of((const char *)&v6, sizeof(v6)), &address));
	inet_address_text(&address, text);
	assert_string_equal(text, "[::1]:65535");
	assert_false(inet_address_read(slice_of((const char *)&v6, sizeof(v6) - 1), &address));
	assert_false(inet_address_read(slice_of("", 0), &address));
}

static void test_unix_names(void **state) {
	bool abstract;
	struct slice name;
	(void)state;
	name = unix_address_name(slice_of("\1\0/run/x\0junk", 13), &abstract);
	assert_true(slice_eq(name, "/run/x") && !abstract);
	name = unix_address_name(slice_of("\1\0\0name", 7), &abstract);
	assert_true(slice_eq(name, "name") && abstract);
	name = unix_address_name(slice_of("\1\0", 2), &abstract);
	assert_true(name.len == 0 && !abstract);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers),
#ifdef __x86_64__
		cmocka_unit_test(test_this_machine),
#endif
		cmocka_unit_test(test_shapes),
		cmocka_unit_test(test_arch_of_audit),
		cmocka_unit_test(test_addresses),
		cmocka_unit_test(test_unix_names),
		cmocka_unit_test_setup_teardown(test_sets, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_more_and_less, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_mistakes, arena_setup, arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
