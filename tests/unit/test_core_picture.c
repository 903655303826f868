/* SPDX-License-Identifier: MIT
 * What differs between two pictures of a process tree, and what is noise.
 */
#include "base/str.h"
#include "core/picture.h"
#include "report/picture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

#define WHOLE "record=whole\nnow_wall_ns=1000\ntook_us=5\n\n"
#define SHARED                                                                                     \
	"record=environ\nid=1\nenv=A=1\nenv=B=two\n\nrecord=limits\nid=2\nlimit_nofile=10:20\n\n"
#define ENDS "environ=1\nlimits=2\n\n"
#define GOPLS                                                                                      \
	"record=process\npid=10\nppid=1\nstart_ticks=7\nstate=S\ncomm=gopls\ncmdline="             \
	"gopls\x1fserve\n"

static struct picture_changes *compare(struct arena *arena, const char *before, const char *after) {
	struct picture *a = picture_parse(arena, slice_str(before));
	struct picture *b = picture_parse(arena, slice_str(after));

	assert_non_null(a);
	assert_non_null(b);
	return picture_compare(arena, a, b);
}

static void expect(const struct picture_changes *all, size_t at, enum picture_change_kind kind,
                   const char *name, const char *from, const char *to) {
	assert_true(at < all->count);
	assert_int_equal(all->items[at].kind, kind);
	assert_true(streq(all->items[at].name, name));
	assert_true(streq(all->items[at].from, from));
	assert_true(streq(all->items[at].to, to));
}

static void test_no_picture(void **state) {
	struct arena *arena = arena_new();

	(void)state;
	assert_null(picture_parse(arena, slice_str("")));
	assert_null(picture_parse(arena, slice_str(WHOLE)));
	assert_null(picture_parse(arena, slice_str(GOPLS ENDS)));
	assert_null(picture_parse(arena, slice_str(WHOLE "record=process\npid=x\n\n")));
	arena_free(arena);
}

static void test_same(void **state) {
	struct arena *arena = arena_new();

	(void)state;
	/* What goes on all the time: time used, a running thread, a few maps. */
	assert_int_equal(compare(arena, WHOLE GOPLS "cpu_ms=1\nmaps=40\nthreads=9\n" ENDS SHARED,
	                         WHOLE GOPLS "cpu_ms=900\nmaps=42\nthreads=10\n" ENDS SHARED)
	                         ->count,
	                 0);
	/* What was not seen on one side. */
	assert_int_equal(compare(arena, WHOLE GOPLS ENDS SHARED, WHOLE GOPLS "\n")->count, 0);
	arena_free(arena);
}

static void test_values(void **state) {
	struct arena *arena = arena_new();
	static const char other[] =
		"record=environ\nid=1\nenv=B=three\nenv=C=x=y\n\nrecord=limits\nid=2\n"
		"limit_nofile=10:30\n\n";
	struct picture_changes *all =
		compare(arena,
	                WHOLE GOPLS "fds=2\nfd=3 0 0 1 /w/a1.go\nfd=4 0 0 1 pipe:[77]\n"
	                            "rss_bytes=100000000\n" ENDS SHARED,
	                arena_printf(arena, "%s%s",
	                             WHOLE GOPLS "fds=2\nfd=3 0 9 1 /w/a2.go\nfd=4 0 0 1 /w/a9.go\n"
	                                         "rss_bytes=200000000\n" ENDS,
	                             other));

	(void)state;
	expect(all, 0, CHANGE_LIMIT, "nofile", "10:20", "10:30");
	expect(all, 1, CHANGE_VARIABLE, "A", "1", NULL);
	expect(all, 2, CHANGE_VARIABLE, "B", "two", "three");
	expect(all, 3, CHANGE_VARIABLE, "C", NULL, "x=y");
	expect(all, 4, CHANGE_NUMBER, "rss_bytes", "100000000", "200000000");
	expect(all, 5, CHANGE_FILES, "/w/a#.go", "1", "2");
	expect(all, 6, CHANGE_FILES, "pipe:[#]", "1", "0");
	assert_int_equal(all->count, 7);
	arena_free(arena);
}

static void test_processes(void **state) {
	static const char again[] =
		"record=process\npid=12\nppid=1\nstart_ticks=90\nstate=T\ncomm=gopls\n"
		"cmdline=gopls\x1fserve\n\nrecord=process\npid=13\nppid=12\ncomm=go\n\n";
	static const char git[] = "record=process\npid=11\nppid=10\nstate=S\ncomm=git\n\n";
	struct arena *arena = arena_new();
	struct picture_changes *all =
		compare(arena, arena_printf(arena, "%s%s", WHOLE GOPLS ENDS, git),
	                arena_printf(arena, "%s%s", WHOLE, again));

	(void)state;
	expect(all, 0, CHANGE_REPLACED, NULL, NULL, NULL);
	assert_int_equal(all->items[0].before->pid, 10);
	assert_int_equal(all->items[0].after->pid, 12);
	expect(all, 1, CHANGE_STATE, NULL, "S", "T");
	expect(all, 2, CHANGE_GONE, NULL, NULL, NULL);
	assert_int_equal(all->items[2].before->pid, 11);
	expect(all, 3, CHANGE_NEW, NULL, NULL, NULL);
	assert_int_equal(all->items[3].after->pid, 13);
	assert_int_equal(all->count, 4);
	arena_free(arena);
}

/* A number that was used again is another process. */
static void test_number_used_again(void **state) {
	struct arena *arena = arena_new();
	struct picture_changes *all = compare(
		arena, WHOLE GOPLS "\n",
		WHOLE "record=process\npid=10\nppid=1\nstart_ticks=8\nstate=S\ncomm=vim\n\n");

	(void)state;
	expect(all, 0, CHANGE_GONE, NULL, NULL, NULL);
	expect(all, 1, CHANGE_NEW, NULL, NULL, NULL);
	assert_int_equal(all->count, 2);
	arena_free(arena);
}

static void test_waits_and_sockets(void **state) {
	struct arena *arena = arena_new();
	struct picture_changes *all = compare(
		arena,
		WHOLE GOPLS "thread=10 S 1 ep_poll epoll_wait(0x4) gopls\nfd=3 0 0 1 socket:[5]\n\n"
			    "record=sockets\nid=1\nsocket=5 unix established 0 0 6 \n\n",
		WHOLE GOPLS "thread=10 S 1 x flock(0x9) gopls\nfd=3 0 0 1 socket:[5]\n\n"
			    "record=sockets\nid=1\nsocket=5 unix established 4096 0 6 \n\n");

	(void)state;
	expect(all, 0, CHANGE_WAIT, NULL, "epoll_wait", "flock");
	assert_int_equal(all->items[1].kind, CHANGE_UNREAD);
	assert_true(streq(all->items[1].to, "4096"));
	assert_int_equal(all->count, 2);
	arena_free(arena);
}

/* Whatever a file holds, nothing is read beyond it. */
static void test_cut_anywhere(void **state) {
	static const char text[] = WHOLE GOPLS
		"thread=10 S 1 ep_poll epoll_wait(0x4) gopls\nfd=3 0 0 1 socket:[5]\n" ENDS SHARED
		"record=sockets\nid=1\nsocket=5 unix established 0 0 6 \n\n";
	struct arena *arena = arena_new();
	struct picture *whole = picture_parse(arena, slice_str(text));

	(void)state;
	for (size_t len = 0; len < sizeof text; len++) {
		char *copy = arena_strndup(arena, text, len);
		struct picture *part = picture_parse(arena, slice_of(copy, len));

		if (part) {
			struct picture_changes *all = picture_compare(arena, part, whole);

			for (size_t i = 0; i < all->count; i++) {
				assert_non_null(picture_change_in_words(arena, &all->items[i]));
			}
		}
	}
	arena_free(arena);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_no_picture),
		cmocka_unit_test(test_same),
		cmocka_unit_test(test_values),
		cmocka_unit_test(test_processes),
		cmocka_unit_test(test_number_used_again),
		cmocka_unit_test(test_waits_and_sockets),
		cmocka_unit_test(test_cut_anywhere),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
