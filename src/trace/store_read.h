/* SPDX-License-Identifier: MIT
 * Reading a trace file (docs/trace-format.md). The file is from outside: whatever is in it, reading
 * ends, stays in its memory and says what was damaged. Nothing is written to it.
 */
#ifndef TRACE_STORE_READ_H
#define TRACE_STORE_READ_H

#include "base/arena.h"
#include "base/err.h"
#include "base/sqlite.h"
#include "trace/chunk.h"
#include "trace/event_filter.h"

#include <stdbool.h>

struct reader {
	struct sqlite sqlite;
	struct squeeze *squeeze;
};

/* Opens FILE to read. -ENOENT, -EBADMSG (no trace, or damaged), -EPROTONOSUPPORT (made by a newer
 * dialtone), -ENOSYS without a library; each with a sentence. Close in any case. */
int reader_open(struct reader *reader, const char *file, struct err *err);
void reader_close(struct reader *reader);

/* Chunks in the order they were recorded, which is the order in which events ended. */
struct chunk_cursor {
	struct reader *reader;
	sqlite3_stmt *stmt;
	struct event_filter filter;
	struct chunk chunk;
	int64_t chunk_id;
	unsigned char *wanted; /* a bit for each chunk up to last_chunk; NULL when any may be */
	int64_t last_chunk;
};

/* 0 or -errno with a sentence; end the cursor in any case. Chunks that cannot hold a wanted event
 * are not unpacked. */
int chunk_cursor_begin(struct chunk_cursor *cursor, struct reader *reader,
                       const struct event_filter *filter, struct err *err);
/* 1: cursor->chunk is the next; 0: there is none; -EBADMSG damaged, -ENOMEM. */
int chunk_cursor_next(struct chunk_cursor *cursor, struct err *err);
void chunk_cursor_end(struct chunk_cursor *cursor);

/* Hands every wanted event to the sink, in order. The sink's error ends it and is returned. */
int reader_each(struct reader *reader, const struct event_filter *filter,
                const struct event_sink *sink, struct err *err);

/* How many events there are, as the chunks say; 0 when they cannot be asked. Reads no chunk. */
int64_t reader_events(struct reader *reader);

/* Whether a program of this name (no quotes or % in it) was started, or one could not be, or was asked for by access(2) and
 * refused, for another reason than that it was not there. Reads no chunk. */
bool reader_has_program(struct reader *reader, struct arena *arena, const char *name);

/* Values of the table meta; "" and 0 when it has none. */
const char *reader_meta(struct reader *reader, struct arena *arena, const char *key);
int64_t reader_meta_number(struct reader *reader, const char *key);

#endif
