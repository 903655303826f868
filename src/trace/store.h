/* SPDX-License-Identifier: MIT
 * The file of a recording: SQLite with events in compressed chunks and ordinary tables for what
 * people ask most (docs/trace-format.md). Bounded memory however long it records; a recorder that
 * is killed leaves a file that is whole up to the last second or chunk.
 */
#ifndef TRACE_STORE_H
#define TRACE_STORE_H

#include "base/err.h"
#include "trace/backend.h"
#include "trace/event.h"

struct store;

struct store_about {
	const char *backend; /* its name */
	const char *command; /* what was asked for, for people: a command line, pids */
	const char *set;     /* which calls */
	uint64_t string_bytes, data_bytes; /* of trace_request */
};

/* Makes FILE (mode 0600). A file that is there is replaced only when it is empty or a trace itself
 * (-EEXIST). -ENOSYS without libsqlite3 or libzstd, -EIO. *ret_store is yours to finish. */
int store_create(const char *file, const struct store_about *about, struct store **ret_store,
                 struct err *err);

/* Takes events for the store, which must outlive it. */
struct event_sink store_sink(struct store *store);

/* Writes what is still in memory: for a recorder in which nothing happens. -EIO. */
int store_flush(struct store *store, struct err *err);

/* Text that goes with the recording under this key of the table meta. -EIO. */
int store_put_text(struct store *store, const char *key, struct slice text);

/* What the sink's -EIO was about. */
const char *store_complaint(const struct store *store);

/* Writes the rest and the outcome (NULL: not known), makes one file of it, closes and frees.
 * 0 or -errno with a sentence; NULL store is fine. */
int store_finish(struct store *store, const struct trace_outcome *outcome, struct err *err);

#endif
