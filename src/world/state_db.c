/* SPDX-License-Identifier: MIT
 * One value of a state database of VS Code (state.vscdb): a SQLite file with the table
 * ItemTable (key, value). Source: microsoft/vscode src/vs/base/parts/storage/node/storage.ts.
 * SQLite is opened at run time and told that the file never changes (immutable=1, sqlite.org/uri.html): so it takes no lock,
 * rolls nothing back and leaves no -wal or -shm behind. What a write-ahead log beside the file
 * holds is then not seen, and that is said.
 */
#include "world/looks.h"

#include "base/path.h"
#include "base/sqlite.h"

#include <errno.h>
#include <sys/stat.h>

#define STEPS_MAX 1000000 /* of SQLite's virtual machine: a hostile file must come to an end */

/* file:/a%20b?mode=ro&immutable=1 */
static const char *database_uri(struct arena *arena, const char *path) {
	return arena_printf(arena, "%s?mode=ro&immutable=1", path_to_uri(arena, path));
}

static int stop_it(void *nothing) {
	(void)nothing;
	return 1;
}

/* 0, or a positive errno; the value (none: not there) goes into reply, cut at cap. */
static int value_read(const struct sqlite *s, const struct look_request *request, const char *key,
                      struct look_reply *reply) {
	sqlite3_stmt *statement = NULL;
	int r = s->prepare_v2(s->db, "SELECT value FROM ItemTable WHERE key = ?", -1, &statement,
	                      NULL);
	if (r == SQLITE_OK) {
		sqlite_bind(s, statement, 1, "s", slice_str(key));
		r = s->step(statement);
	}
	if (r == SQLITE_ROW) {
		struct slice value = sqlite_column(s, statement, 0);
		strbuf_add_n(&reply->bytes, value.data,
		             value.len < request->cap ? value.len : request->cap);
		reply->state = value.len > request->cap ? EV_TRUNCATED : EV_READ;
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
	struct stat st;

	if (!mark) {
		look_reply_errno(reply, EINVAL);
		return;
	}
	const char *path =
		arena_strndup(request->arena, request->arg, (size_t)(mark - request->arg));
	int error = stat(path, &st) < 0 ? errno : S_ISREG(st.st_mode) ? 0 : EINVAL;

	if (error || sqlite_load(&s, "a state database", NULL) < 0) {
		sqlite_unload(&s);
		look_reply_errno(reply, error ? error : ENOSYS);
		return;
	}
	look_reply_errno(reply, 0);
	if (s.open_v2(database_uri(request->arena, path), &s.db,
	              SQLITE_OPEN_READONLY | SQLITE_OPEN_URI, NULL) == SQLITE_OK) {
		s.progress_handler(s.db, STEPS_MAX, stop_it, NULL);
		error = value_read(&s, request, mark + 1, reply);
	} else {
		error = EACCES;
	}
	sqlite_unload(&s);
	if (error) {
		look_reply_errno(reply, error);
	} else if (has_log(request->arena, path)) {
		reply->state = EV_TRUNCATED;
	}
}
