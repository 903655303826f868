/* SPDX-License-Identifier: MIT */
#include "apply/database.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define SQLITE_LIBRARY "libsqlite3.so.0"
#define BUSY_MS        5000

static bool symbol_get(void *library, const char *name, void *ret_function) {
	void *symbol = dlsym(library, name);
	memcpy(ret_function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

static bool bind_library(struct database *d) {
	void *l = d->library;
	return symbol_get(l, "sqlite3_open_v2", &d->open) &&
	       symbol_get(l, "sqlite3_close", &d->close) &&
	       symbol_get(l, "sqlite3_exec", &d->exec) &&
	       symbol_get(l, "sqlite3_prepare_v2", &d->prepare) &&
	       symbol_get(l, "sqlite3_bind_int64", &d->bind_int64) &&
	       symbol_get(l, "sqlite3_bind_blob", &d->bind_blob) &&
	       symbol_get(l, "sqlite3_bind_null", &d->bind_null) &&
	       symbol_get(l, "sqlite3_step", &d->step) &&
	       symbol_get(l, "sqlite3_finalize", &d->finalize) &&
	       symbol_get(l, "sqlite3_column_int64", &d->column_int64) &&
	       symbol_get(l, "sqlite3_column_blob", &d->column_blob) &&
	       symbol_get(l, "sqlite3_column_bytes", &d->column_bytes) &&
	       symbol_get(l, "sqlite3_last_insert_rowid", &d->last_rowid) &&
	       symbol_get(l, "sqlite3_errmsg", &d->errmsg) &&
	       symbol_get(l, "sqlite3_busy_timeout", &d->busy_timeout);
}

int database_complain(struct database *d, const char *what, struct err *err) {
	return err_set(err, -EIO, "cannot %s the journal: %s", what,
	               d->db ? d->errmsg(d->db) : "no memory");
}

int database_open(struct database *d, const char *file, bool create, struct err *err) {
	d->library = dlopen(SQLITE_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	if (!d->library || !bind_library(d)) {
		return err_set(err, -ENOSYS,
		               "changes are journaled in a database, and the library '%s' for it "
		               "is not installed; nothing is changed without a journal",
		               SQLITE_LIBRARY);
	}
	/* It holds the bytes of files: for its owner only, from its first byte on. */
	int fd = create ? open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (fd >= 0) {
		close(fd);
	}
	int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
	if (d->open(file, &d->db, flags, NULL) != SQLITE_OK) {
		return database_complain(d, "open", err);
	}
	(void)d->busy_timeout(d->db, BUSY_MS);
	return database_run(d, "PRAGMA synchronous = EXTRA", err);
}

void database_close(struct database *d) {
	if (d->db) {
		d->close(d->db);
	}
	if (d->library) {
		dlclose(d->library);
	}
	*d = (struct database){0};
}

int database_run(struct database *d, const char *sql, struct err *err) {
	return d->exec(d->db, sql, NULL, NULL, NULL) == SQLITE_OK
	               ? 0
	               : database_complain(d, "write", err);
}

int database_version(struct database *d, int64_t *ret, struct err *err) {
	sqlite3_stmt *stmt = NULL;
	bool known = d->prepare(d->db, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK &&
	             d->step(stmt) == SQLITE_ROW;
	*ret = known ? d->column_int64(stmt, 0) : 0;
	int r = known ? 0 : database_complain(d, "read", err);
	d->finalize(stmt);
	return r;
}

void database_bind(struct database *d, sqlite3_stmt *stmt, int at, struct slice s) {
	/* An empty blob needs a pointer, else it is NULL. */
	d->bind_blob(stmt, at, s.len > 0 ? s.data : "", (int)s.len, SQLITE_STATIC);
}

struct slice database_column(struct database *d, struct arena *arena, sqlite3_stmt *stmt, int at) {
	const void *data = d->column_blob(stmt, at);
	int len = d->column_bytes(stmt, at);
	if (!data || len <= 0) {
		return slice_of("", 0);
	}
	return slice_of(arena_strndup(arena, data, (size_t)len), (size_t)len);
}
