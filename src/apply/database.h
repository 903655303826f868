/* SPDX-License-Identifier: MIT
 * The journal's database. SQLite is opened at run time: who cannot journal does not write, but everything else works
 * without it.
 */
#ifndef APPLY_DATABASE_H
#define APPLY_DATABASE_H

#include "base/arena.h"
#include "base/err.h"
#include "base/sqlite.h"

#include <stdbool.h>
#include <stdint.h>

/* Opens the library and the file (made when create, mode 0600). 0; -ENOSYS without a library, else -EIO, with a sentence.
 * sqlite_unload it in any case. Commits are on the disk when they return (synchronous = EXTRA). */
int database_open(struct sqlite *db, const char *file, bool create, struct err *err);

/* Statements without results. -EIO with a sentence. */
int database_run(struct sqlite *db, const char *sql, struct err *err);
/* PRAGMA user_version; -EIO. */
int database_version(struct sqlite *db, int64_t *ret, struct err *err);
/* -EIO and "cannot WHAT the journal: …". */
int database_complain(struct sqlite *db, const char *what, struct err *err);

/* Copied into the arena and NUL-terminated; "" for NULL. */
struct slice database_column(struct sqlite *db, struct arena *arena, sqlite3_stmt *stmt, int at);

#endif
