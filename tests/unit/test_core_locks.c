/* SPDX-License-Identifier: MIT
 * The lines of /proc/locks and fdinfo, and who stands in whose way.
 */
#include "arena_fixture.h"

#include "base/str.h"
#include "core/locks.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static bool parse(const char *text, struct lock_line *ret) {
	return lock_line_parse(slice_str(text), ret);
}

static void test_line(void **state) {
	struct lock_line l;

	(void)state;
	assert_true(parse("3: FLOCK  ADVISORY  WRITE 8619 fe:0a:10111533 0 EOF", &l));
	assert_int_equal(l.group, 3);
	assert_int_equal(l.depth, 0);
	assert_string_equal(l.class, "FLOCK");
	assert_string_equal(l.mode, "WRITE");
	assert_int_equal(l.pid, 8619);
	assert_true(l.has_place);
	assert_int_equal(l.place.major, 0xfe);
	assert_int_equal(l.place.minor, 0x0a);
	assert_int_equal(l.place.ino, 10111533);
	assert_int_equal(l.start, 0);
	assert_int_equal(l.end, -1);
}

static void test_line_waits(void **state) {
	struct lock_line l, deeper;

	(void)state;
	assert_true(parse("3: -> FLOCK  ADVISORY  WRITE 8678 fe:00:1 0 EOF", &l));
	assert_true(parse("3:  -> FLOCK  ADVISORY  READ  8679 fe:00:1 0 EOF", &deeper));
	assert_true(l.depth > 0);
	assert_true(deeper.depth > l.depth);
	assert_string_equal(deeper.mode, "READ");
}

static void test_line_kinds(void **state) {
	struct lock_line l;

	(void)state;
	assert_true(parse("2: OFDLCK ADVISORY  WRITE -1 fe:00:10111534 0 EOF", &l));
	assert_int_equal(l.pid, -1);
	assert_true(parse("11: POSIX  ADVISORY  READ 700 00:1a:12 1073741826 1073742335", &l));
	assert_int_equal(l.start, 1073741826);
	assert_int_equal(l.end, 1073742335);
	assert_true(parse("5: LEASE  BREAKING  READ 700 fe:00:99 0 EOF", &l));
	assert_string_equal(l.state, "BREAKING");
	assert_true(parse("7: POSIX  *NOINODE*  UNLCK 0 <none>:0 0 0", &l));
	assert_false(l.has_place);
	assert_true(parse("1: FLOCK ADVISORY WRITE 1 fe:00:18446744073709551615 0 EOF", &l));
	assert_true(l.place.ino == UINT64_MAX);
}

static void test_line_odd(void **state) {
	static const char *const odd[] = {
		"",
		"3",
		"3:",
		"x: FLOCK ADVISORY WRITE 1 fe:00:1 0 EOF",
		"3: FLOCK ADVISORY WRITE 1 fe:00 0 EOF",
		"3: FLOCK ADVISORY WRITE 1 fe:0g:1 0 EOF",
		"3: FLOCK ADVISORY WRITE one fe:00:1 0 EOF",
		"3: FLOCK ADVISORY WRITE 1 fe:00:18446744073709551616 0 EOF",
		"3: FLOCK ADVISORY WRITE 1 fe:00:1 0 ",
		"3: FLOCK ADVISORY WRITE 1 fe:00:1 9223372036854775808 EOF",
		"3: FLOCKFLOCKFLOCK ADVISORY WRITE 1 fe:00:1 0 EOF",
		"3: flock ADVISORY WRITE 1 fe:00:1 0 EOF",
	};
	struct lock_line l;

	(void)state;
	for (size_t i = 0; i < sizeof odd / sizeof *odd; i++) {
		assert_false(parse(odd[i], &l));
	}
}

static void test_fdinfo(void **state) {
	struct fdinfo info =
		fdinfo_parse(slice_str("pos:\t0\nflags:\t02100001\nmnt_id:\t27\nino:\t77\n"
	                               "lock:\t1: FLOCK  ADVISORY  READ 5 fe:00:77 0 EOF\n"
	                               "lock:\t2: POSIX  ADVISORY  WRITE 5 fe:00:77 3 9\n"));
	struct lock_line l;

	(void)state;
	assert_true(info.has_ino);
	assert_int_equal(info.ino, 77);
	assert_int_equal(info.mnt_id, 27);
	assert_true(fdinfo_lock(&info.text, &l));
	assert_string_equal(l.class, "FLOCK");
	assert_true(fdinfo_lock(&info.text, &l));
	assert_int_equal(l.end, 9);
	assert_false(fdinfo_lock(&info.text, &l));

	info = fdinfo_parse(slice_str("pos:\t0\nmnt_id:\tx\ninotify wd:1 ino:99 sdev:1\n"));
	assert_false(info.has_ino);
	assert_int_equal(info.mnt_id, -1);
	assert_int_equal(info.text.len, 0);
}

/* ---- the answer of the look ---- */

#define BLOCK(role_, class_, mode_, pid_, ino_, rest_)                                             \
	"role=" role_ "\ngroup=1\nclass=" class_ "\nmode=" mode_ "\ndev=fe:00\nino=" ino_          \
	"\npid=" pid_ "\n" rest_ "\n"

static int64_t holder_of_first_waiter(struct arena *arena, const char *text) {
	struct locks locks = locks_parse(arena, slice_str(text));

	for (const struct lock *l = locks.first; l; l = l->next) {
		if (l->waits) {
			const struct lock *holder = locks_holder(&locks, l, NULL);

			return holder ? holder->pid : 0;
		}
	}
	return -1;
}

static void test_answer(void **state) {
	struct arena *arena = *state;
	struct locks locks = locks_parse(
		arena,
		slice_str(BLOCK("holds", "FLOCK", "WRITE", "7", "33",
	                        "path=/m/a\\nb.lock\nstate=T\nproof=fdinfo\nstart_wall_ns=5\n")
	                          BLOCK("waits", "FLOCK", "WRITE", "8", "33",
	                                "depth=1\n") "table=read\nlines=2\nlooked=2\ndenied="
	                                             "1\nptrace=1\n\n"));

	assert_int_equal(locks.count, 2);
	assert_string_equal(locks.first->path, "/m/a\nb.lock");
	assert_int_equal(locks.first->state, 'T');
	assert_int_equal(locks.first->place.major, 0xfe);
	assert_int_equal(locks.first->end, -1);
	assert_false(locks.first->waits);
	assert_true(locks.first->next->waits);
	assert_ptr_equal(locks_holder(&locks, locks.first->next, NULL), locks.first);
	assert_null(locks_holder(&locks, locks.first->next, locks.first));
	assert_string_equal(locks.table, "read");
	assert_int_equal(locks.denied, 1);
	assert_true(locks.may_trace);
}

static void test_who_blocks(void **state) {
	struct arena *arena = *state;

	/* Another file, another kind, a lock that is shared, other bytes. */
	assert_int_equal(holder_of_first_waiter(
				 arena, BLOCK("holds", "FLOCK", "WRITE", "7", "34", "")
						BLOCK("waits", "FLOCK", "WRITE", "8", "33", "")),
	                 0);
	assert_int_equal(holder_of_first_waiter(
				 arena, BLOCK("holds", "POSIX", "WRITE", "7", "33", "")
						BLOCK("waits", "FLOCK", "WRITE", "8", "33", "")),
	                 0);
	assert_int_equal(holder_of_first_waiter(
				 arena, BLOCK("holds", "FLOCK", "READ", "7", "33", "")
						BLOCK("waits", "FLOCK", "READ", "8", "33", "")),
	                 0);
	assert_int_equal(holder_of_first_waiter(arena, BLOCK("holds", "POSIX", "WRITE", "7", "33",
	                                                     "start=0\nend=9\n")
	                                                       BLOCK("waits", "POSIX", "WRITE", "8",
	                                                             "33", "start=10\nend=19\n")),
	                 0);
	/* A reader stands in the way of a writer; OFD and POSIX locks in each other's. */
	assert_int_equal(holder_of_first_waiter(
				 arena, BLOCK("holds", "FLOCK", "READ", "7", "33", "")
						BLOCK("waits", "FLOCK", "WRITE", "8", "33", "")),
	                 7);
	assert_int_equal(holder_of_first_waiter(
				 arena, BLOCK("holds", "OFDLCK", "WRITE", "7", "33", "")
						BLOCK("waits", "POSIX", "READ", "8", "33", "")),
	                 7);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_line),
		cmocka_unit_test(test_line_waits),
		cmocka_unit_test(test_line_kinds),
		cmocka_unit_test(test_line_odd),
		cmocka_unit_test(test_fdinfo),
		cmocka_unit_test_setup_teardown(test_answer, arena_setup, arena_teardown),
		cmocka_unit_test_setup_teardown(test_who_blocks, arena_setup, arena_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
