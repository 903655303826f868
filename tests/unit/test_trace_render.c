/* SPDX-License-Identifier: MIT
 * A call as strace writes it. The lines are those of strace 6.1 of the same calls; whole runs beside strace itself are
 * compared by tests/live/query.sh.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "trace/render.h"

#include <fcntl.h>
#include <stdlib.h>

static const char *line(struct arena *arena, struct event e) {
	struct strbuf out;
	strbuf_init(&out, arena);
	e.kind = EVENT_CALL;
	e.tid = 7;
	assert_true(render_line(&out, &e));
	return out.data;
}

static struct event call(const char *name, int64_t result) {
	int number = call_number(ARCH_X86_64, name);
	assert_true(number >= 0);
	return (struct event){.arch = ARCH_X86_64, .number = number, .result = result};
}

static void expect(struct event e, const struct payload *payloads, size_t count, const char *text) {
	struct arena *arena = arena_new();
	e.payloads = payloads;
	e.payload_count = count;
	assert_string_equal(line(arena, e), text);
	arena_free(arena);
}

static struct payload bytes(int which, const void *data, size_t len) {
	return (struct payload){PAYLOAD_BYTES, which, (uint32_t)len, slice_of(data, len)};
}

static struct payload string(int which, const char *text) {
	return (struct payload){PAYLOAD_STRING, which, (uint32_t)strlen(text), slice_str(text)};
}

#define SET_ARGS(e, ...)                                                                           \
	do {                                                                                       \
		const uint64_t args_[6] = {__VA_ARGS__};                                           \
		memcpy((e).args, args_, sizeof(args_));                                            \
	} while (0)

static void test_files(void **state) {
	struct event e = call("openat", -2);
	struct payload p = string(1, "a\"b\t\x01"
	                             "9/\xff");
	(void)state;
	SET_ARGS(e, (uint64_t)AT_FDCWD, 0x1000, O_CLOEXEC);
	expect(e, &p, 1,
	       "7 openat(AT_FDCWD, \"a\\\"b\\t\\19/\\377\", O_RDONLY|O_CLOEXEC) = -1 ENOENT (No "
	       "such "
	       "file or directory)");
	SET_ARGS(e, 3, 0x1000, O_RDWR | O_CREAT, 0644);
	e.result = 4;
	p = string(1, "x");
	expect(e, &p, 1, "7 openat(3, \"x\", O_RDWR|O_CREAT, 0644) = 4");
	expect(e, NULL, 0, "7 openat(3, 0x1000, O_RDWR|O_CREAT, 0644) = 4");
	e = call("access", 0);
	SET_ARGS(e, 0x1000, 0);
	p = string(0, "x");
	expect(e, &p, 1, "7 access(\"x\", F_OK) = 0");
}

static void test_buffers(void **state) {
	struct event e = call("read", 40);
	char text[40];
	(void)state;
	memset(text, 'a', sizeof(text));
	struct payload p = bytes(1, text, sizeof(text));
	SET_ARGS(e, 3, 0x1000, 4096);
	expect(e, &p, 1, "7 read(3, \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"..., 4096) = 40");
	expect(e, NULL, 0, "7 read(3, 0x1000, 4096) = 40");
}

static void test_words(void **state) {
	struct event e = call("mmap", 0x7f0000000000);
	(void)state;
	SET_ARGS(e, 0, 8192, 3, 0x22, (uint64_t)-1, 0);
	expect(e, NULL, 0,
	       "7 mmap(NULL, 8192, PROT_READ|PROT_WRITE, MAP_PRIVATE|MAP_ANONYMOUS, -1, 0) = "
	       "0x7f0000000000");
	e = call("futex", -110);
	const int64_t time[2] = {0, 5000};
	struct payload p = bytes(3, time, sizeof(time));
	SET_ARGS(e, 0x1000, 128, 2, 0x2000);
	expect(e, &p, 1,
	       "7 futex(0x1000, FUTEX_WAIT_PRIVATE, 2, {tv_sec=0, tv_nsec=5000}) = -1 ETIMEDOUT "
	       "(Connection "
	       "timed out)");
	e = call("clone", 9);
	SET_ARGS(e, 0x1200011, 0, 0, 0x5000);
	expect(e, NULL, 0,
	       "7 clone(child_stack=NULL, flags=CLONE_CHILD_CLEARTID|CLONE_CHILD_SETTID|SIGCHLD, "
	       "child_tidptr=0x5000) = 9");
	e = call("exit_group", 0);
	e.duration_ns = EVENT_NO_DURATION;
	expect(e, NULL, 0, "7 exit_group(0) = ?");
}

static void test_structures(void **state) {
	const unsigned char inet[16] = {2, 0, 0, 53, 127, 0, 0, 53};
	struct event e = call("connect", 0);
	struct payload p = bytes(1, inet, sizeof(inet));
	(void)state;
	SET_ARGS(e, 3, 0x1000, 16);
	expect(e, &p, 1,
	       "7 connect(3, {sa_family=AF_INET, sin_port=htons(53), "
	       "sin_addr=inet_addr(\"127.0.0.53\")}, "
	       "16) = 0");
	const int status = 0x100;
	e = call("wait4", 12);
	p = bytes(1, &status, sizeof(status));
	SET_ARGS(e, (uint64_t)-1, 0x1000, 1);
	expect(e, &p, 1,
	       "7 wait4(-1, [{WIFEXITED(s) && WEXITSTATUS(s) == 1}], WNOHANG, NULL) = 12");
	const int fds[2] = {3, 4};
	e = call("pipe2", 0);
	p = bytes(0, fds, sizeof(fds));
	SET_ARGS(e, 0x1000, O_CLOEXEC);
	expect(e, &p, 1, "7 pipe2([3, 4], O_CLOEXEC) = 0");
	/* Too few bytes for what they should be: an address, and no byte beyond. */
	p.bytes.len = 3;
	expect(e, &p, 1, "7 pipe2(0x1000, O_CLOEXEC) = 0");
}

/* Every call with every payload that is too short or too long for it: no line reads beyond. */
static void test_any_bytes(void **state) {
	(void)state;
	for (int number = 0; number < CALL_NUMBER_MAX; number++) {
		for (size_t len = 0; len < 300; len += len < 33 ? 1 : 37) {
			struct arena *arena = arena_new();
			char *exact = malloc(len ? len : 1);
			struct payload payloads[6];
			struct event e = {.arch = ARCH_X86_64, .number = number, .result = 1};
			memset(exact, number, len);
			for (int i = 0; i < 6; i++) {
				payloads[i] = bytes(i, exact, len);
				e.args[i] = (uint64_t)number * 0x10001 + (uint64_t)i;
			}
			e.payloads = payloads;
			e.payload_count = 6;
			assert_true(strlen(line(arena, e)) > 0);
			free(exact);
			arena_free(arena);
		}
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_files),     cmocka_unit_test(test_buffers),
		cmocka_unit_test(test_words),     cmocka_unit_test(test_structures),
		cmocka_unit_test(test_any_bytes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
