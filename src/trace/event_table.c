/* SPDX-License-Identifier: MIT
 * A virtual table, sqlite.org/vtab.html. It is "eponymous": there without CREATE, and only there.
 */
#include "trace/event_table.h"

#include "trace/call.h"
#include "trace/render.h"

#include <errno.h>
#include <stdlib.h>

enum event_column {
	COL_SEQ,
	COL_START,
	COL_END,
	COL_DURATION,
	COL_PID,
	COL_TID,
	COL_KIND,
	COL_CALL,
	COL_RESULT,
	COL_ERROR,
	COL_ERRNO,
	COL_PATH,
	COL_FD,
	COL_ARGS,
	COL_TEXT,
	COL_DATA,
	COL_CHILD,
	COL_STATUS,
	COL_SENDER,
	COL_LOST,
	COL_INJECTED,
	COL_ARCH,
};

#define DECLARATION                                                                                \
	"CREATE TABLE event (seq INTEGER, start_ns INTEGER, end_ns INTEGER, duration_ns INTEGER,"  \
	" pid INTEGER, tid INTEGER, kind TEXT, call TEXT, result INTEGER, error INTEGER,"          \
	" errno TEXT, path TEXT, fd INTEGER, args TEXT, text TEXT, data BLOB, child INTEGER,"      \
	" status INTEGER, sender INTEGER, lost INTEGER, injected INTEGER, arch TEXT)"

#define NEED_DATA (1u << COL_PATH | 1u << COL_ARGS | 1u << COL_TEXT | 1u << COL_DATA)

/* What idxNum says: which values come with xFilter, in this order. */
enum pushed {
	PUSH_PID = 1 << 0,
	PUSH_FROM = 1 << 1,
	PUSH_TO = 1 << 2,
	PUSH_LONG = 1 << 3,
	PUSH_FAILED = 1 << 4, /* has no value */
	PUSH_NO_DATA = 1 << 5,
};
#define PUSHED_VALUES 4

struct event_table {
	sqlite3_vtab base; /* SQLite's, first */
	struct reader *reader;
};

struct event_cursor {
	sqlite3_vtab_cursor base; /* SQLite's, first */
	struct reader *reader;
	struct chunk_cursor chunks;
	bool open, eof;
	size_t at;
	int64_t seq;         /* of the chunk's first */
	struct arena *arena; /* texts of a row */
};

static int connect_table(sqlite3 *db, void *aux, int argc, const char *const *argv,
                         sqlite3_vtab **ret, char **ret_message) {
	struct reader *reader = aux;
	(void)argc;
	(void)argv;
	(void)ret_message;
	int r = reader->sqlite.declare_vtab(db, DECLARATION);
	struct event_table *table = r == SQLITE_OK ? calloc(1, sizeof(*table)) : NULL;
	if (!table) {
		return r == SQLITE_OK ? SQLITE_NOMEM : r;
	}
	table->reader = reader;
	*ret = &table->base;
	return SQLITE_OK;
}

static int disconnect_table(sqlite3_vtab *table) {
	free(table);
	return SQLITE_OK;
}

/* ---- planning ---- */

static int pushed_by(const struct sqlite3_index_constraint *c) {
	bool more = c->op == SQLITE_INDEX_CONSTRAINT_GE || c->op == SQLITE_INDEX_CONSTRAINT_GT;
	bool less = c->op == SQLITE_INDEX_CONSTRAINT_LE || c->op == SQLITE_INDEX_CONSTRAINT_LT;
	bool equal = c->op == SQLITE_INDEX_CONSTRAINT_EQ;
	if (!c->usable) {
		return 0;
	}
	switch (c->iColumn) {
	case COL_PID:
		return equal ? PUSH_PID : 0;
	case COL_START:
	case COL_END: /* before it ended it began */
		return more ? PUSH_FROM : less ? PUSH_TO : 0;
	case COL_DURATION:
		return more || equal ? PUSH_LONG : 0;
	case COL_ERROR:
		return equal || c->op == SQLITE_INDEX_CONSTRAINT_ISNOTNULL ||
		                       c->op == SQLITE_INDEX_CONSTRAINT_GT
		               ? PUSH_FAILED
		               : 0;
	case COL_ERRNO:
		return equal || c->op == SQLITE_INDEX_CONSTRAINT_ISNOTNULL ? PUSH_FAILED : 0;
	default:
		return 0;
	}
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
	(void)table;
	int used = 0;
	for (int i = 0; i < info->nConstraint; i++) {
		int push = pushed_by(&info->aConstraint[i]);
		if (push == 0 || (used & push)) {
			continue;
		}
		used |= push;
		if (push != PUSH_FAILED) {
			/* Their order is that of the bits; SQLite wants it counted from 1. */
			info->aConstraintUsage[i].argvIndex = push;
		}
	}
	int next = 1;
	for (int bit = 0; bit < PUSHED_VALUES; bit++) {
		for (int i = 0; i < info->nConstraint; i++) {
			if (info->aConstraintUsage[i].argvIndex == 1 << bit &&
			    pushed_by(&info->aConstraint[i]) == 1 << bit) {
				info->aConstraintUsage[i].argvIndex = next++;
				break;
			}
		}
	}
	if (!(info->colUsed & NEED_DATA)) {
		used |= PUSH_NO_DATA;
	}
	info->idxNum = used;
	info->estimatedRows = used & (PUSH_PID | PUSH_LONG | PUSH_FAILED) ? 10000 : 1000000;
	info->estimatedCost = (double)info->estimatedRows;
	return SQLITE_OK;
}

/* ---- reading ---- */

static int open_cursor(sqlite3_vtab *table, sqlite3_vtab_cursor **ret) {
	struct event_cursor *c = calloc(1, sizeof(*c));
	if (!c) {
		return SQLITE_NOMEM;
	}
	c->reader = ((struct event_table *)table)->reader;
	c->arena = arena_new();
	*ret = &c->base;
	return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor) {
	struct event_cursor *c = (struct event_cursor *)cursor;
	if (c->open) {
		chunk_cursor_end(&c->chunks);
	}
	arena_free(c->arena);
	free(c);
	return SQLITE_OK;
}

static const struct event *current(const struct event_cursor *c) {
	return &c->chunks.chunk.events[c->at];
}

/* To the next that is wanted, from c->at on. */
static int seek(struct event_cursor *c) {
	for (;;) {
		for (; c->at < c->chunks.chunk.count; c->at++) {
			if (event_wanted(&c->chunks.filter, current(c))) {
				return SQLITE_OK;
			}
		}
		int r = chunk_cursor_next(&c->chunks, NULL);
		c->at = 0;
		if (r <= 0) {
			c->eof = true;
			return r == 0         ? SQLITE_OK
			       : r == -ENOMEM ? SQLITE_NOMEM
			                      : SQLITE_CORRUPT_VTAB;
		}
		c->seq = (c->chunks.chunk_id - 1) * (int64_t)CHUNK_EVENTS;
	}
}

static int filter_cursor(sqlite3_vtab_cursor *cursor, int pushed, const char *text, int argc,
                         sqlite3_value **argv) {
	struct event_cursor *c = (struct event_cursor *)cursor;
	const struct sqlite *s = &c->reader->sqlite;
	struct event_filter f = {.failed = (pushed & PUSH_FAILED) != 0,
	                         .no_data = (pushed & PUSH_NO_DATA) != 0};
	int next = 0;
	(void)text;
	if (pushed & PUSH_PID && next < argc) {
		f.pid = (pid_t)s->value_int64(argv[next++]);
	}
	if (pushed & PUSH_FROM && next < argc) {
		f.from_ns = s->value_int64(argv[next++]);
	}
	if (pushed & PUSH_TO && next < argc) {
		f.to_ns = s->value_int64(argv[next++]);
	}
	if (pushed & PUSH_LONG && next < argc) {
		f.at_least_ns = s->value_int64(argv[next++]);
	}
	if (c->open) {
		chunk_cursor_end(&c->chunks);
	}
	c->open = c->eof = false;
	c->at = 0;
	if (chunk_cursor_begin(&c->chunks, c->reader, &f, NULL) < 0) {
		return SQLITE_ERROR;
	}
	c->open = true;
	return seek(c);
}

static int next_row(sqlite3_vtab_cursor *cursor) {
	struct event_cursor *c = (struct event_cursor *)cursor;
	c->at++;
	arena_free(c->arena);
	c->arena = arena_new();
	return seek(c);
}

static int at_end(sqlite3_vtab_cursor *cursor) {
	return ((struct event_cursor *)cursor)->eof;
}

static int row_id(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret) {
	const struct event_cursor *c = (const struct event_cursor *)cursor;
	*ret = c->seq + (int64_t)c->at;
	return SQLITE_OK;
}

/* ---- columns ---- */

static const char *kind_name(enum event_kind kind) {
	static const char *const names[] = {"call", "fork",   "exec",  "exit", "signal",
	                                    "stop", "resume", "state", "lost"};
	return names[kind];
}

static const struct payload *first_of(const struct event *e, enum payload_kind kind) {
	for (size_t i = 0; i < e->payload_count; i++) {
		if (e->payloads[i].kind == kind) {
			return &e->payloads[i];
		}
	}
	return NULL;
}

static void put_text(struct event_cursor *c, sqlite3_context *out, struct slice text) {
	c->reader->sqlite.result_text(out, text.data ? text.data : "", (int)text.len,
	                              SQLITE_TRANSIENT);
}

static void put_number(struct event_cursor *c, sqlite3_context *out, int64_t number, bool known) {
	if (known) {
		c->reader->sqlite.result_int64(out, number);
	} else {
		c->reader->sqlite.result_null(out);
	}
}

static void put_fd(struct event_cursor *c, sqlite3_context *out, const struct event *e) {
	const struct call *call = e->kind == EVENT_CALL ? call_by_number(e->arch, e->number) : NULL;
	bool fd = call && call->args[0].shape == ARG_FD;
	bool opened = call && call->returns_fd && !fd && e->duration_ns >= 0 && e->result >= 0;
	put_number(c, out, fd ? (int)e->args[0] : e->result, fd || opened);
}

static bool has_buffer(const struct event *e, const struct payload *p) {
	const struct call *call = call_by_number(e->arch, e->number);
	bool argument = call && p->which >= 0 && p->which < 6;
	enum arg_shape shape = argument ? call->args[p->which].shape : ARG_NONE;
	return p->kind == PAYLOAD_BYTES &&
	       (shape == ARG_BUF_IN || shape == ARG_BUF_OUT || shape == ARG_IOV_IN ||
	        shape == ARG_IOV_OUT || shape == ARG_MSG_IN || shape == ARG_MSG_OUT);
}

static void put_data(struct event_cursor *c, sqlite3_context *out, const struct event *e) {
	for (size_t i = 0; e->kind == EVENT_CALL && i < e->payload_count; i++) {
		const struct payload *p = &e->payloads[i];
		if (has_buffer(e, p)) {
			c->reader->sqlite.result_blob(out, p->bytes.data, (int)p->bytes.len,
			                              SQLITE_TRANSIENT);
			return;
		}
	}
	c->reader->sqlite.result_null(out);
}

static void put_words(struct event_cursor *c, sqlite3_context *out, const struct event *e,
                      int column) {
	struct strbuf text;
	const struct payload *path;
	switch (column) {
	case COL_KIND:
		put_text(c, out, slice_str(kind_name(e->kind)));
		return;
	case COL_ARCH:
		put_text(c, out, slice_str(arch_name(e->arch)));
		return;
	case COL_CALL:
		if (e->kind == EVENT_CALL) {
			put_text(c, out, slice_str(render_name(c->arena, e)));
		}
		return;
	case COL_ERRNO:
		if (event_failed(e) && render_errno(e)) {
			put_text(c, out, slice_str(render_errno(e)));
		}
		return;
	case COL_PATH:
		path = first_of(e, PAYLOAD_STRING);
		if (path) {
			put_text(c, out, path->bytes);
		}
		return;
	default:
		strbuf_init(&text, c->arena);
		if (column == COL_TEXT) {
			(void)render_line(&text, e);
		} else if (e->kind == EVENT_CALL) {
			render_arguments(&text, e);
		}
		put_text(c, out, slice_of(text.data, text.len));
	}
}

static int column_of(sqlite3_vtab_cursor *cursor, sqlite3_context *out, int column) {
	struct event_cursor *c = (struct event_cursor *)cursor;
	const struct event *e = current(c);
	bool returned = e->kind == EVENT_CALL && e->duration_ns >= 0;
	switch (column) {
	case COL_SEQ:
		put_number(c, out, c->seq + (int64_t)c->at, true);
		break;
	case COL_START:
		put_number(c, out, e->start_ns, true);
		break;
	case COL_END:
		put_number(c, out, e->start_ns + e->duration_ns,
		           e->kind != EVENT_CALL || e->duration_ns >= 0);
		break;
	case COL_DURATION:
		put_number(c, out, e->duration_ns, returned);
		break;
	case COL_PID:
		put_number(c, out, e->pid, true);
		break;
	case COL_TID:
		put_number(c, out, e->tid, true);
		break;
	case COL_RESULT:
		put_number(c, out, e->result, returned);
		break;
	case COL_ERROR:
		put_number(c, out, -e->result, event_failed(e));
		break;
	case COL_FD:
		put_fd(c, out, e);
		break;
	case COL_DATA:
		put_data(c, out, e);
		break;
	case COL_CHILD:
		put_number(c, out, e->child, e->kind == EVENT_FORK);
		break;
	case COL_STATUS:
		put_number(c, out, e->status, e->kind == EVENT_EXIT || e->kind == EVENT_SIGNAL);
		break;
	case COL_SENDER:
		put_number(c, out, e->sender, e->kind == EVENT_SIGNAL);
		break;
	case COL_LOST:
		put_number(c, out, (int64_t)e->lost, e->kind == EVENT_LOST);
		break;
	case COL_INJECTED:
		put_number(c, out, e->injected, true);
		break;
	default:
		put_words(c, out, e, column);
	}
	return SQLITE_OK;
}

/* ---- names of numbers ---- */

#define ERRNO_MAX  4095
#define SIGNAL_MAX 64

/* Temporary tables, in memory: the file is only read. */
static int make_names(struct reader *reader) {
	struct arena *arena = arena_new();
	struct strbuf sql;
	strbuf_init(&sql, arena);
	strbuf_add(&sql, "PRAGMA temp_store = MEMORY;"
	                 "CREATE TEMP TABLE error_name (number INTEGER PRIMARY KEY, name TEXT);"
	                 "CREATE TEMP TABLE signal_name (number INTEGER PRIMARY KEY, name TEXT);"
	                 "INSERT INTO error_name VALUES (0, '')");
	for (int i = 1; i <= ERRNO_MAX; i++) {
		if (strerrorname_np(i)) {
			strbuf_printf(&sql, ", (%d, '%s')", i, strerrorname_np(i));
		}
	}
	strbuf_add(&sql, "; INSERT INTO signal_name VALUES (0, '')");
	for (int i = 1; i <= SIGNAL_MAX; i++) {
		strbuf_printf(&sql, ", (%d, '", i);
		render_signal(&sql, i);
		strbuf_add(&sql, "')");
	}
	int r = reader->sqlite.exec(reader->sqlite.db, sql.data, NULL, NULL, NULL);
	arena_free(arena);
	return r;
}

int event_table_register(struct reader *reader, struct err *err) {
	static const sqlite3_module module = {
		.xConnect = connect_table,
		.xBestIndex = best_index,
		.xDisconnect = disconnect_table,
		.xOpen = open_cursor,
		.xClose = close_cursor,
		.xFilter = filter_cursor,
		.xNext = next_row,
		.xEof = at_end,
		.xColumn = column_of,
		.xRowid = row_id,
	};
	bool made = reader->sqlite.create_module_v2(reader->sqlite.db, "event", &module, reader,
	                                            NULL) == SQLITE_OK &&
	            make_names(reader) == SQLITE_OK;
	/* Such tables are connected by their first use: now, before an authorizer would be asked about it. */
	(void)reader->sqlite.exec(reader->sqlite.db,
	                          "SELECT 1 FROM json_each('[]'), json_tree('[]') LIMIT 0", NULL,
	                          NULL, NULL);
	made = made && reader->sqlite.exec(reader->sqlite.db, "SELECT seq FROM event LIMIT 0", NULL,
	                                   NULL, NULL) == SQLITE_OK;
	return made ? 0
	            : err_set(err, -EIO, "cannot make the table 'event': %s",
	                      reader->sqlite.errmsg(reader->sqlite.db));
}
