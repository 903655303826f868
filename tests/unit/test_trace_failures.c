/* SPDX-License-Identifier: MIT
 * Which failures are the same in another run.
 */
#include "arena_fixture.h"
#include "base/str.h"
#include "trace/call.h"
#include "trace/failures.h"

#include <errno.h>
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

static void test_places(void **state) {
	static const char *const same[][2] = {
		{"/tmp/go-build1469396637/b001", "/tmp/go-build77/b001"},
		{"/tmp/tmp.Xa8dQz/x", "/tmp/tmp.kk/x"},
		{"/proc/4242/status", "/proc/7/status"},
		{"/home/u/.cache/go-build/3f/3f9ac0de12345678-a",
	         "/home/u/.cache/go-build/a0/a0b1c2d3e4f50617-a"},
		{"/run/user/1000/x", "/run/user/12001/x"},
	};
	static const char *const other[][2] = {
		{"/usr/lib/go-1.25/x", "/usr/lib/go-1.26/x"},
		{"/x/v0.23.0/gopls", "/x/v0.24.0/gopls"},
		{"/x/main.go", "/x/other.go"},
		{"/home/ab/added", "/home/ab/faded"},
	};
	for (size_t i = 0; i < sizeof(same) / sizeof(*same); i++) {
		assert_string_equal(failures_place(*state, same[i][0]),
		                    failures_place(*state, same[i][1]));
	}
	for (size_t i = 0; i < sizeof(other) / sizeof(*other); i++) {
		assert_string_not_equal(failures_place(*state, other[i][0]),
		                        failures_place(*state, other[i][1]));
	}
}

static struct event open_event(struct payload *payload, const char *path, int error) {
	*payload = (struct payload){PAYLOAD_STRING, 1, (uint32_t)strlen(path), slice_str(path)};
	return (struct event){.kind = EVENT_CALL,
	                      .arch = ARCH_X86_64,
	                      .pid = 7,
	                      .tid = 7,
	                      .number = call_number(ARCH_X86_64, "openat"),
	                      .args = {(uint64_t)AT_FDCWD},
	                      .result = -error,
	                      .payloads = payload,
	                      .payload_count = 1};
}

static void test_baseline(void **state) {
	const struct {
		const char *path;
		int error;
		bool fails, known;
	} runs[] = {
		{"/tmp/go-build22/x", ENOENT, true, true},
		{"/tmp/go-build22/x", EACCES, true, false},
		{"/etc/none", ENOENT, true, false},
		{"/etc/none", ENOENT, true, false}, /* having asked makes it no more usual */
		{"/etc/none", EAGAIN, false, false},
	};
	struct baseline *baseline = baseline_new();
	struct failures *failures = failures_new();
	struct payload payload;
	struct event_sink sink = baseline_sink(baseline);
	struct event healthy = open_event(&payload, "/tmp/go-build1/x", ENOENT);
	(void)state;
	assert_int_equal(sink.take(sink.data, &healthy), 0);
	for (size_t i = 0; i < sizeof(runs) / sizeof(*runs); i++) {
		struct failure failure;
		struct event e = open_event(&payload, runs[i].path, runs[i].error);
		assert_int_equal(failures_take(failures, &e, &failure), runs[i].fails);
		if (runs[i].fails) {
			assert_int_equal(baseline_knows(baseline, &failure), runs[i].known);
		}
	}
	failures_free(failures);
	baseline_free(baseline);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_places, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_baseline, arena_setup, arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
