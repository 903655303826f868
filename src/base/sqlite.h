/* SPDX-License-Identifier: MIT
 * SQLite, opened at run time: a machine without it lacks what is kept in databases and nothing else.
 * The members are SQLite's functions, called as there: db->prepare_v2(…) is sqlite3_prepare_v2(…).
 */
#ifndef BASE_SQLITE_H
#define BASE_SQLITE_H

#include "base/err.h"
#include "base/slice.h"

#include <sqlite3.h>
#include <stdarg.h>

#define SQLITE_FUNCTIONS(X)                                                                        \
	X(open_v2)                                                                                 \
	X(close_v2)                                                                                \
	X(exec)                                                                                    \
	X(prepare_v2)                                                                              \
	X(step)                                                                                    \
	X(reset)                                                                                   \
	X(finalize)                                                                                \
	X(bind_int64)                                                                              \
	X(bind_blob)                                                                               \
	X(bind_text)                                                                               \
	X(bind_null)                                                                               \
	X(column_count)                                                                            \
	X(column_name)                                                                             \
	X(column_type)                                                                             \
	X(column_int64)                                                                            \
	X(column_double)                                                                           \
	X(column_text)                                                                             \
	X(column_blob)                                                                             \
	X(column_bytes)                                                                            \
	X(errmsg)                                                                                  \
	X(busy_timeout)                                                                            \
	X(limit)                                                                                   \
	X(db_config)                                                                               \
	X(set_authorizer)                                                                          \
	X(progress_handler)                                                                        \
	X(create_module_v2)                                                                        \
	X(declare_vtab)                                                                            \
	X(vtab_collation)                                                                          \
	X(value_int64)                                                                             \
	X(value_text)                                                                              \
	X(value_type)                                                                              \
	X(result_int64)                                                                            \
	X(result_text)                                                                             \
	X(result_blob)                                                                             \
	X(result_null)                                                                             \
	X(stmt_readonly)                                                                           \
	X(last_insert_rowid)                                                                       \
	X(changes)

struct sqlite {
	void *library;
	sqlite3 *db;
#define X(name) __typeof__(sqlite3_##name) *name;
	SQLITE_FUNCTIONS(X)
#undef X
};

/* Opens the library only; db stays NULL until open_v2. 0, or -ENOSYS with a sentence that begins
 * with what needs it. Close in any case. */
int sqlite_load(struct sqlite *sqlite, const char *what_needs_it, struct err *err);
void sqlite_unload(struct sqlite *sqlite);

/* Binds values to the parameters from `at` on, a letter for each: i int64_t; s struct slice as text, NULL without data;
 * b struct slice as a blob, an empty one without data; n NULL, for which no value is given. The bytes are not copied.
 * Returns the number of the parameter behind them. */
int sqlite_bind(const struct sqlite *sqlite, sqlite3_stmt *stmt, int at, const char *types, ...);
int sqlite_bind_args(const struct sqlite *sqlite, sqlite3_stmt *stmt, int at, const char *types,
                     va_list args);
/* The bytes of a column of the current row, SQLite's until the next; "" for NULL. */
struct slice sqlite_column(const struct sqlite *sqlite, sqlite3_stmt *stmt, int at);

#endif
