/* SPDX-License-Identifier: MIT
 * `dialtone query FILE 'SQL' | --canned NAME [ARGUMENT]`: questions to a recording.
 */
#include "cmd/query.h"

#include "base/clock.h"
#include "base/fd.h"
#include "cmd/failure.h"
#include "trace/event_table.h"
#include "trace/export.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>

#define ROWS_MAX      1000
#define TIME_LIMIT_NS (60 * NS_PER_S)
#define STEPS         10000 /* of SQLite's machine between two looks at the clock */
#define OPERANDS_MAX  3

struct query_options {
	bool json, list;
	const char *canned, *baseline, *limit, *format, *color;
};

#define OPT(member) offsetof(struct query_options, member)
static const struct option_spec specs[] = {
	{"canned", 'c', "NAME", OPTION_TEXT, OPT(canned), "a question that is asked often; --list"},
	{"baseline", 'b', "GOOD", OPTION_TEXT, OPT(baseline),
         "of failed: only what does not fail in this recording of a healthy run"},
	{"list", 'l', NULL, OPTION_FLAG, OPT(list), "which there are"},
	{"format", 'f', "FORM", OPTION_TEXT, OPT(format),
         "all of it as strace, jsonl, perfetto or otlp, on standard output"},
	{"limit", 'n', "ROWS", OPTION_TEXT, OPT(limit), "rows at most; 0 all (default 1000)"},
	{"json", 'j', NULL, OPTION_FLAG, OPT(json), "for programs: dialtone.query/1"},
	{"color", 0, "WHEN", OPTION_TEXT, OPT(color), "auto, always or never"},
	{0},
};
#undef OPT

static int on_step(void *data) {
	return clock_now_ns() > ((const struct query *)data)->deadline_ns;
}

/* A question reads and computes; everything else is refused. The table of events is a table, too. */
static int allow(void *data, int what, const char *first, const char *second, const char *database,
                 const char *trigger) {
	(void)data;
	(void)first;
	(void)database;
	(void)trigger;
	switch (what) {
	case SQLITE_SELECT:
	case SQLITE_READ:
	case SQLITE_RECURSIVE:
		return SQLITE_OK;
	case SQLITE_FUNCTION:
		return streq(second, "load_extension") ? SQLITE_DENY : SQLITE_OK;
	default:
		return SQLITE_DENY;
	}
}

static void put_value(struct query *q, sqlite3_stmt *stmt, int at) {
	const struct sqlite *s = &q->reader->sqlite;
	const void *data;
	switch (s->column_type(stmt, at)) {
	case SQLITE_INTEGER:
		query_put_number(q->rows, s->column_int64(stmt, at));
		break;
	case SQLITE_FLOAT:
		query_put_real(q->rows, s->column_double(stmt, at));
		break;
	case SQLITE_NULL:
		query_put_text(q->rows, NULL);
		break;
	default:
		data = s->column_blob(stmt, at);
		query_put_bytes(q->rows, slice_of(data ? data : "",
		                                  data ? (size_t)s->column_bytes(stmt, at) : 0));
	}
}

static int take_rows(struct query *q, sqlite3_stmt *stmt, struct err *err) {
	const struct sqlite *s = &q->reader->sqlite;
	int columns = s->column_count(stmt), step;
	for (int i = 0; i < columns && i < QUERY_COLUMNS_MAX; i++) {
		const char *name = s->column_name(stmt, i);
		q->rows->names[q->rows->columns++] = arena_strdup(q->arena, name ? name : "");
	}
	while ((step = s->step(stmt)) == SQLITE_ROW && query_rows_more(q->rows)) {
		for (size_t i = 0; i < q->rows->columns; i++) {
			put_value(q, stmt, (int)i);
		}
	}
	if (step == SQLITE_ROW || step == SQLITE_DONE) {
		return 0;
	}
	if (step == SQLITE_INTERRUPT) {
		return err_set(err, -ETIMEDOUT,
		               "no answer within %d s: ask for less, a pid or a time",
		               (int)(TIME_LIMIT_NS / NS_PER_S));
	}
	return err_set(err, -EBADMSG, "the trace cannot be read to its end: %s", s->errmsg(s->db));
}

int query_sql(struct query *q, const char *sql, const char *argument, struct err *err) {
	const struct sqlite *s = &q->reader->sqlite;
	sqlite3_stmt *stmt = NULL;
	const char *rest = NULL;
	s->progress_handler(s->db, STEPS, on_step, q);
	s->set_authorizer(s->db, allow, NULL);
	int code = s->prepare_v2(s->db, sql, -1, &stmt, &rest);
	int r = 0;
	if (code != SQLITE_OK) {
		r = err_set(err, code == SQLITE_AUTH ? -EPERM : -EINVAL, "%s%s",
		            code == SQLITE_AUTH ? "questions only read the trace: " : "",
		            s->errmsg(s->db));
	} else if (!stmt || slice_trim(slice_str(rest)).len > 0) {
		r = err_set(err, -EINVAL, "expected one SELECT");
	} else {
		if (argument) {
			s->bind_text(stmt, 1, argument, -1, SQLITE_STATIC);
		}
		r = take_rows(q, stmt, err);
	}
	s->finalize(stmt);
	s->set_authorizer(s->db, NULL, NULL);
	s->progress_handler(s->db, 0, NULL, NULL);
	return r;
}

int query_when(const struct query *q, const char *text, pid_t *ret_pid, int64_t *ret_ns,
               struct err *err) {
	const char *at = text ? strchr(text, '@') : NULL;
	size_t len = !text ? 0 : at ? (size_t)(at - text) : strlen(text);
	int64_t pid = 0;
	char *end = NULL;
	double seconds = at ? strtod(at + 1, &end) : 0;
	if ((len > 0 && str_to_int64(arena_strndup(q->arena, text ? text : "", len), &pid) < 0) ||
	    pid < 0 || pid > INT32_MAX ||
	    (at && (end == at + 1 || *end || seconds < 0 || seconds > 1e9))) {
		return err_set(
			err, -EINVAL,
			"expected PID@SECONDS with the seconds since the recording began, got '%s'",
			text);
	}
	*ret_pid = (pid_t)pid;
	*ret_ns = at ? q->began_ns + (int64_t)(seconds * 1e9) : INT64_MAX;
	return 0;
}

/* ---- the command ---- */

static const struct canned *canned_find(const char *name) {
	for (const struct canned *c = query_canned; c->name; c++) {
		if (streq(c->name, name)) {
			return c;
		}
	}
	return NULL;
}

static int list(struct arena *arena, bool json) {
	struct query_rows rows;
	struct strbuf out;
	struct terminal terminal = terminal_find(NULL);
	strbuf_init(&out, arena);
	query_rows_init(&rows, arena, 0);
	query_rows_columns(&rows, "canned,argument,answers");
	for (const struct canned *c = query_canned; c->name; c++) {
		query_put_text(&rows, c->name);
		query_put_text(&rows, c->argument);
		query_put_text(&rows, c->summary);
	}
	if (json) {
		query_rows_json(&out, &rows, "list");
	} else {
		query_rows_text(&out, &rows, &terminal);
	}
	return output_write(&out, STATUS_HEALTHY);
}

static int write_out(void *data, struct slice text) {
	(void)data;
	return fd_write_all(STDOUT_FILENO, text.data, text.len);
}

static int export_file(const char *file, enum export_format format) {
	struct reader reader;
	struct err err = {0};
	int r = reader_open(&reader, file, &err);
	struct export *x = r < 0 ? NULL
	                         : export_new(format, reader_meta_number(&reader, "wall_offset_ns"),
	                                      write_out, NULL);
	if (r == 0 && !x) {
		r = err_set(&err, -ENOMEM, "no memory to read the recording");
	}
	if (r == 0) {
		struct event_sink sink = export_sink(x);
		r = reader_each(&reader, NULL, &sink, &err);
		int end = export_finish(x);
		r = r < 0 ? r : end;
	}
	reader_close(&reader);
	if (r < 0 && r != -EPIPE) {
		output_complain("%s", err.code < 0 ? err.msg : strerrordesc_np(-r));
		return r == -ENOENT ? STATUS_USAGE : STATUS_UNKNOWN;
	}
	return STATUS_HEALTHY;
}

static int ask(struct query *q, const struct query_options *o, const struct canned *canned,
               const char *text, struct err *err) {
	if (!canned) {
		return query_sql(q, text, NULL, err);
	}
	if (o->baseline) {
		return query_failed_new(q, o->baseline, err);
	}
	return canned->sql ? query_sql(q, canned->sql, text, err) : canned->run(q, text, err);
}

static int answer(struct arena *arena, const struct query_options *o, const char *file,
                  const struct canned *canned, const char *text, size_t limit) {
	struct reader reader;
	struct query_rows rows;
	struct strbuf out;
	struct err err = {0};
	struct terminal terminal = terminal_find(o->color);
	query_rows_init(&rows, arena, limit);
	strbuf_init(&out, arena);
	struct query q = {.arena = arena,
	                  .reader = &reader,
	                  .rows = &rows,
	                  .deadline_ns = clock_now_ns() + TIME_LIMIT_NS};
	int r = reader_open(&reader, file, &err);
	r = r < 0 ? r : event_table_register(&reader, &err);
	if (r == 0) {
		q.began_ns = reader_meta_number(&reader, "began_ns");
		r = ask(&q, o, canned, text, &err);
	}
	reader_close(&reader);
	if (r < 0) {
		output_complain("%s", err.msg);
		return r == -EINVAL || r == -EPERM || r == -ENOENT ? STATUS_USAGE : STATUS_UNKNOWN;
	}
	if (o->json) {
		query_rows_json(&out, &rows, canned ? canned->name : text);
	} else {
		query_rows_text(&out, &rows, &terminal);
	}
	return output_write(&out, STATUS_HEALTHY);
}

static int run_in(struct arena *arena, const struct query_options *o, const char *const *operands,
                  size_t count) {
	const struct canned *canned = o->canned ? canned_find(o->canned) : NULL;
	int64_t limit = ROWS_MAX;
	if (o->list) {
		return list(arena, o->json);
	}
	if (o->format) {
		enum export_format format;
		if (!export_format_find(o->format, &format)) {
			output_complain(
				"expected strace, jsonl, perfetto or otlp for '--format', got '%s'",
				o->format);
			return STATUS_USAGE;
		}
		if (count != 1 || o->canned) {
			output_complain("'--format' goes with FILE alone: it writes all of it");
			return STATUS_USAGE;
		}
		return export_file(operands[0], format);
	}
	if (o->baseline && (!o->canned || !streq(o->canned, "failed"))) {
		output_complain("'--baseline' goes with '--canned failed'");
		return STATUS_USAGE;
	}
	if (o->limit && (str_to_int64(o->limit, &limit) < 0 || limit < 0)) {
		output_complain("expected a number of rows for '--limit', got '%s'", o->limit);
		return STATUS_USAGE;
	}
	if (o->canned && !canned) {
		output_complain("there is no canned question '%s': see dialtone query --list",
		                o->canned);
		return STATUS_USAGE;
	}
	if (count == 0 || (!canned && count != 2) || count > 2) {
		output_complain("expected FILE and %s",
		                canned ? "at most one argument" : "one SELECT");
		return STATUS_USAGE;
	}
	bool needs = canned && canned->argument && canned->argument[0] != '[' && !canned->sql;
	if (needs && count != 2) {
		output_complain("'%s' needs %s", canned->name, canned->argument);
		return STATUS_USAGE;
	}
	return answer(arena, o, operands[0], canned, count == 2 ? operands[1] : NULL,
	              (size_t)limit);
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	const struct query_options *o = options;
	if (!color_is_valid(o->color)) {
		return STATUS_USAGE;
	}
	struct arena *arena = arena_new();
	int status = run_in(arena, o, operands, operand_count);
	arena_free(arena);
	return status;
}

const struct command command_query = {
	.name = "query",
	.synopsis = "FILE 'SELECT ...'|--canned NAME [ARGUMENT]|--format FORM",
	.summary = "Ask a recording of dialtone trace",
	.options = specs,
	.options_size = sizeof(struct query_options),
	.notes = "The tables are in docs/trace-format.md; `event` has every event:\n"
		 "  dialtone query FILE \"SELECT text FROM event WHERE errno = 'EACCES'\"\n"
		 "SECONDS count from the beginning of the recording. The file is only read.\n"
		 "Status: 0 answered, 2 not understood, 3 the file cannot be read.\n",
	.max_operands = OPERANDS_MAX,
	.run = run,
};
