/* SPDX-License-Identifier: MIT
 * What `dialtone locks` makes of locks and files.
 */
#include "arena_fixture.h"

#include "report/locks_view.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define GO_LOCK "/home/lena/go/pkg/mod/cache/download/lab.example/colour/@v/v1.2.0.lock"
#define BLOCK(role_, pid_, ino_, rest_)                                                            \
	"role=" role_ "\ngroup=1\nclass=FLOCK\nmode=WRITE\ndev=fe:00\nino=" ino_ "\npid=" pid_     \
	"\n" rest_ "\n"
#define END "table=read\nlines=2\nlooked=2\ndenied=0\nptrace=0\n\n"

static struct locks_view view_of(struct arena *arena, const char *text, const char *const *wanted,
                                 bool all) {
	struct locks_view view;

	locks_view_init(&view, arena, locks_parse(arena, slice_str(text)), wanted, all, 1000);
	locks_view_plan(&view);
	return view;
}

static void test_waited_first(void **state) {
	struct locks_view v =
		view_of(*state,
	                BLOCK("holds", "5", "30", "comm=go\npath=/w/go.mod\n")
	                        BLOCK("holds", "7", "33",
	                              "comm=go\ncmdline=/usr/bin/go\x1fmod\x1f"
	                              "download\nstate=T\npath=" GO_LOCK "\n")
	                                BLOCK("waits", "8", "33", "comm=go\ndepth=1\n") END,
	                NULL, false);

	assert_int_equal(v.waited, 1);
	assert_int_equal(v.held, 1);
	assert_int_equal(v.rows->state, LOCK_WAITED);
	assert_string_equal(v.rows->path, GO_LOCK);
	assert_int_equal(v.rows->file.kind, LOCKFILE_VERSION);
	assert_int_equal(v.rows->holders[0]->pid, 7);
	assert_int_equal(v.rows->waiters[0]->pid, 8);
	assert_string_equal(lock_command(*state, v.rows->holders[0], 60), "go mod download");
	assert_string_equal(v.plan[0].command, "kill -CONT 7");
	assert_string_equal(v.plan[1].command, "kill 7; kill -CONT 7");
}

/* A child that has the open file keeps the lock when its parent ends. */
static void test_plan_names_all(void **state) {
	struct locks_view v = view_of(
		*state,
		BLOCK("holds", "7", "33", "comm=flock\nstate=S\nalso=9 10\npath=" GO_LOCK "\n")
			BLOCK("waits", "8", "33", "comm=go\ndepth=1\n") END,
		NULL, false);

	assert_string_equal(v.plan[1].command, "kill 7 9 10");
}

static void test_what_matters(void **state) {
	static const char text[] = BLOCK("holds", "5", "30", "comm=postgres\npath=/var/db/x.lock\n")
		BLOCK("holds", "6", "31", "comm=go\npath=/tmp/own\n") END;
	const char *const wanted[] = {"/var/db", NULL};
	struct locks_view v = view_of(*state, text, NULL, false);

	assert_int_equal(v.held, 1);
	assert_int_equal(v.rows->holders[0]->pid, 6);
	v = view_of(*state, text, NULL, true);
	assert_int_equal(v.held, 2);
	v = view_of(*state, text, wanted, false);
	assert_int_equal(v.held, 1);
	assert_int_equal(v.rows->holders[0]->pid, 5);
}

static void test_left_over(void **state) {
	struct locks_view v;

	locks_view_init(&v, *state, locks_parse(*state, slice_str(END)), NULL, false, 1000);
	locks_view_existing(&v, "/w/.git/index.lock", 5, 0, false, true);
	locks_view_existing(&v, "/h/.config/Code/code.lock", 5, 77, true, false);
	locks_view_existing(&v, "/h/.config/gopls/prompt/telemetry.lock", 5, 0, false, false);
	locks_view_plan(&v);
	assert_int_equal(v.left_over, 2);
	assert_int_equal(v.in_the_way, 1);
	assert_int_equal(v.held, 1);
	assert_int_equal(v.plan_count, 1);
	assert_string_equal(v.plan[0].command, "rm -- /w/.git/index.lock");
}

#define TEST(function_) cmocka_unit_test_setup_teardown(function_, arena_setup, arena_teardown)

int main(void) {
	const struct CMUnitTest tests[] = {
		TEST(test_waited_first),
		TEST(test_plan_names_all),
		TEST(test_what_matters),
		TEST(test_left_over),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
