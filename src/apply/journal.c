/* SPDX-License-Identifier: MIT */
#include "apply/journal.h"

#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define SQLITE_LIBRARY "libsqlite3.so.0"
#define BUSY_MS        5000
#define VERSION        1 /* of the tables, PRAGMA user_version */

struct journal {
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
	int (*column_type)(sqlite3_stmt *, int);
	sqlite3_int64 (*last_rowid)(sqlite3 *);
	const char *(*errmsg)(sqlite3 *);
	int (*busy_timeout)(sqlite3 *, int);
};

/* Paths and texts are blobs: a path need not be UTF-8. before_bytes NULL: there was no file. */
static const char tables[] =
	"CREATE TABLE IF NOT EXISTS change ("
	"id INTEGER PRIMARY KEY AUTOINCREMENT, at_ns INTEGER NOT NULL, path BLOB NOT NULL,"
	"before_bytes BLOB, before_mode INTEGER, before_uid INTEGER, before_gid INTEGER,"
	"after_bytes BLOB, after_mode INTEGER, after_uid INTEGER, after_gid INTEGER,"
	"made_dirs BLOB, cause BLOB, why BLOB, state INTEGER NOT NULL, undoes INTEGER NOT NULL);";

static const char insert[] =
	"INSERT INTO change (at_ns, path, before_bytes, before_mode, before_uid, before_gid,"
	" after_bytes, after_mode, after_uid, after_gid, made_dirs, cause, why, state, undoes)"
	" VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)";

#define COLUMNS                                                                                    \
	"SELECT id, at_ns, path, made_dirs, cause, why, state, undoes,"                            \
	" before_mode, before_uid, before_gid, before_bytes IS NULL,"                              \
	" after_mode, after_uid, after_gid, after_bytes IS NULL"

static bool symbol_get(void *library, const char *name, void *ret_function) {
	void *symbol = dlsym(library, name);
	memcpy(ret_function, &symbol, sizeof(symbol));
	return symbol != NULL;
}

static bool bind_library(struct journal *j) {
	void *l = j->library;
	return symbol_get(l, "sqlite3_open_v2", &j->open) &&
	       symbol_get(l, "sqlite3_close", &j->close) &&
	       symbol_get(l, "sqlite3_exec", &j->exec) &&
	       symbol_get(l, "sqlite3_prepare_v2", &j->prepare) &&
	       symbol_get(l, "sqlite3_bind_int64", &j->bind_int64) &&
	       symbol_get(l, "sqlite3_bind_blob", &j->bind_blob) &&
	       symbol_get(l, "sqlite3_bind_null", &j->bind_null) &&
	       symbol_get(l, "sqlite3_step", &j->step) &&
	       symbol_get(l, "sqlite3_finalize", &j->finalize) &&
	       symbol_get(l, "sqlite3_column_int64", &j->column_int64) &&
	       symbol_get(l, "sqlite3_column_blob", &j->column_blob) &&
	       symbol_get(l, "sqlite3_column_bytes", &j->column_bytes) &&
	       symbol_get(l, "sqlite3_column_type", &j->column_type) &&
	       symbol_get(l, "sqlite3_last_insert_rowid", &j->last_rowid) &&
	       symbol_get(l, "sqlite3_errmsg", &j->errmsg) &&
	       symbol_get(l, "sqlite3_busy_timeout", &j->busy_timeout);
}

const char *journal_state_name(enum journal_state state) {
	static const char *const names[] = {"intended", "done", "undone", "failed"};
	return state >= JOURNAL_INTENDED && state <= JOURNAL_FAILED ? names[state] : "unknown";
}

/* Makes a directory and its parents; 0 or -errno. */
static int make_path(struct arena *arena, const char *dir) {
	struct stat st;
	if (stat(dir, &st) == 0) {
		return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	}
	int r = streq(dir, "/") ? 0 : make_path(arena, path_parent(arena, dir));
	if (r == 0 && mkdir(dir, 0700) < 0 && errno != EEXIST) {
		r = -errno;
	}
	return r;
}

static const char *state_dir(struct arena *arena) {
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	if (state && state[0] == '/') {
		return path_join(arena, state, "dialtone");
	}
	return home && home[0] == '/' ? path_join(arena, home, ".local/state/dialtone") : NULL;
}

static int complain(struct journal *j, struct err *err, const char *what) {
	return err_set(err, -EIO, "cannot %s the journal: %s", what,
	               j->db ? j->errmsg(j->db) : "no memory");
}

static int open_file(struct journal *j, const char *dir, bool write, struct err *err) {
	struct arena *arena = arena_new();
	const char *file = path_join(arena, dir, "journal.db");
	int flags = write ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE : SQLITE_OPEN_READWRITE;
	int r = write ? make_path(arena, dir) : 0;
	if (r < 0) {
		err_set(err, r, "cannot make '%s' for the journal: %s", dir, strerror(-r));
	} else if (!write && access(file, F_OK) < 0) {
		r = err_set(err, -ENOENT, "nothing was ever changed: there is no '%s'", file);
	} else {
		/* It holds the bytes of files: for its owner only, from its first byte on. */
		int fd = write ? open(file, O_RDWR | O_CREAT | O_CLOEXEC, 0600) : -1;
		if (fd >= 0) {
			close(fd);
		}
		r = j->open(file, &j->db, flags, NULL) == SQLITE_OK ? 0 : complain(j, err, "open");
	}
	arena_free(arena);
	return r;
}

static int prepare_tables(struct journal *j, struct err *err) {
	sqlite3_stmt *stmt = NULL;
	int64_t version = -1;
	(void)j->busy_timeout(j->db, BUSY_MS);
	if (j->prepare(j->db, "PRAGMA user_version", -1, &stmt, NULL) == SQLITE_OK &&
	    j->step(stmt) == SQLITE_ROW) {
		version = j->column_int64(stmt, 0);
	}
	j->finalize(stmt);
	if (version > VERSION) {
		return err_set(err, -EPROTO, "the journal was written by a newer dialtone");
	}
	if (version < 0 || j->exec(j->db, "PRAGMA synchronous = FULL", NULL, NULL, NULL) ||
	    j->exec(j->db, tables, NULL, NULL, NULL) ||
	    (version == 0 && j->exec(j->db, "PRAGMA user_version = 1", NULL, NULL, NULL))) {
		return complain(j, err, "prepare");
	}
	return 0;
}

struct journal *journal_open(bool write, struct err *err) {
	struct journal *j = calloc(1, sizeof(*j));
	if (!j) {
		err_set(err, -ENOMEM, "no memory for the journal");
		return NULL;
	}
	struct arena *arena = arena_new();
	const char *dir = state_dir(arena);
	j->library = dlopen(SQLITE_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	bool ready = false;
	if (!dir) {
		err_set(err, -ENOENT, "neither HOME nor XDG_STATE_HOME says where the journal is");
	} else if (!j->library || !bind_library(j)) {
		err_set(err, -ENOSYS,
		        "changes are journaled in a database, and the library '%s' for it is not "
		        "installed; nothing is changed without a journal",
		        SQLITE_LIBRARY);
	} else {
		ready = open_file(j, dir, write, err) == 0 && prepare_tables(j, err) == 0;
	}
	arena_free(arena);
	if (!ready) {
		journal_close(j);
		return NULL;
	}
	return j;
}

void journal_close(struct journal *j) {
	if (!j) {
		return;
	}
	if (j->db) {
		j->close(j->db);
	}
	if (j->library) {
		dlclose(j->library);
	}
	free(j);
}

static void bind_slice(struct journal *j, sqlite3_stmt *stmt, int at, struct slice s) {
	/* An empty blob needs a pointer, else it is NULL. */
	j->bind_blob(stmt, at, s.len > 0 ? s.data : "", (int)s.len, SQLITE_STATIC);
}

static void bind_image(struct journal *j, sqlite3_stmt *stmt, int at, const struct image *image) {
	if (image->exists) {
		bind_slice(j, stmt, at, image->bytes);
	} else {
		j->bind_null(stmt, at);
	}
	j->bind_int64(stmt, at + 1, image->mode);
	j->bind_int64(stmt, at + 2, image->uid);
	j->bind_int64(stmt, at + 3, image->gid);
}

int journal_begin(struct journal *j, struct journal_entry *entry, struct err *err) {
	sqlite3_stmt *stmt = NULL;
	if (j->prepare(j->db, insert, -1, &stmt, NULL) != SQLITE_OK) {
		return complain(j, err, "write");
	}
	entry->at_ns = clock_wall_ns();
	entry->state = JOURNAL_INTENDED;
	j->bind_int64(stmt, 1, entry->at_ns);
	bind_slice(j, stmt, 2, slice_str(entry->path));
	bind_image(j, stmt, 3, &entry->before);
	bind_image(j, stmt, 7, &entry->after);
	bind_slice(j, stmt, 11, slice_str(entry->made_dirs));
	bind_slice(j, stmt, 12, slice_str(entry->cause));
	bind_slice(j, stmt, 13, slice_str(entry->why));
	j->bind_int64(stmt, 14, entry->state);
	j->bind_int64(stmt, 15, entry->undoes);
	int r = j->step(stmt);
	j->finalize(stmt);
	if (r != SQLITE_DONE) {
		return complain(j, err, "write");
	}
	entry->id = j->last_rowid(j->db);
	return 0;
}

int journal_set_state(struct journal *j, int64_t id, enum journal_state state, struct err *err) {
	sqlite3_stmt *stmt = NULL;
	if (j->prepare(j->db, "UPDATE change SET state = ?1 WHERE id = ?2", -1, &stmt, NULL) !=
	    SQLITE_OK) {
		return complain(j, err, "write");
	}
	j->bind_int64(stmt, 1, state);
	j->bind_int64(stmt, 2, id);
	int r = j->step(stmt);
	j->finalize(stmt);
	return r == SQLITE_DONE ? 0 : complain(j, err, "write");
}

static struct slice column(struct journal *j, struct arena *arena, sqlite3_stmt *stmt, int at) {
	const void *data = j->column_blob(stmt, at);
	int len = j->column_bytes(stmt, at);
	if (!data || len <= 0) {
		return slice_of("", 0);
	}
	return slice_of(arena_strndup(arena, data, (size_t)len), (size_t)len);
}

static struct image image_of(struct journal *j, sqlite3_stmt *stmt, int at) {
	return (struct image){
		.exists = j->column_int64(stmt, at + 3) == 0,
		.mode = (mode_t)j->column_int64(stmt, at),
		.uid = (uid_t)j->column_int64(stmt, at + 1),
		.gid = (gid_t)j->column_int64(stmt, at + 2),
	};
}

static struct journal_entry entry_of(struct journal *j, struct arena *arena, sqlite3_stmt *stmt) {
	return (struct journal_entry){
		.id = j->column_int64(stmt, 0),
		.at_ns = j->column_int64(stmt, 1),
		.path = column(j, arena, stmt, 2).data,
		.made_dirs = column(j, arena, stmt, 3).data,
		.cause = column(j, arena, stmt, 4).data,
		.why = column(j, arena, stmt, 5).data,
		.state = (enum journal_state)j->column_int64(stmt, 6),
		.undoes = j->column_int64(stmt, 7),
		.before = image_of(j, stmt, 8),
		.after = image_of(j, stmt, 12),
	};
}

int journal_find(struct journal *j, struct arena *arena, int64_t id, struct journal_entry *ret,
                 struct err *err) {
	static const char by_id[] = COLUMNS ", before_bytes, after_bytes FROM change WHERE id = ?1";
	static const char last[] =
		COLUMNS ", before_bytes, after_bytes FROM change"
			" WHERE state = ?1 AND undoes = 0 ORDER BY id DESC LIMIT 1";
	sqlite3_stmt *stmt = NULL;
	if (j->prepare(j->db, id ? by_id : last, -1, &stmt, NULL) != SQLITE_OK) {
		return complain(j, err, "read");
	}
	j->bind_int64(stmt, 1, id ? id : (int64_t)JOURNAL_DONE);
	int r = j->step(stmt);
	if (r == SQLITE_ROW) {
		*ret = entry_of(j, arena, stmt);
		ret->before.bytes = column(j, arena, stmt, 16);
		ret->after.bytes = column(j, arena, stmt, 17);
	}
	j->finalize(stmt);
	if (r == SQLITE_ROW) {
		return 0;
	}
	if (r != SQLITE_DONE) {
		return complain(j, err, "read");
	}
	return id ? err_set(err, -ENOENT, "the journal has no change %lld", (long long)id)
	          : err_set(err, -ENOENT, "there is no change that could be taken back");
}

int journal_list(struct journal *j, struct arena *arena, size_t limit, struct journal_entry **ret,
                 size_t *ret_count, struct err *err) {
	sqlite3_stmt *stmt = NULL;
	if (j->prepare(j->db, COLUMNS " FROM change ORDER BY id DESC LIMIT ?1", -1, &stmt, NULL) !=
	    SQLITE_OK) {
		return complain(j, err, "read");
	}
	j->bind_int64(stmt, 1, (sqlite3_int64)limit);
	struct journal_entry *entries = arena_array_of(arena, struct journal_entry, limit);
	size_t count = 0;
	int r = SQLITE_DONE;
	while (count < limit && (r = j->step(stmt)) == SQLITE_ROW) {
		entries[count++] = entry_of(j, arena, stmt);
	}
	j->finalize(stmt);
	if (r != SQLITE_DONE && r != SQLITE_ROW) {
		return complain(j, err, "read");
	}
	*ret = entries;
	*ret_count = count;
	return 0;
}
