/* SPDX-License-Identifier: MIT
 * Tracebacks of Go programs, and what clients make of them in their logs.
 */
#include "arena_fixture.h"

#include "base/str.h"
#include "gofile/gocrash.h"
#include "wire/logpieces.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

/* gopls v0.16.2, compiled with go1.24.12, on a hover. */
static const char hover[] =
	"2026/11/21 15:00:00 something before\n"
	"panic: runtime error: invalid memory address or nil pointer dereference\n"
	"[signal SIGSEGV: segmentation violation code=0x1 addr=0x40 pc=0xd540e9]\n\n"
	"goroutine 144 gp=0xc000364540 m=3 mp=0xc00005d008 [running]:\n"
	"panic({0xf8b3e0?, 0x1af0d40?})\n"
	"\t/usr/local/go/src/runtime/panic.go:811 +0x168 fp=0xc0001b7158 pc=0x478228\n"
	"runtime.panicmem(...)\n"
	"\t/usr/local/go/src/runtime/panic.go:262\n"
	"golang.org/x/tools/gopls/internal/golang.hover({0x13d9f58, 0xc000526210}, 0x0)\n"
	"\t/home/u/go/pkg/mod/golang.org/x/tools/gopls@v0.16.2/internal/golang/hover.go:304 "
	"+0xca9\n"
	"created by golang.org/x/tools/internal/jsonrpc2.AsyncHandler.func1 in goroutine 9\n";

static void test_panic(void **state) {
	struct gocrash c;

	assert_true(gocrash_parse(*state, slice_str(hover), &c));
	assert_string_equal(c.kind, "panic");
	assert_string_equal(c.text,
	                    "runtime error: invalid memory address or nil pointer dereference");
	assert_true(str_starts(c.signal, "SIGSEGV"));
	assert_int_equal(c.goroutine, 144);
	assert_string_equal(c.state, "running");
	assert_string_equal(c.frame, "golang.org/x/tools/gopls/internal/golang.hover");
	assert_true(str_ends(c.file, "/hover.go"));
	assert_int_equal(c.line, 304);
	assert_string_equal(c.version, "v0.16.2");
	assert_false(c.telemetry);
}

/* The method of a pointer keeps its own parentheses. */
static void test_method(void **state) {
	struct gocrash c;

	assert_true(gocrash_parse(*state,
	                          slice_str("fatal error: stack overflow\n\nruntime stack:\n"
	                                    "runtime.throw({0x1, 0x2})\n\t/r/panic.go:1 +0x1\n\n"
	                                    "goroutine 7 [running]:\n"
	                                    "main.(*T).F(0x0, {0x1, 0x2})\n\t/m/a.go:12 +0x1\n"),
	                          &c));
	assert_string_equal(c.kind, "fatal");
	assert_string_equal(c.text, "stack overflow");
	assert_string_equal(c.frame, "main.(*T).F");
	assert_string_equal(c.file, "/m/a.go");
	assert_int_equal(c.line, 12);
}

static void test_telemetry_and_signal(void **state) {
	struct gocrash c;

	assert_true(gocrash_parse(
		*state,
		slice_str("unexpected fault address 0x7f\nfatal error: fault\n[signal SIGBUS: bus "
	                  "error code=0x2 addr=0x7f pc=0x1]\n\ngoroutine 1 [running]:\n"
	                  "runtime.throw({0x1})\n\t/r/panic.go:1 +0x1\n"
	                  "golang.org/x/telemetry/internal/counter.(*mappedFile).load32(0x1)\n"
	                  "\t/t/file.go:99 +0x1\n"),
		&c));
	assert_true(c.telemetry);
	assert_true(gocrash_parse(*state, slice_str("SIGQUIT: quit\nPC=0x1 m=0\n"), &c));
	assert_string_equal(c.kind, "signal");
	assert_string_equal(c.frame, "");
	assert_int_equal(c.goroutine, 0);
}

static void test_none(void **state) {
	struct gocrash c;

	assert_false(gocrash_parse(*state, slice_str(""), &c));
	assert_false(gocrash_parse(*state, slice_str("goroutine 1 [running]:\nmain.main()\n"), &c));
	assert_false(gocrash_parse(*state, slice_str("I do not panic: really\n"), &c));
}

/* Each way in which a client keeps it gives the same. */
static void test_logs(void **state) {
	static const char neovim[] =
		"[ERROR][2026-11-21 11:00:01] "
		".../vim/lsp/rpc.lua:734\t\"rpc\"\t\"/h/gopls\"\t\"stderr\"\t"
		"\"panic: boom\\n\\ngoroutine 5 [running]:\\nmain.f()\\n\\t/m/a.go:3 +0x1\\n\"\n";
#define HELIX "2026-11-21T11:00:01.1 helix_lsp::transport [ERROR] gopls err <- "
	static const char helix[] =
		HELIX "\"panic: boom\\n\"\n" HELIX "\"goroutine 5 [running]:\\n\"\n" HELIX
		      "\"main.f()\\n\"\n" HELIX "\"\\t/m/a.go:3 +0x1\\n\"\n";
#undef HELIX
	static const char vscode[] =
		"2026-11-21 11:00:01.100 [info] panic: boom\n\ngoroutine 5 [running]:\nmain.f()\n"
		"\t/m/a.go:3 +0x1\n[Error - 11:00:00 AM] Server process exited with code 2.\n";
	static const char *const logs[] = {neovim, helix, vscode};

	for (size_t i = 0; i < sizeof logs / sizeof *logs; i++) {
		struct gocrash c;

		assert_true(
			gocrash_parse(*state, log_server_words(*state, slice_str(logs[i]), 1), &c));
		assert_string_equal(c.text, "boom");
		assert_int_equal(c.goroutine, 5);
		assert_string_equal(c.frame, "main.f");
		assert_int_equal(c.line, 3);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_panic, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_method, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_telemetry_and_signal, arena_setup,
	                                        arena_teardown),
		cmocka_unit_test_setup_teardown(test_none, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_logs, arena_setup, arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
