/* SPDX-License-Identifier: MIT */
#include "trace/store_read.h"

#include "base/path.h"
#include "base/str.h"
#include "trace/store_schema.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define BUSY_MS        2000
#define CELL_MAX_BYTES (128 << 20) /* no blob of ours is larger */

static int complain(struct reader *r, const char *file, struct err *err) {
	return err_set(err, -EBADMSG, "cannot read the trace%s%s%s: %s", file ? " '" : "",
	               file ? file : "", file ? "'" : "",
	               r->sqlite.db ? r->sqlite.errmsg(r->sqlite.db) : "no memory");
}

static int64_t pragma(struct reader *r, const char *text) {
	sqlite3_stmt *stmt = NULL;
	int64_t value = -1;
	if (r->sqlite.prepare_v2(r->sqlite.db, text, -1, &stmt, NULL) == SQLITE_OK &&
	    r->sqlite.step(stmt) == SQLITE_ROW) {
		value = r->sqlite.column_int64(stmt, 0);
	}
	r->sqlite.finalize(stmt);
	return value;
}

/* A file that was left in the state of a recording, without its log and where nobody may make one: it does not change, and
 * SQLite is told so (sqlite.org/uri.html). */
static bool open_unchanging(struct reader *r, const char *file) {
	struct arena *arena = arena_new();
	const char *log = arena_printf(arena, "%s-wal", file);
	char *real = access(log, F_OK) < 0 ? realpath(file, NULL) : NULL;
	bool opened = false;
	if (real) {
		const char *uri =
			arena_printf(arena, "%s?mode=ro&immutable=1", path_to_uri(arena, real));
		r->sqlite.close_v2(r->sqlite.db);
		r->sqlite.db = NULL;
		opened = r->sqlite.open_v2(uri, &r->sqlite.db,
		                           SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
		                           NULL) == SQLITE_OK;
	}
	free(real);
	arena_free(arena);
	return opened;
}

static int check_kind(struct reader *r, const char *file, struct err *err) {
	int64_t application = pragma(r, "PRAGMA application_id");
	if (application < 0 && open_unchanging(r, file)) {
		application = pragma(r, "PRAGMA application_id");
	}
	if (application < 0) {
		return complain(r, file, err);
	}
	if (application != STORE_APPLICATION) {
		return err_set(err, -EBADMSG, "'%s' is a database, but no trace of dialtone", file);
	}
	int64_t version = pragma(r, "PRAGMA user_version");
	if (version > STORE_VERSION) {
		return err_set(err, -EPROTONOSUPPORT,
		               "'%s' was made by a newer dialtone: its format is %lld, this one "
		               "reads up to %d",
		               file, (long long)version, STORE_VERSION);
	}
	if (version < 1) {
		return err_set(err, -EBADMSG,
		               "'%s' has no tables: its recorder ended before it began", file);
	}
	return 0;
}

int reader_open(struct reader *r, const char *file, struct err *err) {
	struct stat st;
	*r = (struct reader){0};
	int code = sqlite_load(&r->sqlite, "a trace", err);
	if (code < 0) {
		return code;
	}
	r->squeeze = squeeze_open(err);
	if (!r->squeeze) {
		return err ? err->code : -ENOSYS;
	}
	if (stat(file, &st) < 0 || access(file, R_OK) < 0) {
		return err_set(err, -errno, "cannot read '%s': %s", file, strerrordesc_np(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return err_set(err, -EBADMSG, "'%s' is no trace: not a file", file);
	}
	if (r->sqlite.open_v2(file, &r->sqlite.db, SQLITE_OPEN_READONLY, NULL) != SQLITE_OK) {
		return complain(r, file, err);
	}
	code = check_kind(r, file, err);
	if (code < 0) {
		return code;
	}
	(void)r->sqlite.busy_timeout(r->sqlite.db, BUSY_MS);
	(void)r->sqlite.limit(r->sqlite.db, SQLITE_LIMIT_LENGTH, CELL_MAX_BYTES);
	(void)r->sqlite.exec(r->sqlite.db,
	                     "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON", NULL, NULL,
	                     NULL);
	return 0;
}

void reader_close(struct reader *r) {
	sqlite_unload(&r->sqlite);
	squeeze_close(r->squeeze);
	*r = (struct reader){0};
}

bool event_wanted(const struct event_filter *f, const struct event *e) {
	bool timed = e->kind == EVENT_CALL && e->duration_ns > 0;
	int64_t end = e->start_ns + (timed ? e->duration_ns : 0);
	return (f->pid == 0 || e->pid == f->pid) && end >= f->from_ns &&
	       (f->to_ns == 0 || e->start_ns <= f->to_ns) && (!f->failed || event_failed(e)) &&
	       (f->error == 0 || (event_failed(e) && e->result == -f->error)) &&
	       (f->at_least_ns == 0 || (timed && e->duration_ns >= f->at_least_ns)) &&
	       event_filter_has(f, e->kind, e->arch, e->number);
}

/* ---- which chunks ---- */

#define CHUNKS_MAX (INT64_C(1) << 26) /* more are not chosen among: a recording of years */

/* The rows of a summary (chunk, pid, kind, arch, number) mark the chunks that may have a wanted event. */
static int mark_chunks(struct chunk_cursor *c, const char *sql) {
	const struct sqlite *s = &c->reader->sqlite;
	const struct event_filter *f = &c->filter;
	sqlite3_stmt *stmt = NULL;
	int r = s->prepare_v2(s->db, sql, -1, &stmt, NULL);
	if (r == SQLITE_OK) {
		sqlite_bind(s, stmt, 1, "iii", (int64_t)f->pid, (int64_t)f->error, f->at_least_ns);
	}
	while (r == SQLITE_OK && s->step(stmt) == SQLITE_ROW) {
		int64_t chunk = s->column_int64(stmt, 0), kind = s->column_int64(stmt, 1);
		int64_t arch = s->column_int64(stmt, 2);
		bool known = kind >= 0 && kind < EVENT_KINDS && arch >= 0 && arch <= ARCH_ARM;
		if (chunk > 0 && chunk <= c->last_chunk && known &&
		    event_filter_has(f, (enum event_kind)kind, (enum event_arch)arch,
		                     (int)s->column_int64(stmt, 3))) {
			c->wanted[chunk / 8] |= (unsigned char)(1 << chunk % 8);
		}
	}
	s->finalize(stmt);
	return r;
}

#define CALLS_SQL                                                                                  \
	"SELECT chunk, 0, arch, number FROM call_summary WHERE ?1 IN (0, pid) AND (?3 = 0 OR "     \
	"longest_ns >= ?3)"
#define ERRORS_SQL                                                                                 \
	"SELECT chunk, 0, arch, number FROM error_summary WHERE ?1 IN (0, pid) AND ?2 IN (0, "     \
	"error)"
#define OTHERS_SQL "SELECT chunk, kind, 0, 0 FROM kind_summary WHERE ?1 IN (0, pid)"

/* Leaves c->wanted NULL when nothing is known: recordings made before there were summaries of other kinds. */
static void choose_chunks(struct chunk_cursor *c) {
	const struct event_filter *f = &c->filter;
	const struct sqlite *s = &c->reader->sqlite;
	bool errors = f->failed || f->error > 0;
	bool only_calls = errors || f->at_least_ns > 0 || f->kinds == 1u << EVENT_CALL;
	sqlite3_stmt *stmt = NULL;
	if (!f->calls && !only_calls && f->pid == 0 && f->kinds == 0) {
		return;
	}
	if (s->prepare_v2(s->db, "SELECT max(id) FROM chunk", -1, &stmt, NULL) == SQLITE_OK &&
	    s->step(stmt) == SQLITE_ROW) {
		c->last_chunk = s->column_int64(stmt, 0);
	}
	s->finalize(stmt);
	if (c->last_chunk <= 0 || c->last_chunk > CHUNKS_MAX) {
		return;
	}
	c->wanted = calloc((size_t)c->last_chunk / 8 + 1, 1);
	if (c->wanted && (mark_chunks(c, errors ? ERRORS_SQL : CALLS_SQL) != SQLITE_OK ||
	                  (!only_calls && mark_chunks(c, OTHERS_SQL) != SQLITE_OK))) {
		free(c->wanted);
		c->wanted = NULL;
	}
}

/* A recording that goes on has chunks that came after the choice: they are looked at. */
static bool chunk_wanted(const struct chunk_cursor *c) {
	return !c->wanted || c->chunk_id > c->last_chunk || c->chunk_id < 0 ||
	       (c->wanted[c->chunk_id / 8] >> c->chunk_id % 8 & 1) != 0;
}

int chunk_cursor_begin(struct chunk_cursor *c, struct reader *reader,
                       const struct event_filter *filter, struct err *err) {
	*c = (struct chunk_cursor){.reader = reader,
	                           .filter = filter ? *filter : (struct event_filter){0}};
	const struct sqlite *s = &reader->sqlite;
	choose_chunks(c);
	if (s->prepare_v2(s->db,
	                  "SELECT id, head, data FROM chunk WHERE last_ns >= ?1 AND"
	                  " (?2 = 0 OR first_ns <= ?2) AND longest_ns >= ?3 AND failed >= ?4"
	                  " AND (?5 = 0 OR id = ?5) ORDER BY id",
	                  -1, &c->stmt, NULL) != SQLITE_OK) {
		return complain(reader, NULL, err);
	}
	const struct event_filter *f = &c->filter;
	sqlite_bind(s, c->stmt, 1, "iiiii", f->from_ns, f->to_ns, f->at_least_ns,
	            (int64_t)(f->failed || f->error > 0), f->chunk);
	return 0;
}

int chunk_cursor_next(struct chunk_cursor *c, struct err *err) {
	const struct sqlite *s = &c->reader->sqlite;
	do {
		int step = s->step(c->stmt);
		if (step == SQLITE_DONE) {
			return 0;
		}
		if (step != SQLITE_ROW) {
			return complain(c->reader, NULL, err);
		}
		c->chunk_id = s->column_int64(c->stmt, 0);
	} while (!chunk_wanted(c));
	struct slice data = c->filter.no_data ? slice_of(NULL, 0) : sqlite_column(s, c->stmt, 2);
	int r = chunk_read(&c->chunk, c->reader->squeeze, sqlite_column(s, c->stmt, 1), data,
	                   &c->filter);
	return r < 0 ? err_set(err, r, "chunk %lld of the trace is %s", (long long)c->chunk_id,
	                       r == -EFBIG    ? "larger than any of ours"
	                       : r == -ENOMEM ? "too large for the memory there is"
	                                      : "damaged")
	             : 1;
}

void chunk_cursor_end(struct chunk_cursor *c) {
	if (c->stmt) {
		c->reader->sqlite.finalize(c->stmt);
	}
	chunk_free(&c->chunk);
	free(c->wanted);
	*c = (struct chunk_cursor){0};
}

int reader_each(struct reader *reader, const struct event_filter *filter,
                const struct event_sink *sink, struct err *err) {
	struct chunk_cursor cursor;
	int r = chunk_cursor_begin(&cursor, reader, filter, err);
	while (r >= 0 && (r = chunk_cursor_next(&cursor, err)) == 1) {
		for (size_t i = 0; i < cursor.chunk.count && r >= 0; i++) {
			r = sink->take(sink->data, &cursor.chunk.events[i]);
		}
		r = r < 0 ? r : 1;
		if (r < 0) {
			break;
		}
	}
	chunk_cursor_end(&cursor);
	return r < 0 ? r : 0;
}

static sqlite3_stmt *meta_row(struct reader *r, const char *key) {
	const struct sqlite *s = &r->sqlite;
	sqlite3_stmt *stmt = NULL;
	if (s->prepare_v2(s->db, "SELECT value FROM meta WHERE key = ?", -1, &stmt, NULL) !=
	    SQLITE_OK) {
		return NULL;
	}
	sqlite_bind(s, stmt, 1, "s", slice_str(key));
	if (s->step(stmt) != SQLITE_ROW) {
		s->finalize(stmt);
		return NULL;
	}
	return stmt;
}

const char *reader_meta(struct reader *r, struct arena *arena, const char *key) {
	sqlite3_stmt *stmt = meta_row(r, key);
	const unsigned char *text = stmt ? r->sqlite.column_text(stmt, 0) : NULL;
	const char *value = arena_strdup(arena, text ? (const char *)text : "");
	r->sqlite.finalize(stmt);
	return value;
}

int64_t reader_meta_number(struct reader *r, const char *key) {
	sqlite3_stmt *stmt = meta_row(r, key);
	int64_t value = stmt ? r->sqlite.column_int64(stmt, 0) : 0;
	r->sqlite.finalize(stmt);
	return value;
}

int64_t reader_events(struct reader *r) {
	const struct sqlite *s = &r->sqlite;
	sqlite3_stmt *stmt = NULL;
	bool has = s->prepare_v2(s->db, "SELECT sum(events) FROM chunk", -1, &stmt, NULL) ==
	                   SQLITE_OK &&
	           s->step(stmt) == SQLITE_ROW;
	int64_t events = has ? s->column_int64(stmt, 0) : 0;

	s->finalize(stmt);
	return events;
}

#define PROGRAM_SQL                                                                                \
	"SELECT 1 FROM exec WHERE exe LIKE '%%%s' OR argv LIKE '%%%s%%' UNION ALL"                 \
	" SELECT 1 FROM error_summary JOIN call USING (arch, number)"                              \
	" WHERE (name LIKE 'execve%%' AND error <> 2) OR (name LIKE '%%access%%' AND error = 13)"

bool reader_has_program(struct reader *r, struct arena *arena, const char *name) {
	const struct sqlite *s = &r->sqlite;
	sqlite3_stmt *stmt = NULL;
	bool has = s->prepare_v2(s->db, arena_printf(arena, PROGRAM_SQL, name, name), -1, &stmt,
	                         NULL) == SQLITE_OK &&
	           s->step(stmt) == SQLITE_ROW;
	s->finalize(stmt);
	return has;
}
