/* SPDX-License-Identifier: MIT
 * Questions to a trace: what is pushed down gives the same as what is not, nothing is written, every canned question has an
 * answer.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "cmd/query.h"
#include "trace/event_table.h"
#include "trace/store.h"
#include "trace_fixture.h"

#include <errno.h>
#include <sqlite3.h>
#include <unistd.h>

#define EVENTS ((size_t)40000)

struct made {
	char dir[64], file[96];
	struct arena *arena;
	struct reader reader;
};

static int setup(void **state) {
	struct made *m = calloc(1, sizeof(*m));
	const struct store_about about = {.backend = "test", .command = "none", .set = "all"};
	struct store *store = NULL;
	struct made_event made;
	uint64_t seed = 7;
	strcpy(m->dir, "/tmp/dialtone-query.XXXXXX");
	assert_non_null(mkdtemp(m->dir));
	snprintf(m->file, sizeof(m->file), "%s/t.trace", m->dir);
	assert_int_equal(store_create(m->file, &about, &store, NULL), 0);
	struct event_sink sink = store_sink(store);
	const struct event first[] = {
		{.kind = EVENT_FORK,
	         .start_ns = 10,
	         .pid = 1,
	         .tid = 1,
	         .child = 4000,
	         .child_pid = 4000},
		{.kind = EVENT_SIGNAL, .start_ns = 11, .pid = 4000, .tid = 4000, .status = 15},
	};
	for (size_t i = 0; i < 2; i++) {
		assert_int_equal(sink.take(sink.data, &first[i]), 0);
	}
	for (size_t i = 0; i < EVENTS; i++) {
		make_event(&made, i, &seed);
		assert_int_equal(sink.take(sink.data, &made.event), 0);
	}
	assert_int_equal(store_finish(store, NULL, NULL), 0);
	m->arena = arena_new();
	assert_int_equal(reader_open(&m->reader, m->file, NULL), 0);
	assert_int_equal(event_table_register(&m->reader, NULL), 0);
	*state = m;
	return 0;
}

static int teardown(void **state) {
	struct made *m = *state;
	reader_close(&m->reader);
	arena_free(m->arena);
	unlink(m->file);
	assert_int_equal(rmdir(m->dir), 0);
	free(m);
	return 0;
}

static struct query query_of(struct made *m, struct query_rows *rows, size_t limit) {
	query_rows_init(rows, m->arena, limit);
	return (struct query){.arena = m->arena,
	                      .reader = &m->reader,
	                      .rows = rows,
	                      .deadline_ns = clock_now_ns() + 600 * NS_PER_S};
}

static int64_t number_of(struct made *m, const char *sql) {
	struct query_rows rows;
	struct query q = query_of(m, &rows, 0);
	struct err err = {0};
	int r = query_sql(&q, sql, NULL, &err);
	if (r < 0) {
		print_error("%s: %s\n", sql, err.msg);
	}
	assert_int_equal(r, 0);
	assert_int_equal(rows.count, 1);
	return rows.cells[0].number;
}

/* "+" before a column keeps SQLite from handing the condition down. */
static void test_pushed_down(void **state) {
	static const char *const pairs[][2] = {
		{"pid = 4001", "+pid = 4001"},
		{"errno = 'ENOENT' AND pid = 4000", "+errno = 'ENOENT' AND +pid = 4000"},
		{"duration_ns >= 19000", "+duration_ns >= 19000"},
		{"start_ns > 1000050000000 AND start_ns <= 1000060000000",
	         "+start_ns > 1000050000000 AND +start_ns <= 1000060000000"},
		{"end_ns >= 1000050000000 AND end_ns < 1000050100000",
	         "+end_ns >= 1000050000000 AND +end_ns < 1000050100000"},
		{"error > 2 AND duration_ns > 100", "+error > 2 AND +duration_ns > 100"},
		{"pid = 4001 AND pid = 4002", "+pid = 4001 AND +pid = 4002"},
		{"path LIKE '%mod3@v1.2.0/%'", "+path LIKE '%mod3@v1.2.0/%'"},
		{"path GLOB '*mod3@v1.[^]13].0/*'", "+path GLOB '*mod3@v1.[^]13].0/*'"},
		{"path = '/home/lena/go/pkg/mod/example.com/mod3@v1.2.0/file8.go'",
	         "+path = '/home/lena/go/pkg/mod/example.com/mod3@v1.2.0/file8.go'"},
		{"call = 'futex' AND errno = 'EAGAIN'", "+call = 'futex' AND +errno = 'EAGAIN'"},
		{"call IN ('read', 'openat') AND fd = 7",
	         "+call IN ('read', 'openat') AND +fd = 7"},
		{"call = 'OPENAT' COLLATE NOCASE", "+call = 'OPENAT' COLLATE NOCASE"},
		{"kind = 'fork'", "+kind = 'fork'"},
		{"kind = 'signal' AND pid = 4000", "+kind = 'signal' AND +pid = 4000"},
		{"error = 11 AND text LIKE '%futex%'", "+error = 11 AND +text LIKE '%futex%'"},
		{"chunk = 2 AND result >= 3", "+chunk = 2 AND +result >= 3"},
		{"seq % 2 = 0 AND path IS NOT NULL AND pid = 4002",
	         "seq % 2 = 0 AND path IS NOT NULL AND +pid = 4002"},
	};
	for (size_t i = 0; i < sizeof(pairs) / sizeof(pairs[0]); i++) {
#define COUNT "SELECT count(*) FROM event WHERE %s"
		struct made *m = *state;
		int64_t down = number_of(m, arena_printf(m->arena, COUNT, pairs[i][0]));
		assert_int_equal(down, number_of(m, arena_printf(m->arena, COUNT, pairs[i][1])));
		if (down == 0 && i != 6) {
			fail_msg("no event: %s", pairs[i][0]);
		}
	}
	assert_int_equal(number_of(*state, "SELECT count(*) FROM event"), EVENTS + 2);
	assert_int_equal(number_of(*state, "SELECT sum(calls) FROM call_summary"), EVENTS);
	assert_int_equal(number_of(*state, "SELECT sum(failed) FROM call_summary"),
	                 number_of(*state, "SELECT count(*) FROM event WHERE +error > 0"));
}

/* The same rows, not only as many: numbers of arguments that were passed over must not shift. */
static void test_same_rows(void **state) {
	static const char *const wheres[] = {
		"call = 'openat'", "error = 2",          "pid = 4002",
		"call = 'read'",   "path GLOB '*mod7*'", "call = 'futex' AND pid = 4001",
	};
	for (size_t i = 0; i < sizeof(wheres) / sizeof(wheres[0]); i++) {
		struct made *m = *state;
		const char *sql = arena_printf(
			m->arena,
			"SELECT count(*) FROM (SELECT seq, text FROM event WHERE %s) a LEFT JOIN"
			" (SELECT seq, text FROM event WHERE +%s) b USING (seq)"
			" WHERE a.text IS NOT b.text",
			wheres[i], wheres[i]);
		assert_int_equal(number_of(m, sql), 0);
	}
}

/* Recordings that were made before there was a summary of kinds are answered all the same. */
static void test_older_recording(void **state) {
	struct made *m = *state;
	struct reader older;
	sqlite3 *db = NULL;
	const char *file = arena_printf(m->arena, "%s/older", m->dir);
	const char *sql = arena_printf(m->arena, "VACUUM INTO '%s'", file);
	assert_int_equal(sqlite3_open(m->file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, sql, NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(sqlite3_open(file, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "DROP TABLE kind_summary", NULL, NULL, NULL), SQLITE_OK);
	sqlite3_close(db);
	assert_int_equal(reader_open(&older, file, NULL), 0);
	assert_int_equal(event_table_register(&older, NULL), 0);
	struct made with = *m;
	with.reader = older;
	assert_int_equal(number_of(&with, "SELECT count(*) FROM event WHERE kind = 'fork'"), 1);
	assert_int_equal(number_of(&with, "SELECT count(*) FROM event WHERE pid = 1"), 1);
	reader_close(&older);
	unlink(file);
}

static void test_only_read(void **state) {
	static const char *const refused[] = {
		"DELETE FROM chunk",
		"UPDATE event SET pid = 1",
		"PRAGMA journal_mode = DELETE",
		"ATTACH '/tmp/x' AS x",
		"CREATE TEMP TABLE t (a)",
		"SELECT 1; SELECT 2",
		"SELECT load_extension('x')",
		"SELECT FROM",
		"",
	};
	struct made *m = *state;
	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		struct query_rows rows;
		struct query q = query_of(m, &rows, 10);
		struct err err = {0};
		assert_true(query_sql(&q, refused[i], NULL, &err) < 0);
		assert_true(err.msg[0] != '\0');
	}
	struct query_rows rows;
	struct query q = query_of(m, &rows, 10);
	assert_int_equal(query_sql(&q, "SELECT seq FROM event", NULL, NULL), 0);
	assert_int_equal(rows.count, 10);
	assert_true(rows.cut);
	q = query_of(m, &rows, 10);
	q.deadline_ns = 0;
	assert_int_equal(query_sql(&q, "SELECT count(*) FROM event a, event b", NULL, NULL),
	                 -ETIMEDOUT);
}

static void test_canned(void **state) {
	struct made *m = *state;
	for (const struct canned *c = query_canned; c->name; c++) {
		struct query_rows rows;
		struct query q = query_of(m, &rows, 100);
		struct err err = {0};
		const char *argument = !c->argument                 ? NULL
		                       : streq(c->argument, "PATH") ? "*/mod3@*"
		                       : streq(c->argument, "CALL") ? "openat"
		                                                    : "4000@1000.05";
		int r = c->sql ? query_sql(&q, c->sql, argument, &err) : c->run(&q, argument, &err);
		if (r < 0) {
			print_error("%s: %s\n", c->name, err.msg);
		}
		assert_int_equal(r, 0);
		assert_true(rows.columns > 0 && rows.count % rows.columns == 0);
		bool many = STR_IN(c->name, "slowest", "waiting", "failed", "who-opened",
		                   "exec-tree", "fd-table", "signals", "bytes-by-peer");
		assert_true(many == (rows.count > 0));
	}
}

static void test_when(void **state) {
	static const char *const wrong[] = {"x",    "1@",     "1@x",        "-1",
	                                    "1@-2", "1@1e99", "99999999999"};
	struct query q = {.arena = ((struct made *)*state)->arena, .began_ns = 1000};
	int64_t ns;
	pid_t pid;
	assert_int_equal(query_when(&q, "12@1.5", &pid, &ns, NULL), 0);
	assert_int_equal(pid, 12);
	assert_int_equal(ns, 1500001000);
	assert_int_equal(query_when(&q, "@2", &pid, &ns, NULL), 0);
	assert_int_equal(pid, 0);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		assert_int_equal(query_when(&q, wrong[i], &pid, &ns, NULL), -EINVAL);
	}
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_pushed_down),     cmocka_unit_test(test_same_rows),
		cmocka_unit_test(test_older_recording), cmocka_unit_test(test_only_read),
		cmocka_unit_test(test_canned),          cmocka_unit_test(test_when),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
