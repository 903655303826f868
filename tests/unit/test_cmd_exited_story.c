/* SPDX-License-Identifier: MIT
 * What ended the last server, from facts.
 */
#include "base/str.h"
#include "cmd/exited_story.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

struct fixture {
	struct arena *arena;
	struct facts facts;
};

static int setup(void **state) {
	struct arena *arena = arena_new();
	struct fixture *f = arena_new_of(arena, struct fixture);

	f->arena = arena;
	facts_init(&f->facts, arena);
	*state = f;
	return 0;
}

static int teardown(void **state) {
	arena_free(((struct fixture *)*state)->arena);
	return 0;
}

static void add(struct fixture *f, const char *line) {
	struct err err;

	assert_int_equal(facts_add_text(&f->facts, line, &err), 0);
}

#define KILLED                                                                                     \
	"log_event source=vscode file=/l line=9 at_ns=9000000000000 kind=exit current=1 "          \
	"text=\"Server process exited with signal SIGKILL.\""

static void test_nothing(void **state) {
	assert_null(exited_story(&((struct fixture *)*state)->facts, 0).kind);
}

static void test_unknown_sender(void **state) {
	struct fixture *f = *state;

	add(f, KILLED);
	struct exited_story s = exited_story(&f->facts, 0);
	assert_string_equal(s.kind, "signal");
	assert_int_equal(s.signal, SIGKILL);
	assert_string_equal(s.sender, "");
	assert_true(str_has(s.unknown, "not known"));
}

static void test_counter(void **state) {
	struct fixture *f = *state;

	add(f, KILLED);
	add(f, "memory_group scope=judged path=/x file=/c/x/memory.max limit=1 kills=2");
	struct exited_story s = exited_story(&f->facts, 0);
	assert_string_equal(s.kind, "oom");
	assert_false(s.certain);
}

static void test_processor_time(void **state) {
	struct fixture *f = *state;

	add(f, KILLED);
	add(f, "limit scope=judged pid=7 name=cpu_seconds soft=60 hard=60");
	assert_string_equal(exited_story(&f->facts, 0).kind, "limit");
}

/* The kernel's log knows best, unless it tells of another end: long before, of another user, of a trial. */
static void test_kernel_log(void **state) {
	struct fixture *f = *state;

	add(f, KILLED);
	add(f, "target uid=1000");
	add(f, "death source=kernel how=oom by=kernel pid=5 comm=gopls signal=9 at_ns=1000000000 "
	       "text=\"Killed process 5 (gopls) UID:1000 \"");
	add(f, "death source=kernel how=oom by=kernel pid=6 comm=gopls signal=9 "
	       "at_ns=9000000000000 text=\"Killed process 6 (gopls) UID:1001 \"");
	add(f, "death source=kernel how=oom by=kernel pid=7 comm=gopls signal=9 "
	       "at_ns=9000000000000 text=\"Killed process 7 (gopls) UID:1000 oom_score_adj:1000\"");
	assert_string_equal(exited_story(&f->facts, 0).kind, "signal");
	add(f, "death source=kernel how=oom by=kernel pid=8 comm=gopls group=/x signal=9 "
	       "at_ns=9000000000000 text=\"Killed process 8 (gopls) UID:1000 \"");
	struct exited_story s = exited_story(&f->facts, 0);
	assert_string_equal(s.kind, "oom");
	assert_int_equal(s.pid, 8);
	assert_true(s.certain);
	assert_int_equal(exited_story(&f->facts, 6).pid, 6);
	f->facts.first[FACT_log_event] = NULL;
	assert_false(exited_story(&f->facts, 0).certain);
	assert_null(exited_story(&f->facts, 99).kind);
}

static void test_crash(void **state) {
	struct fixture *f = *state;

	add(f, "log_event source=vscode file=/l line=9 kind=exit current=1 "
	       "text=\"Server process exited with code 2.\"");
	add(f, "crash source=log program=gopls kind=panic text=boom goroutine=7 frame=p.f "
	       "version=v0.16.2 log=/l log_line=3 current=1");
	struct exited_story s = exited_story(&f->facts, 0);
	assert_string_equal(s.kind, "panic");
	assert_int_equal(s.exit_code, 2);
	assert_true(str_has(s.answer, "p.f"));
}

/* A panic of an earlier session does not explain the end of today's server. */
static void test_old_crash(void **state) {
	struct fixture *f = *state;

	add(f, KILLED);
	add(f, "crash source=log program=gopls kind=panic text=boom goroutine=7 frame=p.f log=/o "
	       "log_line=3 current=0");
	assert_string_equal(exited_story(&f->facts, 0).kind, "signal");
}

static void test_statuses(void **state) {
	static const struct {
		const char *text, *kind;
		int64_t code, signal;
	} texts[] = {
		{"Server process exited with code 0.", "asked", 0, 0},
		{"Client 1 quit with exit code 1 and signal 0", "exit", 1, 0},
		{"Client 1 quit with exit code 0 and signal 13", "signal", -1, SIGPIPE},
		{"Server process exited with code 137.", "signal", -1, SIGKILL},
		{"Server process exited with signal SIGSYS.", "signal", -1, SIGSYS},
	};

	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct fixture *f = *state;

		facts_init(&f->facts, f->arena);
		FACTS_ADD(&f->facts, log_event, NULL, .file = "/l", .line = 1, .kind = "exit",
		          .text = texts[i].text, .current = true);
		struct exited_story s = exited_story(&f->facts, 0);
		assert_string_equal(s.kind, texts[i].kind);
		assert_int_equal(s.exit_code, texts[i].code);
		assert_int_equal(s.signal, texts[i].signal);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_nothing, setup, teardown),
		cmocka_unit_test_setup_teardown(test_unknown_sender, setup, teardown),
		cmocka_unit_test_setup_teardown(test_counter, setup, teardown),
		cmocka_unit_test_setup_teardown(test_processor_time, setup, teardown),
		cmocka_unit_test_setup_teardown(test_kernel_log, setup, teardown),
		cmocka_unit_test_setup_teardown(test_crash, setup, teardown),
		cmocka_unit_test_setup_teardown(test_old_crash, setup, teardown),
		cmocka_unit_test_setup_teardown(test_statuses, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
