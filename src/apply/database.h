/* SPDX-License-Identifier: MIT
 * SQLite, opened at run time: who cannot journal does not write, but everything else works without it.
 */
#ifndef APPLY_DATABASE_H
#define APPLY_DATABASE_H

#include "base/arena.h"
#include "base/err.h"

#include <sqlite3.h>
#include <stdbool.h>
#include <stdint.h>

struct database {
	void *library;
	sqlite3 *db;
	int (*open)(const char *, sqlite3 **, int, const char *);
	int (*close)(sqlite3 *);
	int (*exec)(sqlite3 *, const char *, int (*)(void *, int, char **, char **), void *,
	            char **);
	int (*prepare)(sqlite3 *, const char *, int, sqlite3_stmt **, const char **);
	int (*bind_int64)(sqlite3_stmt *, int, sqlite3_int64);
	int (*bind_blob)(sqlite3_stmt *, int, const void *, int, void (*)(void *));
	int (*bind_null)(sqlite3_stmt *, int);
	int (*step)(sqlite3_stmt *);
	int (*finalize)(sqlite3_stmt *);
	sqlite3_int64 (*column_int64)(sqlite3_stmt *, int);
	const void *(*column_blob)(sqlite3_stmt *, int);
	int (*column_bytes)(sqlite3_stmt *, int);
	sqlite3_int64 (*last_rowid)(sqlite3 *);
	const char *(*errmsg)(sqlite3 *);
	int (*busy_timeout)(sqlite3 *, int);
};

/* Opens the library and the file (made when create, mode 0600). 0; -ENOSYS without a library, else -EIO, with a sentence.
 * Close it in any case. Commits are on the disk when they return (synchronous = EXTRA). */
int database_open(struct database *db, const char *file, bool create, struct err *err);
void database_close(struct database *db);

/* Statements without results. -EIO with a sentence. */
int database_run(struct database *db, const char *sql, struct err *err);
/* PRAGMA user_version; -EIO. */
int database_version(struct database *db, int64_t *ret, struct err *err);
/* -EIO and "cannot WHAT the journal: …". */
int database_complain(struct database *db, const char *what, struct err *err);

/* An empty slice is an empty blob, not NULL; a NULL data with len 0 too. */
void database_bind(struct database *db, sqlite3_stmt *stmt, int at, struct slice bytes);
/* Copied into the arena and NUL-terminated; "" for NULL. */
struct slice database_column(struct database *db, struct arena *arena, sqlite3_stmt *stmt, int at);

#endif
