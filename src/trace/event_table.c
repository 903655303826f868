/* SPDX-License-Identifier: MIT
 * A virtual table, sqlite.org/vtab.html. It is "eponymous": there without CREATE, and only there.
 */
#include "trace/event_table_private.h"
#include "trace/render.h"

#include <errno.h>
#include <stdlib.h>

static int connect_table(sqlite3 *db, void *aux, int argc, const char *const *argv,
                         sqlite3_vtab **ret, char **ret_message) {
	struct reader *reader = aux;
	(void)argc;
	(void)argv;
	(void)ret_message;
	int r = reader->sqlite.declare_vtab(db, EVENT_TABLE);
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

static int filter_cursor(sqlite3_vtab_cursor *cursor, int pushed, const char *plan, int argc,
                         sqlite3_value **argv) {
	struct event_cursor *c = (struct event_cursor *)cursor;
	(void)plan;
	if (c->open) {
		chunk_cursor_end(&c->chunks);
	}
	arena_free(c->asked);
	c->asked = arena_new();
	struct event_filter f = event_filter_of(c, pushed, argc, argv);
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

static int row_id(sqlite3_vtab_cursor *cursor, sqlite3_int64 *ret) {
	*ret = event_seq((const struct event_cursor *)cursor);
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
		.xBestIndex = event_best_index,
		.xDisconnect = disconnect_table,
		.xOpen = open_cursor,
		.xClose = close_cursor,
		.xFilter = filter_cursor,
		.xNext = next_row,
		.xEof = at_end,
		.xColumn = event_column,
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
