/* SPDX-License-Identifier: MIT
 * What is copied of a call's arguments, out of a memory of ours with an end.
 */
#include "arena_fixture.h"
#include "trace/capture.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#define BASE 0x10000ULL

struct memory {
	_Alignas(8) char bytes[16384];
};

static ssize_t read_memory(void *data, uint64_t address, void *to, size_t bytes) {
	const struct memory *m = data;

	if (address < BASE || address >= BASE + sizeof(m->bytes)) {
		return -EFAULT;
	}
	size_t left = (size_t)(BASE + sizeof(m->bytes) - address);
	size_t n = bytes < left ? bytes : left;

	memcpy(to, m->bytes + (address - BASE), n);
	return (ssize_t)n;
}

struct fixture {
	struct memory memory;
	struct capture capture;
	struct capture_limits limits;
	struct payload payloads[EVENT_PAYLOADS];
	size_t count;
};

static int setup(void **state) {
	static struct fixture f;

	memset(&f, 0, sizeof(f));
	f.limits = (struct capture_limits){.string_bytes = 4096, .data_bytes = 64};
	*state = &f;
	return 0;
}

static int teardown(void **state) {
	struct fixture *f = *state;

	capture_free(&f->capture);
	return 0;
}

static uint64_t put(struct fixture *f, size_t at, const void *what, size_t bytes) {
	memcpy(f->memory.bytes + at, what, bytes);
	return BASE + at;
}

static void run(struct fixture *f, enum event_arch arch, const char *name, const uint64_t args[6],
                int64_t result) {
	const struct capture_source source = {read_memory, &f->memory};
	const struct call *call = call_by_number(arch, call_number(arch, name));

	assert_non_null(call);
	capture_enter(&f->capture, &source, &f->limits, arch, call, args);
	capture_exit(&f->capture, &source, &f->limits, arch, call, args, result);
	f->count = capture_payloads(&f->capture, f->payloads);
}

static void test_paths(void **state) {
	struct fixture *f = *state;
	uint64_t args[6] = {0, put(f, 4090, "/a/longer/path", 15), 0, put(f, 0, "b", 2)};

	run(f, ARCH_X86_64, "renameat", args, 0);
	assert_int_equal(f->count, 2);
	assert_true(slice_eq(f->payloads[0].bytes, "/a/longer/path"));
	assert_int_equal(f->payloads[0].full_bytes, 14);
	assert_int_equal(f->payloads[0].which, 1);
	assert_true(slice_eq(f->payloads[1].bytes, "b"));
	assert_int_equal(f->payloads[1].which, 3);
}

static void test_cut_path(void **state) {
	struct fixture *f = *state;
	uint64_t args[6] = {0, BASE};

	memset(f->memory.bytes, 'x', sizeof(f->memory.bytes));
	run(f, ARCH_X86_64, "openat", args, 3);
	assert_int_equal(f->payloads[0].bytes.len, 4096);
	assert_int_equal(f->payloads[0].full_bytes, 4097);
	args[1] = BASE + sizeof(f->memory.bytes) - 10; /* memory ends before the string does */
	run(f, ARCH_X86_64, "openat", args, 3);
	assert_int_equal(f->payloads[0].bytes.len, 10);
	assert_int_equal(f->payloads[0].full_bytes, 11);
	args[1] = 16;
	run(f, ARCH_X86_64, "openat", args, -EFAULT);
	assert_int_equal(f->count, 0);
	assert_int_equal(f->capture.unread, 1);
}

static void test_buffers(void **state) {
	struct fixture *f = *state;
	uint64_t args[6] = {1, put(f, 0, "hello, world", 12), 5};

	run(f, ARCH_X86_64, "write", args, 5);
	assert_true(slice_eq(f->payloads[0].bytes, "hello"));
	args[2] = 12;
	run(f, ARCH_X86_64, "read", args, 7);
	assert_true(slice_eq(f->payloads[0].bytes, "hello, "));
	run(f, ARCH_X86_64, "read", args, -EAGAIN);
	assert_int_equal(f->count, 0);
	run(f, ARCH_X86_64, "read", args, 12000);
	assert_int_equal(f->payloads[0].bytes.len, 64);
	assert_int_equal(f->payloads[0].full_bytes, 12000);
	f->limits.data_bytes = 0;
	run(f, ARCH_X86_64, "read", args, 7);
	assert_int_equal(f->count, 0);
}

static void test_vectors(void **state) {
	struct fixture *f = *state;
	uint64_t one = put(f, 0, "one", 3), two = put(f, 100, "two", 3);
	uint64_t vector[4] = {one, 3, two, 3};
	uint64_t args[6] = {1, put(f, 200, vector, sizeof(vector)), 2};

	run(f, ARCH_X86_64, "writev", args, 6);
	assert_true(slice_eq(f->payloads[0].bytes, "onetwo"));
	run(f, ARCH_X86_64, "readv", args, 4);
	assert_true(slice_eq(f->payloads[0].bytes, "onet"));
	args[2] = UINT64_MAX;
	run(f, ARCH_X86_64, "writev", args, 6);
	assert_true(f->payloads[0].bytes.len <= 64);
}

static void test_32_bit_strings(void **state) {
	struct fixture *f = *state;
	uint32_t argv[3] = {(uint32_t)put(f, 0, "sh", 3), (uint32_t)put(f, 10, "-c", 3), 0};
	uint64_t args[6] = {BASE, put(f, 100, argv, sizeof(argv))};

	run(f, ARCH_I386, "execve", args, 0);
	assert_int_equal(f->count, 2);
	assert_int_equal(f->payloads[1].kind, PAYLOAD_STRINGS);
	assert_int_equal(f->payloads[1].bytes.len, 6);
	assert_memory_equal(f->payloads[1].bytes.data, "sh\0-c\0", 6);
}

static void test_messages(void **state) {
	struct fixture *f = *state;
	uint64_t vector[2] = {put(f, 0, "text", 4), 4};
	uint64_t header[7] = {put(f, 100, "\1\0/run/s", 8), 8, put(f, 200, vector, 16), 1};
	uint64_t args[6] = {3, put(f, 300, header, sizeof(header))};

	run(f, ARCH_X86_64, "sendmsg", args, 4);
	assert_int_equal(f->count, 2);
	assert_int_equal(f->payloads[0].kind, PAYLOAD_ADDRESS);
	assert_int_equal(f->payloads[0].bytes.len, 8);
	assert_true(slice_eq(f->payloads[1].bytes, "text"));
}

static void test_futex_time(void **state) {
	struct fixture *f = *state;
	uint64_t time[2] = {5, 0};
	uint64_t args[6] = {BASE, 128 /* FUTEX_WAIT_PRIVATE */, 0, put(f, 0, time, 16)};

	run(f, ARCH_X86_64, "futex", args, 0);
	assert_int_equal(f->payloads[0].bytes.len, 16);
	args[1] = 3; /* FUTEX_REQUEUE: a number */
	run(f, ARCH_X86_64, "futex", args, 0);
	assert_int_equal(f->count, 0);
	assert_int_equal(f->capture.unread, 0);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_paths, setup, teardown),
		cmocka_unit_test_setup_teardown(test_cut_path, setup, teardown),
		cmocka_unit_test_setup_teardown(test_buffers, setup, teardown),
		cmocka_unit_test_setup_teardown(test_vectors, setup, teardown),
		cmocka_unit_test_setup_teardown(test_32_bit_strings, setup, teardown),
		cmocka_unit_test_setup_teardown(test_messages, setup, teardown),
		cmocka_unit_test_setup_teardown(test_futex_time, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
