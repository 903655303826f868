/* SPDX-License-Identifier: MIT
 * What goes into a trace file comes out of it, also when its recorder was killed or the file was damaged.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "trace/store.h"
#include "trace/store_read.h"
#include "trace_fixture.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define EVENTS ((size_t)40000)

static const struct store_about about = {.backend = "test", .command = "none", .set = "all"};

struct scratch {
	char dir[64], file[96];
};

static int setup(void **state) {
	struct scratch *s = calloc(1, sizeof(*s));
	strcpy(s->dir, "/tmp/dialtone-trace.XXXXXX");
	assert_non_null(mkdtemp(s->dir));
	snprintf(s->file, sizeof(s->file), "%s/t.trace", s->dir);
	*state = s;
	return 0;
}

static int teardown(void **state) {
	struct scratch *s = *state;
	static const char *const ends[] = {"", "-wal", "-shm"};
	for (size_t i = 0; i < 3; i++) {
		char path[128];
		snprintf(path, sizeof(path), "%s%s", s->file, ends[i]);
		unlink(path);
	}
	assert_int_equal(rmdir(s->dir), 0);
	free(s);
	return 0;
}

static struct store *create(const char *file) {
	struct store *store = NULL;
	struct err err = {0};
	int r = store_create(file, &about, &store, &err);
	if (r < 0) {
		print_error("%s\n", err.msg);
	}
	assert_int_equal(r, 0);
	return store;
}

static void fill(struct store *store, size_t count) {
	struct event_sink sink = store_sink(store);
	struct made_event made;
	uint64_t seed = 7;
	for (size_t i = 0; i < count; i++) {
		make_event(&made, i, &seed);
		assert_int_equal(sink.take(sink.data, &made.event), 0);
	}
}

static void expect_same(const struct event *a, const struct event *b) {
	assert_int_equal(a->kind, b->kind);
	assert_int_equal(a->arch, b->arch);
	assert_int_equal(a->start_ns, b->start_ns);
	assert_int_equal(a->pid, b->pid);
	assert_int_equal(a->tid, b->tid);
	assert_int_equal(a->child, b->child);
	assert_int_equal(a->child_pid, b->child_pid);
	assert_int_equal(a->sender, b->sender);
	assert_int_equal(a->status, b->status);
	assert_int_equal(a->lost, b->lost);
	assert_int_equal(a->injected, b->injected);
	assert_int_equal(a->unseen, b->unseen);
	assert_int_equal(a->payload_count, b->payload_count);
	assert_int_equal(a->stack_depth, b->stack_depth);
	if (a->kind == EVENT_CALL) {
		assert_int_equal(a->number, b->number);
		assert_int_equal(a->duration_ns, b->duration_ns);
		assert_int_equal(a->result, b->result);
		assert_memory_equal(a->args, b->args, sizeof(a->args));
	}
	for (size_t i = 0; i < a->payload_count; i++) {
		const struct payload *p = &a->payloads[i], *q = &b->payloads[i];
		assert_int_equal(p->kind, q->kind);
		assert_int_equal(p->which, q->which);
		assert_int_equal(p->full_bytes, q->full_bytes);
		assert_int_equal(p->bytes.len, q->bytes.len);
		assert_memory_equal(p->bytes.data ? p->bytes.data : "",
		                    q->bytes.data ? q->bytes.data : "", p->bytes.len);
	}
	for (size_t i = 0; i < a->stack_depth; i++) {
		assert_int_equal(a->stack[i], b->stack[i]);
	}
}

struct comparison {
	size_t count;
	uint64_t seed;
};

static int compare(void *data, const struct event *event) {
	struct comparison *c = data;
	struct made_event made;
	make_event(&made, c->count++, &c->seed);
	expect_same(&made.event, event);
	return 0;
}

static size_t read_all(const char *file) {
	struct reader reader;
	struct err err = {0};
	struct comparison c = {.seed = 7};
	struct event_sink sink = {.data = &c, .take = compare};
	int r = reader_open(&reader, file, &err);
	r = r < 0 ? r : reader_each(&reader, NULL, &sink, &err);
	if (r < 0) {
		print_error("%s\n", err.msg);
	}
	assert_int_equal(r, 0);
	assert_int_equal(reader_events(&reader), c.count);
	reader_close(&reader);
	return c.count;
}

static void test_there_and_back(void **state) {
	struct scratch *s = *state;
	struct store *store = create(s->file);
	struct stat st;
	fill(store, EVENTS);
	assert_int_equal(store_finish(store, NULL, NULL), 0);
	assert_int_equal(read_all(s->file), EVENTS);
	assert_int_equal(stat(s->file, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_true((size_t)st.st_size <= EVENTS * 40);
	char wal[128];
	snprintf(wal, sizeof(wal), "%s-wal", s->file);
	assert_int_equal(access(wal, F_OK), -1);
}

/* Every kind, with every member that the kind has. */
static const uint64_t stack[] = {0x401000, 0x7fff12345678, 3};
static const struct payload payloads[] = {
	{PAYLOAD_STRING, 0, 9, {"/bin/true", 9}},
	{PAYLOAD_STRINGS, 1, 12, {"true\0-x", 8}},
	{PAYLOAD_BYTES, 5, 0, {NULL, 0}},
	{PAYLOAD_FD_PATH, 1000000, 4, {"pipe", 4}},
};
static const struct event every_kind[] = {
	{.kind = EVENT_CALL,
         .arch = ARCH_I386,
         .start_ns = 50,
         .duration_ns = EVENT_NO_DURATION,
         .pid = 1,
         .tid = 2,
         .number = -1,
         .args = {UINT64_MAX, 1, 2, 3, 4, INT64_MAX},
         .injected = 1,
         .payloads = payloads,
         .payload_count = 4,
         .stack = stack,
         .stack_depth = 3},
	{.kind = EVENT_CALL,
         .arch = ARCH_AARCH64,
         .start_ns = 10,
         .duration_ns = 0,
         .pid = 1,
         .tid = 2,
         .number = 7,
         .result = INT64_MIN},
	{.kind = EVENT_FORK,
         .start_ns = 60,
         .pid = 1,
         .tid = 2,
         .child = 9,
         .child_pid = 9,
         .args = {17}},
	{.kind = EVENT_FORK, .start_ns = 61, .pid = 1, .tid = 1, .child = 10, .child_pid = 1},
	{.kind = EVENT_EXEC,
         .start_ns = 62,
         .pid = 9,
         .tid = 9,
         .payloads = payloads,
         .payload_count = 2},
	{.kind = EVENT_SIGNAL, .start_ns = 63, .pid = 9, .tid = 9, .status = 11, .sender = -1},
	{.kind = EVENT_STOP, .start_ns = 64, .pid = 9, .tid = 9, .status = 19, .unseen = 1},
	{.kind = EVENT_RESUME, .start_ns = 65, .pid = 9, .tid = 9},
	{.kind = EVENT_EXIT, .start_ns = 66, .pid = 9, .tid = 9, .status = 0x8b},
	{.kind = EVENT_LOST, .start_ns = 67, .lost = UINT64_MAX, .injected = 1},
};

#define KINDS (sizeof(every_kind) / sizeof(every_kind[0]))

static void test_every_kind(void **state) {
	struct chunk_writer writer = {0};
	struct column head = {0}, data = {0};
	struct chunk chunk = {0};
	(void)state;
	for (size_t i = 0; i < KINDS; i++) {
		chunk_put(&writer, &every_kind[i]);
	}
	assert_int_equal(chunk_take(&writer, &head, &data), 0);
	assert_int_equal(chunk_parse(&chunk, slice_of(head.data, head.len),
	                             slice_of(data.data, data.len), NULL),
	                 0);
	assert_int_equal(chunk.count, KINDS);
	for (size_t i = 0; i < KINDS; i++) {
		expect_same(&every_kind[i], &chunk.events[i]);
	}
	chunk_free(&chunk);
	chunk_writer_free(&writer);
	column_free(&head);
	column_free(&data);
}

static void test_every_kind_stored(void **state) {
	struct scratch *s = *state;
	struct store *store = create(s->file);
	struct event_sink sink = store_sink(store);
	for (size_t i = 0; i < KINDS; i++) {
		assert_int_equal(sink.take(sink.data, &every_kind[i]), 0);
	}
	assert_int_equal(store_finish(store, NULL, NULL), 0);
}

/* The child is killed with events in its hands: up to its last chunk all is there. */
static void test_killed(void **state) {
	struct scratch *s = *state;
	pid_t child = fork();
	assert_true(child >= 0);
	if (child == 0) {
		fill(create(s->file), 2 * CHUNK_EVENTS + 100);
		kill(getpid(), SIGKILL);
	}
	int status;
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_true(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	assert_int_equal(read_all(s->file), 2 * CHUNK_EVENTS);

	/* Without its log it is a trace still, with what had been moved out of it. */
	char log[128];
	struct reader reader;
	snprintf(log, sizeof(log), "%s-wal", s->file);
	assert_int_equal(unlink(log), 0);
	assert_int_equal(reader_open(&reader, s->file, NULL), 0);
	reader_close(&reader);
}

static void test_refused(void **state) {
	struct scratch *s = *state;
	struct store *store = NULL;
	struct reader reader;
	struct err err = {0};
	int fd = open(s->file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	assert_int_equal(write(fd, "mine", 4), 4);
	close(fd);
	assert_int_equal(store_create(s->file, &about, &store, &err), -EEXIST);
	assert_int_equal(reader_open(&reader, s->file, &err), -EBADMSG);
	reader_close(&reader);
	unlink(s->file);
	assert_int_equal(reader_open(&reader, s->file, &err), -ENOENT);
	reader_close(&reader);

	store = create(s->file);
	assert_int_equal(store_finish(store, NULL, NULL), 0);
	store = create(s->file); /* a trace is replaced */
	assert_int_equal(store_finish(store, NULL, NULL), 0);
	sqlite3 *db;
	assert_int_equal(sqlite3_open(s->file, &db), SQLITE_OK);
	sqlite3_exec(db, "PRAGMA user_version = 99", NULL, NULL, NULL);
	sqlite3_close(db);
	assert_int_equal(reader_open(&reader, s->file, &err), -EPROTONOSUPPORT);
	reader_close(&reader);
}

static void test_rows(void **state) {
	struct scratch *s = *state;
	struct store *store = create(s->file);
	struct event_sink sink = store_sink(store);
	const struct payload exec[] = {{PAYLOAD_STRING, 0, 11, slice_str("/usr/bin/go")},
	                               {PAYLOAD_STRINGS, 1, 8, slice_of("go\0list\0", 8)}};
	const struct event events[] = {
		{.kind = EVENT_FORK,
	         .start_ns = 10,
	         .pid = 5,
	         .tid = 5,
	         .child = 6,
	         .child_pid = 6},
		{.kind = EVENT_EXEC,
	         .start_ns = 20,
	         .pid = 6,
	         .tid = 6,
	         .payloads = exec,
	         .payload_count = 2},
		{.kind = EVENT_FORK,
	         .start_ns = 30,
	         .pid = 6,
	         .tid = 6,
	         .child = 7,
	         .child_pid = 6},
		{.kind = EVENT_EXIT, .start_ns = 40, .pid = 6, .tid = 6},
		{.kind = EVENT_EXIT, .start_ns = 50, .pid = 6, .tid = 7, .status = 256},
		{.kind = EVENT_LOST, .start_ns = 60, .lost = 3},
	};
	for (size_t i = 0; i < sizeof(events) / sizeof(events[0]); i++) {
		assert_int_equal(sink.take(sink.data, &events[i]), 0);
	}
	assert_int_equal(store_finish(store, NULL, NULL), 0);
	sqlite3 *db;
	sqlite3_stmt *stmt;
	assert_int_equal(sqlite3_open(s->file, &db), SQLITE_OK);
	sqlite3_prepare_v2(
		db,
		"SELECT group_concat(pid || ' ' || ppid || ' ' || exe || ' ' || argv || ' ' ||"
		" end_ns || ' ' || status), (SELECT sum(lost) FROM lost) FROM process",
		-1, &stmt, NULL);
	assert_int_equal(sqlite3_step(stmt), SQLITE_ROW);
	assert_string_equal(sqlite3_column_text(stmt, 0),
	                    "6 5 /usr/bin/go [\"go\",\"list\"] 50 256");
	assert_int_equal(sqlite3_column_int(stmt, 1), 3);
	sqlite3_finalize(stmt);
	sqlite3_close(db);
}

/* One byte after the other is changed: nothing but a refusal or another reading may come of it. */
static void test_damaged(void **state) {
	struct chunk_writer writer = {0};
	struct column head = {0}, data = {0};
	struct chunk chunk = {0};
	struct made_event made;
	uint64_t seed = 3;
	(void)state;
	for (size_t i = 0; i < 50; i++) {
		make_event(&made, i, &seed);
		chunk_put(&writer, &made.event);
	}
	assert_int_equal(chunk_take(&writer, &head, &data), 0);
	struct column *parts[] = {&head, &data};
	for (size_t part = 0; part < 2; part++) {
		for (size_t i = 0; i < parts[part]->len * 4; i++) {
			static const char masks[] = {'\x80', '\x7f', '\xff', '\x01'};
			parts[part]->data[i / 4] ^= masks[i % 4];
			(void)chunk_parse(&chunk, slice_of(head.data, head.len),
			                  slice_of(data.data, data.len), NULL);
			parts[part]->data[i / 4] ^= masks[i % 4];
		}
		for (size_t len = 0; len < parts[part]->len; len++) {
			assert_int_not_equal(
				chunk_parse(&chunk, slice_of(head.data, part ? head.len : len),
			                    slice_of(data.data, part ? len : data.len), NULL),
				0);
		}
	}
	chunk_free(&chunk);
	chunk_writer_free(&writer);
	column_free(&head);
	column_free(&data);
}

static int nothing(void *data, const struct event *event) {
	(*(size_t *)data) += event->payload_count;
	return 0;
}

/* The same of a whole file. */
static void test_damaged_file(void **state) {
	struct scratch *s = *state;
	struct store *store = create(s->file);
	struct stat st;
	fill(store, CHUNK_EVENTS + 200);
	assert_int_equal(store_finish(store, NULL, NULL), 0);
	int fd = open(s->file, O_RDWR | O_CLOEXEC);
	assert_int_equal(fstat(fd, &st), 0);
	uint64_t seed = 11;
	for (size_t i = 0; i < 150; i++) {
		off_t at = (off_t)(made_random(&seed) % (uint64_t)(i % 3 ? st.st_size : 4096));
		char byte, wrong;
		struct reader reader;
		struct err err = {0};
		size_t count = 0;
		struct event_sink sink = {.data = &count, .take = nothing};
		assert_int_equal(pread(fd, &byte, 1, at), 1);
		wrong = (char)(byte ^ (1 << i % 8));
		assert_int_equal(pwrite(fd, &wrong, 1, at), 1);
		int r = reader_open(&reader, s->file, &err);
		r = r < 0 ? r : reader_each(&reader, NULL, &sink, &err);
		assert_true(r == 0 || err.msg[0] != '\0');
		reader_close(&reader);
		assert_int_equal(pwrite(fd, &byte, 1, at), 1);
	}
	close(fd);
	assert_int_equal(read_all(s->file), CHUNK_EVENTS + 200);
}

int main(void) {
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_there_and_back, setup, teardown),
		cmocka_unit_test(test_every_kind),
		cmocka_unit_test_setup_teardown(test_every_kind_stored, setup, teardown),
		cmocka_unit_test_setup_teardown(test_killed, setup, teardown),
		cmocka_unit_test_setup_teardown(test_refused, setup, teardown),
		cmocka_unit_test_setup_teardown(test_rows, setup, teardown),
		cmocka_unit_test(test_damaged),
		cmocka_unit_test_setup_teardown(test_damaged_file, setup, teardown),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
