/* SPDX-License-Identifier: MIT */
#include "trace/store.h"

#include "base/clock.h"
#include "base/fd.h"
#include "trace/store_private.h"
#include "trace/store_schema.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#define HEADER_BYTES       100 /* of a SQLite file, sqlite.org/fileformat2.html 1.3 */
#define HEADER_APPLICATION 68
#define FLUSH_NS           NS_PER_S
#define LATEST             "(SELECT max(id) FROM process WHERE pid = ?)"

static const char *const sql[STORE_STATEMENTS] = {
	[PUT_META] = "INSERT OR REPLACE INTO meta VALUES (?, ?)",
	[PUT_CHUNK] = "INSERT INTO chunk VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
	[PUT_PROCESS] = "INSERT INTO process (pid, start_ns, ppid, exe, argv, cwd, threads, how)"
			" VALUES (?, ?, ?, ?, ?, ?, ?, 'state')",
	[PUT_CHILD] = "INSERT INTO process (pid, start_ns, ppid, exe, argv, cwd, threads, how)"
		      " SELECT ?1, ?2, ?3, p.exe, p.argv, p.cwd, 1, 'fork' FROM (SELECT 1)"
		      " LEFT JOIN process p"
		      " ON p.id = (SELECT max(id) FROM process WHERE pid = ?3)",
	[COUNT_THREAD] = "UPDATE process SET threads = threads + 1 WHERE id = " LATEST,
	[END_THREAD] = "UPDATE process SET threads = threads - 1 WHERE id = " LATEST,
	[END_PROCESS] =
		"UPDATE process SET end_ns = ?, status = ? WHERE threads <= 0 AND id = " LATEST,
	[SET_PROGRAM] = "UPDATE process SET exe = coalesce(?, exe), argv = coalesce(?, argv),"
			" threads = coalesce(?, threads) WHERE id = " LATEST,
	[PUT_EXEC] = "INSERT INTO exec (at_ns, pid, tid, exe, argv, chunk, position)"
		     " VALUES (?, ?, ?, ?, ?, ?, ?)",
	[FILL_EXEC] = "UPDATE exec SET exe = coalesce(exe, ?), argv = coalesce(argv, ?)"
		      " WHERE id = (SELECT max(id) FROM exec WHERE pid = ?)",
	[PUT_FORK] = "INSERT INTO fork VALUES (?, ?, ?, ?, ?, ?)",
	[PUT_EXIT] = "INSERT INTO exit VALUES (?, ?, ?, ?)",
	[PUT_SIGNAL] = "INSERT INTO signal VALUES (?, ?, ?, ?, ?)",
	[PUT_LOST] = "INSERT INTO lost VALUES (?, ?, ?, ?)",
	[PUT_CALL] = "INSERT OR IGNORE INTO call VALUES (?, ?, ?)",
	[PUT_SUM] = "INSERT INTO call_summary VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
	[PUT_ERROR] = "INSERT INTO error_summary VALUES (?, ?, ?, ?, ?, ?)",
	[PUT_KIND] = "INSERT INTO kind_summary VALUES (?, ?, ?, ?)",
};

static int complain(struct store *s, const char *what) {
	return err_set(&s->err, -EIO, "cannot %s the trace: %s", what,
	               s->sqlite.db ? s->sqlite.errmsg(s->sqlite.db) : "no memory");
}

static int run_sql(struct store *s, const char *text) {
	return s->sqlite.exec(s->sqlite.db, text, NULL, NULL, NULL) == SQLITE_OK
	               ? 0
	               : complain(s, "write");
}

int store_run(struct store *s, enum store_statement which, const char *types, ...) {
	sqlite3_stmt *stmt = s->statements[which];
	va_list ap;
	va_start(ap, types);
	sqlite_bind_args(&s->sqlite, stmt, 1, types, ap);
	va_end(ap);
	bool done = s->sqlite.step(stmt) == SQLITE_DONE;
	int r = done ? 0 : complain(s, "write");
	s->sqlite.reset(stmt);
	return r;
}

/* ---- beginning ---- */

/* A file of somebody's is not overwritten: 0 when it may go, -EEXIST when not. */
static int clear_the_way(const char *file, struct err *err) {
	CLEANUP(fd_closep) int fd = open(file, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;
	if (fd < 0) {
		return errno == ENOENT ? 0
		                       : err_set(err, -errno, "cannot write '%s': %s", file,
		                                 strerrordesc_np(errno));
	}
	unsigned char head[HEADER_BYTES] = {0};
	bool ours = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) &&
	            (st.st_size == 0 ||
	             (pread(fd, head, sizeof(head), 0) == (ssize_t)sizeof(head) &&
	              memcmp(head, "SQLite format 3", 16) == 0 && head[HEADER_APPLICATION] == 'D' &&
	              head[HEADER_APPLICATION + 1] == 'T' && head[HEADER_APPLICATION + 2] == 'T' &&
	              head[HEADER_APPLICATION + 3] == 'R'));
	if (!ours) {
		return err_set(err, -EEXIST, "'%s' is there and is no trace: it is kept as it is",
		               file);
	}
	return unlink(file) == 0 ? 0
	                         : err_set(err, -errno, "cannot replace '%s': %s", file,
	                                   strerrordesc_np(errno));
}

static int put_meta(struct store *s, const char *key, const char *text) {
	return store_run(s, PUT_META, "ss", slice_str(key), slice_str(text ? text : ""));
}

static int put_meta_number(struct store *s, const char *key, int64_t number) {
	return store_run(s, PUT_META, "si", slice_str(key), number);
}

static int put_about(struct store *s, const struct store_about *about) {
	struct utsname machine = {0};
	uname(&machine);
	int r = put_meta(s, "backend", about->backend);
	r = r < 0 ? r : put_meta(s, "command", about->command);
	r = r < 0 ? r : put_meta(s, "set", about->set);
	r = r < 0 ? r : put_meta(s, "dialtone", DIALTONE_VERSION);
	r = r < 0 ? r : put_meta(s, "kernel", machine.release);
	r = r < 0 ? r : put_meta(s, "machine", machine.machine);
	r = r < 0 ? r : put_meta_number(s, "string_bytes", (int64_t)about->string_bytes);
	r = r < 0 ? r : put_meta_number(s, "data_bytes", (int64_t)about->data_bytes);
	r = r < 0 ? r : put_meta_number(s, "began_ns", clock_now_ns());
	return r < 0 ? r : put_meta_number(s, "wall_offset_ns", clock_wall_ns() - clock_now_ns());
}

static int make_tables(struct store *s) {
	_Static_assert(STORE_VERSION == 1 && STORE_APPLICATION == 0x44545452,
	               "said in the pragmas");
	int r = run_sql(s, "PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;"
	                   "PRAGMA cache_size = -4096; PRAGMA application_id = 1146377298;"
	                   "BEGIN;" STORE_SCHEMA "PRAGMA user_version = 1; COMMIT;"
	                   "PRAGMA wal_checkpoint(TRUNCATE)");
	for (size_t i = 0; r == 0 && i < STORE_STATEMENTS; i++) {
		if (s->sqlite.prepare_v2(s->sqlite.db, sql[i], -1, &s->statements[i], NULL) !=
		    SQLITE_OK) {
			r = complain(s, "make");
		}
	}
	return r;
}

static void store_free(struct store *s) {
	for (size_t i = 0; i < STORE_STATEMENTS; i++) {
		if (s->statements[i]) {
			s->sqlite.finalize(s->statements[i]);
		}
	}
	sqlite_unload(&s->sqlite);
	squeeze_close(s->squeeze);
	chunk_writer_free(&s->writer);
	column_free(&s->head);
	column_free(&s->data);
	store_sums_free(&s->sums);
	free(s);
}

static int open_file(struct store *s, const char *file) {
	int r = sqlite_load(&s->sqlite, "a trace", &s->err);
	s->squeeze = r == 0 ? squeeze_open(&s->err) : NULL;
	if (!s->squeeze) {
		return s->err.code;
	}
	r = clear_the_way(file, &s->err);
	if (r < 0) {
		return r;
	}
	/* It holds what programs read and wrote: for its owner only, from its first byte on. */
	CLEANUP(fd_closep) int fd = open(file, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd < 0) {
		return err_set(&s->err, -errno, "cannot write '%s': %s", file,
		               strerrordesc_np(errno));
	}
	if (s->sqlite.open_v2(file, &s->sqlite.db, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK) {
		return complain(s, "open");
	}
	return make_tables(s);
}

int store_create(const char *file, const struct store_about *about, struct store **ret,
                 struct err *err) {
	struct store *s = calloc(1, sizeof(*s));
	if (!s) {
		return err_set(err, -ENOMEM, "no memory to record");
	}
	s->chunk_id = 1;
	int r = open_file(s, file);
	r = r < 0 ? r : put_about(s, about);
	if (r < 0) {
		err_set(err, s->err.code, "%s", s->err.msg);
		store_free(s);
		return r;
	}
	*ret = s;
	return 0;
}

/* ---- recording ---- */

static int begin(struct store *s) {
	if (s->open) {
		return 0;
	}
	s->open = true;
	return run_sql(s, "BEGIN");
}

static int write_chunk(struct store *s) {
	struct slice head, data;
	struct store_sums *sums = &s->sums;
	int64_t events = (int64_t)s->writer.events;
	s->head.len = s->data.len = 0;
	int r = chunk_take(&s->writer, &s->head, &s->data);
	r = r < 0 ? r : squeeze_pack(s->squeeze, slice_of(s->head.data, s->head.len), &head);
	if (r < 0) {
		return err_set(&s->err, r, "no memory to record");
	}
	/* The squeeze has one buffer: the head waits where its plain text was. */
	s->head.len = 0;
	column_put_bytes(&s->head, head);
	r = squeeze_pack(s->squeeze, slice_of(s->data.data, s->data.len), &data);
	if (r < 0 || s->head.failed) {
		return err_set(&s->err, -ENOMEM, "no memory to record");
	}
	head = slice_of(s->head.data, s->head.len);
	return store_run(s, PUT_CHUNK, "iiiiiibb", s->chunk_id, events, sums->first_ns,
	                 sums->last_ns, sums->longest_ns, (int64_t)sums->failed, head, data);
}

static int flush(struct store *s) {
	if (s->err.code < 0) {
		return s->err.code;
	}
	int r = 0;
	if (s->writer.events > 0) {
		r = begin(s);
		r = r < 0 ? r : write_chunk(s);
		r = r < 0 ? r : store_sums_write(s);
		s->chunk_id++;
	}
	if (r == 0 && s->open) {
		s->open = false;
		r = run_sql(s, "COMMIT");
	}
	return r;
}

static int take(void *data, const struct event *e) {
	struct store *s = data;
	if (s->err.code < 0) {
		return s->err.code;
	}
	int64_t now =
		e->start_ns + (e->kind == EVENT_CALL && e->duration_ns > 0 ? e->duration_ns : 0);
	s->flushed_ns = s->writer.events == 0 ? now : s->flushed_ns;
	int r = begin(s);
	r = r < 0 ? r : store_rows(s, e);
	if (r < 0) {
		return r;
	}
	chunk_put(&s->writer, e);
	store_sums_add(&s->sums, e);
	s->events++;
	return chunk_is_full(&s->writer) || now - s->flushed_ns > FLUSH_NS ? flush(s) : 0;
}

struct event_sink store_sink(struct store *s) {
	return (struct event_sink){.data = s, .take = take};
}

int store_flush(struct store *s, struct err *err) {
	int r = flush(s);
	return r < 0 ? err_set(err, r, "%s", s->err.msg) : 0;
}

int store_put_text(struct store *s, const char *key, struct slice text) {
	return s->err.code < 0 ? s->err.code : store_run(s, PUT_META, "ss", slice_str(key), text);
}

const char *store_complaint(const struct store *s) {
	return s->err.code < 0 ? s->err.msg : "";
}

/* ---- ending ---- */

static int put_outcome(struct store *s, const struct trace_outcome *o) {
	int r = put_meta_number(s, "ended_ns", clock_now_ns());
	r = r < 0 ? r : put_meta_number(s, "events", (int64_t)s->events);
	r = r < 0 ? r
	          : put_meta_number(s, "lost",
	                            (int64_t)(o && o->lost > s->lost ? o->lost : s->lost));
	if (r == 0 && o) {
		r = put_meta_number(s, "status", o->status);
		r = r < 0 ? r : put_meta_number(s, "unreadable", (int64_t)o->calls_failed_to_read);
	}
	return r;
}

int store_finish(struct store *s, const struct trace_outcome *outcome, struct err *err) {
	if (!s) {
		return 0;
	}
	int r = flush(s);
	r = r < 0 ? r : put_outcome(s, outcome);
	for (size_t i = 0; i < STORE_STATEMENTS; i++) {
		s->sqlite.finalize(s->statements[i]);
		s->statements[i] = NULL;
	}
	/* One file, without the log beside it. */
	r = r < 0 ? r : run_sql(s, "PRAGMA journal_mode = DELETE");
	if (r < 0) {
		err_set(err, r, "%s", s->err.msg);
	}
	store_free(s);
	return r;
}
