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
	COL_CHUNK,
};

#define DECLARATION                                                                                \
	"CREATE TABLE event (seq INTEGER, start_ns INTEGER, end_ns INTEGER, duration_ns INTEGER,"  \
	" pid INTEGER, tid INTEGER, kind TEXT, call TEXT, result INTEGER, error INTEGER,"          \
	" errno TEXT, path TEXT, fd INTEGER, args TEXT, text TEXT, data BLOB, child INTEGER,"      \
	" status INTEGER, sender INTEGER, lost INTEGER, injected INTEGER, arch TEXT,"              \
	" chunk INTEGER)"

#define NEED_DATA (1u << COL_PATH | 1u << COL_ARGS | 1u << COL_TEXT | 1u << COL_DATA)
#define NEED_ARGS (1u << COL_FD | 1u << COL_ARGS | 1u << COL_TEXT | 1u << COL_DATA)

/* Conditions that are handed down. idxNum says which, as bits: their values come with xFilter, in this
 * order. SQLite looks at each row again, so what is handed down may want more than was asked for. */
enum pushed {
	PUSH_PID,
	PUSH_FROM,
	PUSH_TO,
	PUSH_LONG,
	PUSH_CALL,
	PUSH_KIND,
	PUSH_ERROR,
	PUSH_ERRNO,
	PUSH_PATH,
	PUSH_PATH_GLOB,
	PUSH_CHUNK,
	PUSHED_VALUES,
	PUSH_FAILED = PUSHED_VALUES, /* and these have none */
	PUSH_NO_DATA,
	PUSH_NO_ARGS,
	PUSH_NOTHING,
};

#define ERRNO_MAX 4095 /* the kernel's, include/linux/err.h */

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
	struct arena *arena; /* texts of a row; NULL: none was made */
	struct arena *asked; /* texts of the conditions */
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

static enum pushed pushed_by(const struct sqlite *s, sqlite3_index_info *info, int at) {
	const struct sqlite3_index_constraint *c = &info->aConstraint[at];
	bool more = c->op == SQLITE_INDEX_CONSTRAINT_GE || c->op == SQLITE_INDEX_CONSTRAINT_GT;
	bool less = c->op == SQLITE_INDEX_CONSTRAINT_LE || c->op == SQLITE_INDEX_CONSTRAINT_LT;
	bool equal = c->op == SQLITE_INDEX_CONSTRAINT_EQ;
	bool is = c->op == SQLITE_INDEX_CONSTRAINT_ISNOTNULL;
	/* Texts that are equal in another sense than byte by byte are SQLite's business. */
	bool same = equal && streq(s->vtab_collation(info, at), "BINARY");
	if (!c->usable) {
		return PUSH_NOTHING;
	}
	switch (c->iColumn) {
	case COL_PID:
		return equal ? PUSH_PID : PUSH_NOTHING;
	case COL_START:
	case COL_END: /* before it ended it began */
		return more ? PUSH_FROM : less ? PUSH_TO : PUSH_NOTHING;
	case COL_DURATION:
		return more || equal ? PUSH_LONG : PUSH_NOTHING;
	case COL_CALL:
		return same ? PUSH_CALL : PUSH_NOTHING;
	case COL_KIND:
		return same ? PUSH_KIND : PUSH_NOTHING;
	case COL_ERROR:
		return equal                                       ? PUSH_ERROR
		       : is || c->op == SQLITE_INDEX_CONSTRAINT_GT ? PUSH_FAILED
		                                                   : PUSH_NOTHING;
	case COL_ERRNO:
		return same ? PUSH_ERRNO : is ? PUSH_FAILED : PUSH_NOTHING;
	case COL_PATH:
		return same                                    ? PUSH_PATH
		       : c->op == SQLITE_INDEX_CONSTRAINT_GLOB ? PUSH_PATH_GLOB
		                                               : PUSH_NOTHING;
	case COL_CHUNK:
		return equal ? PUSH_CHUNK : PUSH_NOTHING;
	default:
		return PUSH_NOTHING;
	}
}

/* How many events are left, about. */
static sqlite3_int64 rows_left(unsigned used) {
	sqlite3_int64 rows = 1000000;
	rows /= used & 1u << PUSH_CHUNK ? 1000 : 1;
	rows /= used & (1u << PUSH_PID | 1u << PUSH_LONG | 1u << PUSH_FAILED | 1u << PUSH_ERROR |
	                1u << PUSH_ERRNO | 1u << PUSH_PATH)
	                ? 100
	                : 1;
	rows /= used & (1u << PUSH_CALL | 1u << PUSH_KIND | 1u << PUSH_PATH_GLOB) ? 5 : 1;
	return rows;
}

static int best_index(sqlite3_vtab *table, sqlite3_index_info *info) {
	const struct sqlite *s = &((struct event_table *)table)->reader->sqlite;
	int chosen[PUSHED_VALUES] = {0}; /* which condition, counted from 1; 0 none */
	int next = 1;
	unsigned used = 0;
	for (int i = 0; i < info->nConstraint; i++) {
		enum pushed push = pushed_by(s, info, i);
		if (push == PUSH_NOTHING || (used & 1u << push)) {
			continue;
		}
		used |= 1u << push;
		if (push < PUSHED_VALUES) {
			chosen[push] = i + 1;
		}
	}
	for (int push = 0; push < PUSHED_VALUES; push++) {
		if (chosen[push] > 0) {
			info->aConstraintUsage[chosen[push] - 1].argvIndex = next++;
		}
	}
	info->estimatedRows = rows_left(used);
	used |= info->colUsed & NEED_DATA ? 0 : 1u << PUSH_NO_DATA;
	used |= info->colUsed & NEED_ARGS ? 0 : 1u << PUSH_NO_ARGS;
	info->idxNum = (int)used;
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
	*ret = &c->base;
	return SQLITE_OK;
}

static int close_cursor(sqlite3_vtab_cursor *cursor) {
	struct event_cursor *c = (struct event_cursor *)cursor;
	if (c->open) {
		chunk_cursor_end(&c->chunks);
	}
	arena_free(c->arena);
	arena_free(c->asked);
	free(c);
	return SQLITE_OK;
}

static const char *kind_name(enum event_kind kind) {
	static const char *const names[] = {"call", "fork",   "exec",  "exit", "signal",
	                                    "stop", "resume", "state", "lost", "mapped"};
	return names[kind];
}

static const struct event *current(const struct event_cursor *c) {
	return &c->chunks.chunk.events[c->at];
}

/* From c->at on. */
static int seek(struct event_cursor *c) {
	while (c->at >= c->chunks.chunk.count) {
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
	return SQLITE_OK;
}

/* ---- conditions ---- */

static unsigned kind_bit(const char *name) {
	for (int kind = 0; kind < EVENT_KINDS; kind++) {
		if (streq(kind_name((enum event_kind)kind), name)) {
			return 1u << kind;
		}
	}
	return 0;
}

static int error_number(const char *name) {
	for (int i = 1; i <= ERRNO_MAX; i++) {
		const char *known = strerrorname_np(i);
		if (known && streq(known, name)) {
			return i;
		}
	}
	return 0;
}

/* The longest part of a pattern of GLOB that stands for itself; NULL when there is none. */
static const char *glob_part(struct arena *arena, const char *pattern) {
	size_t best = 0, best_len = 0;
	for (size_t at = 0; pattern[at];) {
		size_t len = strcspn(pattern + at, "*?[");
		if (len > best_len) {
			best = at;
			best_len = len;
		}
		at += len;
		if (pattern[at] == '[') {
			/* "]" as the first of a set is one of it. */
			size_t first = at + 1 + (pattern[at + 1] == '^');
			const char *end = pattern[first] ? strchr(pattern + first + 1, ']') : NULL;
			at = end ? (size_t)(end - pattern) + 1 : at + strlen(pattern + at);
		} else {
			at += strspn(pattern + at, "*?");
		}
	}
	return best_len > 0 ? arena_strndup(arena, pattern + best, best_len) : NULL;
}

static void want_text(struct event_cursor *c, struct event_filter *f, enum pushed push,
                      const char *text) {
	switch (push) {
	case PUSH_CALL:
		f->kinds = 1u << EVENT_CALL;
		if (call_set_parse(c->asked, text, &f->calls, NULL) < 0) {
			f->calls = NULL;
		}
		break;
	case PUSH_KIND:
		f->kinds = f->kinds ? f->kinds : kind_bit(text);
		break;
	case PUSH_ERRNO:
		f->error = error_number(text);
		f->failed = true;
		break;
	case PUSH_PATH:
		f->path = *text ? arena_strdup(c->asked, text) : NULL;
		break;
	case PUSH_PATH_GLOB:
		f->path = f->path ? f->path : glob_part(c->asked, text);
		break;
	default:
		break;
	}
}

static void want_number(struct event_filter *f, enum pushed push, int64_t number) {
	switch (push) {
	case PUSH_PID:
		f->pid = (pid_t)number;
		break;
	case PUSH_FROM:
		f->from_ns = number;
		break;
	case PUSH_TO:
		f->to_ns = number;
		break;
	case PUSH_LONG:
		f->at_least_ns = number;
		break;
	case PUSH_ERROR:
		f->failed = true;
		f->error = number > 0 && number <= ERRNO_MAX ? (int)number : 0;
		break;
	case PUSH_CHUNK:
		f->chunk = number;
		break;
	default:
		break;
	}
}

static int filter_cursor(sqlite3_vtab_cursor *cursor, int pushed, const char *plan, int argc,
                         sqlite3_value **argv) {
	struct event_cursor *c = (struct event_cursor *)cursor;
	const struct sqlite *s = &c->reader->sqlite;
	struct event_filter f = {.failed = (pushed >> PUSH_FAILED & 1) != 0,
	                         .no_data = (pushed >> PUSH_NO_DATA & 1) != 0,
	                         .no_args = (pushed >> PUSH_NO_ARGS & 1) != 0};
	int next = 0;
	(void)plan;
	if (c->open) {
		chunk_cursor_end(&c->chunks);
	}
	arena_free(c->asked);
	c->asked = arena_new();
	for (int push = 0; push < PUSHED_VALUES && next < argc; push++) {
		if (!(pushed >> push & 1)) {
			continue;
		}
		sqlite3_value *value = argv[next++];
		bool texts = push >= PUSH_CALL && push <= PUSH_PATH_GLOB && push != PUSH_ERROR;
		const unsigned char *text = texts ? s->value_text(value) : NULL;
		if (text) {
			want_text(c, &f, (enum pushed)push, (const char *)text);
		} else if (!texts) {
			want_number(&f, (enum pushed)push, s->value_int64(value));
		}
	}
	f.no_data = f.no_data && !f.path;
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
	if (c->arena) {
		arena_free(c->arena);
		c->arena = NULL;
	}
	return seek(c);
}

static int at_end(sqlite3_vtab_cursor *cursor) {
	return ((struct event_cursor *)cursor)->eof;
}

static int64_t seq_of(const struct event_cursor *c) {
	return c->seq + (int64_t)c->chunks.chunk.positions[c->at];
}

static int row_id(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret) {
	*ret = seq_of((const struct event_cursor *)cursor);
	return SQLITE_OK;
}

/* ---- columns ---- */

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

/* A text that is there for good. */
static void put_name(struct event_cursor *c, sqlite3_context *out, const char *name) {
	c->reader->sqlite.result_text(out, name, -1, SQLITE_STATIC);
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

static struct arena *row_arena(struct event_cursor *c) {
	c->arena = c->arena ? c->arena : arena_new();
	return c->arena;
}

static void put_words(struct event_cursor *c, sqlite3_context *out, const struct event *e,
                      int column) {
	struct strbuf text;
	const struct payload *path;
	const struct call *call;
	switch (column) {
	case COL_KIND:
		put_name(c, out, kind_name(e->kind));
		return;
	case COL_ARCH:
		put_name(c, out, arch_name(e->arch));
		return;
	case COL_CALL:
		call = e->kind == EVENT_CALL ? call_by_number(e->arch, e->number) : NULL;
		if (call) {
			put_name(c, out, call->name);
		} else if (e->kind == EVENT_CALL) {
			put_text(c, out, slice_str(render_name(row_arena(c), e)));
		}
		return;
	case COL_ERRNO:
		if (event_failed(e) && render_errno(e)) {
			put_name(c, out, render_errno(e));
		}
		return;
	case COL_PATH:
		path = first_of(e, PAYLOAD_STRING);
		if (path) {
			put_text(c, out, path->bytes);
		}
		return;
	default:
		strbuf_init(&text, row_arena(c));
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
		put_number(c, out, seq_of(c), true);
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
	case COL_CHUNK:
		put_number(c, out, c->chunks.chunk_id, true);
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
