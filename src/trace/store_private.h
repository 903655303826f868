/* SPDX-License-Identifier: MIT
 * Between store.c (file and chunks), store_rows.c (ordinary tables) and store_sums.c (summaries).
 */
#ifndef TRACE_STORE_PRIVATE_H
#define TRACE_STORE_PRIVATE_H

#include "base/sqlite.h"
#include "trace/chunk.h"
#include "trace/store.h"

enum store_statement {
	PUT_META,
	PUT_CHUNK,
	PUT_PROCESS,
	PUT_CHILD,
	COUNT_THREAD,
	END_THREAD,
	END_PROCESS,
	SET_PROGRAM,
	PUT_EXEC,
	FILL_EXEC,
	PUT_FORK,
	PUT_EXIT,
	PUT_SIGNAL,
	PUT_LOST,
	PUT_CALL,
	PUT_SUM,
	PUT_ERROR,
	PUT_KIND,
	STORE_STATEMENTS,
};

struct call_sum {
	int32_t pid, arch, number;
	uint64_t calls, failed, unfinished;
	int64_t total_ns, shortest_ns, longest_ns;
};

struct error_sum {
	int32_t pid, arch, number, error;
	uint64_t calls;
};

struct kind_sum {
	int32_t kind, pid;
	uint64_t events;
};

struct store_sums {
	struct dictionary calls, errors, kinds; /* numbers of the rows below */
	struct call_sum *call_rows;
	struct error_sum *error_rows;
	struct kind_sum *kind_rows;
	size_t call_slots, error_slots, kind_slots;
	int64_t first_ns, last_ns, longest_ns;
	uint64_t failed;
	bool no_memory;
};

struct store {
	struct sqlite sqlite;
	sqlite3_stmt *statements[STORE_STATEMENTS];
	struct squeeze *squeeze;
	struct chunk_writer writer;
	struct column head, data;
	struct store_sums sums;
	int64_t chunk_id;   /* of the chunk being filled */
	int64_t flushed_ns; /* when the last one was written, in the events' time */
	bool open;          /* a transaction is */
	uint64_t events, lost;
	struct err err; /* the first that went wrong; nothing is taken after it */
};

/* Binds and runs one statement; types as sqlite_bind has them. 0 or -EIO, said in store->err. */
int store_run(struct store *store, enum store_statement statement, const char *types, ...);

/* Rows of ordinary tables for an event; calls have none but execve. */
int store_rows(struct store *store, const struct event *event);

void store_sums_add(struct store_sums *sums, const struct event *event);
/* Writes the rows of the chunk and forgets them. */
int store_sums_write(struct store *store);
void store_sums_free(struct store_sums *sums);

#endif
