/* SPDX-License-Identifier: MIT
 * The table `event` between its files: the cursor of SQLite's, what conditions make of it, what its columns show.
 */
#ifndef TRACE_EVENT_TABLE_PRIVATE_H
#define TRACE_EVENT_TABLE_PRIVATE_H

#include "trace/event_table.h"

/* In the order of EVENT_TABLE. */
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

#define EVENT_TABLE                                                                                \
	"CREATE TABLE event (seq INTEGER, start_ns INTEGER, end_ns INTEGER, duration_ns INTEGER,"  \
	" pid INTEGER, tid INTEGER, kind TEXT, call TEXT, result INTEGER, error INTEGER,"          \
	" errno TEXT, path TEXT, fd INTEGER, args TEXT, text TEXT, data BLOB, child INTEGER,"      \
	" status INTEGER, sender INTEGER, lost INTEGER, injected INTEGER, arch TEXT,"              \
	" chunk INTEGER)"

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

static inline int64_t event_seq(const struct event_cursor *c) {
	return c->seq + (int64_t)c->chunks.chunk.positions[c->at];
}

/* event_conditions.c. Which conditions of a question are handed down: xBestIndex. */
int event_best_index(sqlite3_vtab *table, sqlite3_index_info *info);
/* Their values as a filter; texts are in cursor->asked. */
struct event_filter event_filter_of(struct event_cursor *cursor, int pushed, int argc,
                                    sqlite3_value **argv);

/* event_columns.c: xColumn */
int event_column(sqlite3_vtab_cursor *cursor, sqlite3_context *out, int column);

#endif
