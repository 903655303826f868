/* SPDX-License-Identifier: MIT */
#include "apply/database.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define BUSY_MS 5000

int database_complain(struct sqlite *d, const char *what, struct err *err) {
	return err_set(err, -EIO, "cannot %s the journal: %s", what,
	               d->db ? d->errmsg(d->db) : "no memory");
}

int database_open(struct sqlite *d, const char *file, bool create, struct err *err) {
	int r = sqlite_load(d, "the journal, without which nothing is changed,", err);
	if (r < 0) {
		return r;
	}
	/* It holds the bytes of files: for its owner only, from its first byte on. */
	int fd = create ? open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
	if (fd >= 0) {
		close(fd);
	}
	int flags = SQLITE_OPEN_READWRITE | (create ? SQLITE_OPEN_CREATE : 0);
	if (d->open_v2(file, &d->db, flags, NULL) != SQLITE_OK) {
		return database_complain(d, "open", err);
	}
	(void)d->busy_timeout(d->db, BUSY_MS);
	return database_run(d, "PRAGMA synchronous = EXTRA", err);
}

int database_run(struct sqlite *d, const char *sql, struct err *err) {
	return d->exec(d->db, sql, NULL, NULL, NULL) == SQLITE_OK
	               ? 0
	               : database_complain(d, "write", err);
}

int database_version(struct sqlite *d, int64_t *ret, struct err *err) {
	sqlite3_stmt *stmt = NULL;
	bool known = d->prepare_v2(d->db, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK &&
	             d->step(stmt) == SQLITE_ROW;
	*ret = known ? d->column_int64(stmt, 0) : 0;
	int r = known ? 0 : database_complain(d, "read", err);
	d->finalize(stmt);
	return r;
}

struct slice database_column(struct sqlite *d, struct arena *arena, sqlite3_stmt *stmt, int at) {
	struct slice bytes = sqlite_column(d, stmt, at);
	return slice_of(arena_strndup(arena, bytes.data, bytes.len), bytes.len);
}
