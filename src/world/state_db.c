/* SPDX-License-Identifier: MIT
 * One value of a state database of VS Code (state.vscdb): a SQLite file with the table
 * ItemTable (key, value). Source: microsoft/vscode src/vs/base/parts/storage/node/storage.ts.
 * SQLite is opened at run time and told that the file never changes (immutable=1, sqlite.org/uri.html): so it takes no lock,
 * rolls nothing back and leaves no -wal or -shm behind. What a write-ahead log beside the file
 * holds is then not seen, and that is said.
 */
#include "world/looks.h"

#include "base/path.h"

#include <dlfcn.h>
#include <errno.h>
#include <sqlite3.h>
#include <sys/stat.h>

#define SQLITE_LIBRARY "libsqlite3.so.0"
#define STEPS_MAX      1000000 /* of SQLite's virtual machine: a hostile file must come to an end */

struct sqlite {
	void *library;
	int (*open)(const char *, sqlite3 **, int, const char *);
	int (*close)(sqlite3 *);
	int (*prepare)(sqlite3 *, const char *, int, sqlite3_stmt **, const char **);
	int (*bind_text)(sqlite3_stmt *, int, const char *, int, void (*)(void *));
	int (*step)(sqlite3_stmt *);
	const void *(*column_blob)(sqlite3_stmt *, int);
	int (*column_bytes)(sqlite3_stmt *, int);
	int (*finalize)(sqlite3_stmt *);
	void (*progress_handler)(sqlite3 *, int, int (*)(void *), void *);
};

/* ISO C has no conversion between object and function pointers; POSIX promises that dlsym's works.
 */
static bool symbol_get(void *library, const char *name, void *ret_function) {
	void *symbol = dlsym(library, name);

	memcpy(ret_function, &symbol, sizeof symbol);
	return symbol != NULL;
}

static bool sqlite_load(struct sqlite *s) {
	s->library = dlopen(SQLITE_LIBRARY, RTLD_NOW | RTLD_LOCAL);
	return s->library && symbol_get(s->library, "sqlite3_open_v2", &s->open) &&
	       symbol_get(s->library, "sqlite3_close_v2", &s->close) &&
	       symbol_get(s->library, "sqlite3_prepare_v2", &s->prepare) &&
	       symbol_get(s->library, "sqlite3_bind_text", &s->bind_text) &&
	       symbol_get(s->library, "sqlite3_step", &s->step) &&
	       symbol_get(s->library, "sqlite3_column_blob", &s->column_blob) &&
	       symbol_get(s->library, "sqlite3_column_bytes", &s->column_bytes) &&
	       symbol_get(s->library, "sqlite3_finalize", &s->finalize) &&
	       symbol_get(s->library, "sqlite3_progress_handler", &s->progress_handler);
}

/* file:/a%20b?mode=ro&immutable=1 */
static const char *database_uri(struct arena *arena, const char *path) {
	return arena_printf(arena, "%s?mode=ro&immutable=1", path_to_uri(arena, path));
}

static int stop_it(void *nothing) {
	(void)nothing;
	return 1;
}

/* 0, or a positive errno; the value (none: not there) goes into reply, cut at cap. */
static int value_read(const struct sqlite *s, sqlite3 *db, const struct look_request *request,
                      const char *key, struct look_reply *reply) {
	sqlite3_stmt *statement = NULL;
	int r = s->prepare(db, "SELECT value FROM ItemTable WHERE key = ?", -1, &statement, NULL);

	if (r == SQLITE_OK) {
		r = s->bind_text(statement, 1, key, -1, SQLITE_STATIC);
	}
	if (r == SQLITE_OK) {
		r = s->step(statement);
	}
	if (r == SQLITE_ROW) {
		const void *value = s->column_blob(statement, 0);
		int bytes = s->column_bytes(statement, 0);
		size_t len = bytes > 0 ? (size_t)bytes : 0;

		if (value) {
			strbuf_add_n(&reply->bytes, value, len < request->cap ? len : request->cap);
		}
		reply->state = len > request->cap ? EV_TRUNCATED : EV_READ;
	}
	s->finalize(statement);
	return r == SQLITE_ROW || r == SQLITE_DONE ? 0 : EBADMSG;
}

static bool has_log(struct arena *arena, const char *path) {
	struct stat st;

	return stat(arena_printf(arena, "%s-wal", path), &st) == 0 && st.st_size > 0;
}

void look_state(const struct looker *looker, const struct look_request *request,
                struct look_reply *reply) {
	(void)looker;
	const char *mark = strrchr(request->arg, '?');
	struct sqlite s = {0};
	sqlite3 *db = NULL;
	struct stat st;

	if (!mark) {
		look_reply_errno(reply, EINVAL);
		return;
	}
	const char *path =
		arena_strndup(request->arena, request->arg, (size_t)(mark - request->arg));
	int error = stat(path, &st) < 0 ? errno : S_ISREG(st.st_mode) ? 0 : EINVAL;

	if (error || !sqlite_load(&s)) {
		look_reply_errno(reply, error ? error : ENOSYS);
		return;
	}
	look_reply_errno(reply, 0);
	if (s.open(database_uri(request->arena, path), &db, SQLITE_OPEN_READONLY | SQLITE_OPEN_URI,
	           NULL) == SQLITE_OK) {
		s.progress_handler(db, STEPS_MAX, stop_it, NULL);
		error = value_read(&s, db, request, mark + 1, reply);
	} else {
		error = EACCES;
	}
	s.close(db);
	if (error) {
		look_reply_errno(reply, error);
	} else if (has_log(request->arena, path)) {
		reply->state = EV_TRUNCATED;
	}
}
