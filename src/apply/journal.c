/* SPDX-License-Identifier: MIT */
#include "apply/journal.h"

#include "apply/database.h"
#include "apply/journal_schema.h"
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "base/vec.h"

#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

struct journal {
	struct sqlite db;
};

static const char insert_repair[] =
	"INSERT INTO repair (at_ns, undone_ns, state, cause, subject, why, workspace, nonce, note,"
	" undoes, dirs) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

#define REPAIR_COLUMNS                                                                             \
	"SELECT id, at_ns, undone_ns, state, cause, subject, why, workspace, nonce, note, undoes," \
	" dirs FROM repair"

#define IMAGE_NAMES(side)                                                                          \
	side "_kind, " side "_mode, " side "_uid, " side "_gid, " side "_size, " side              \
	     "_mtime, " side "_atime, " side "_kept, " side "_dev, " side "_ino, " side            \
	     "_bytes, " side "_xattrs"

#define CHANGE_COLUMNS                                                                             \
	"SELECT id, state, kind, what, path, target, made_dirs, before_kind, before_mode,"         \
	" before_uid, before_gid, before_size, before_mtime, before_atime, before_kept,"           \
	" before_dev, before_ino, after_kind, after_mode, after_uid, after_gid, after_size,"       \
	" after_mtime, after_atime, after_kept, after_dev, after_ino FROM change"

const char *repair_state_name(enum repair_state state) {
	static const char *const names[] = {"interrupted", "done", "undone", "failed",
	                                    "interrupted"};
	return state >= REPAIR_WORKING && state <= REPAIR_UNDOING ? names[state] : "unknown";
}

const char *change_state_name(enum change_state state) {
	static const char *const names[] = {"interrupted", "done",      "undone",
	                                    "failed",      "not begun", "interrupted"};
	return state >= CHANGE_INTENDED && state <= CHANGE_UNDOING ? names[state] : "unknown";
}

const char *change_kind_name(enum change_kind kind) {
	static const char *const names[] = {"file", "move", "modes", "run", "signal"};
	return kind >= CHANGE_FILE && kind <= CHANGE_SIGNAL ? names[kind] : "unknown";
}

struct journal_change *repair_add(struct arena *arena, struct repair *repair,
                                  enum change_kind kind) {
	VEC_ROOM(arena, repair->changes, repair->change_count, &repair->change_slots);
	struct journal_change *change = &repair->changes[repair->change_count++];
	*change = (struct journal_change){
		.kind = kind,
		.state = CHANGE_PLANNED,
		.what = "",
		.path = "",
		.to = "",
		.made_dirs = "",
	};
	return change;
}

int journal_make_path(struct arena *arena, const char *dir) {
	struct stat st;
	if (stat(dir, &st) == 0) {
		return S_ISDIR(st.st_mode) ? 0 : -ENOTDIR;
	}
	int r = streq(dir, "/") ? 0 : journal_make_path(arena, path_parent(arena, dir));
	if (r == 0 && mkdir(dir, 0700) < 0 && errno != EEXIST) {
		r = -errno;
	}
	return r;
}

const char *journal_dir(struct arena *arena) {
	const char *state = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	if (state && state[0] == '/') {
		return path_join(arena, state, "dialtone");
	}
	return home && home[0] == '/' ? path_join(arena, home, ".local/state/dialtone") : NULL;
}

static int open_in(struct journal *j, struct arena *arena, bool write, struct err *err) {
	const char *dir = journal_dir(arena);
	if (!dir) {
		return err_set(err, -ENOENT,
		               "neither HOME nor XDG_STATE_HOME says where the journal is");
	}
	const char *file = path_join(arena, dir, "journal.db");
	int r = write ? journal_make_path(arena, dir) : 0;
	if (r < 0) {
		return err_set(err, r, "cannot make '%s' for the journal: %s", dir, strerror(-r));
	}
	if (!write && access(file, F_OK) < 0) {
		return err_set(err, -ENOENT, "nothing was ever changed: there is no '%s'", file);
	}
	r = database_open(&j->db, file, write, err);
	return r < 0 ? r : journal_schema(&j->db, err);
}

struct journal *journal_open(bool write, struct err *err) {
	struct journal *j = calloc(1, sizeof(*j));
	if (!j) {
		err_set(err, -ENOMEM, "no memory for the journal");
		return NULL;
	}
	struct arena *arena = arena_new();
	int r = open_in(j, arena, write, err);
	arena_free(arena);
	if (r < 0) {
		journal_close(j);
		return NULL;
	}
	return j;
}

void journal_close(struct journal *j) {
	if (j) {
		sqlite_unload(&j->db);
		free(j);
	}
}

int journal_begin(struct journal *j, struct err *err) {
	return database_run(&j->db, "BEGIN IMMEDIATE", err);
}

int journal_commit(struct journal *j, struct err *err) {
	return database_run(&j->db, "COMMIT", err);
}

void journal_rollback(struct journal *j) {
	(void)j->db.exec(j->db.db, "ROLLBACK", NULL, NULL, NULL);
}

/* ---- writing ---- */

static int bind_image(struct sqlite *d, sqlite3_stmt *stmt, int at, const struct image *image) {
	at = sqlite_bind(d, stmt, at, "iiiiiiibiib", (int64_t)image->kind, (int64_t)image->mode,
	                 (int64_t)image->uid, (int64_t)image->gid, image->size, image->mtime_ns,
	                 image->atime_ns, slice_str(image->kept), (int64_t)image->dev,
	                 (int64_t)image->ino, image->bytes);
	return sqlite_bind(d, stmt, at, image->has_xattrs ? "b" : "n", image->xattrs);
}

static int finish(struct sqlite *d, sqlite3_stmt *stmt, struct err *err) {
	int r = d->step(stmt) == SQLITE_DONE ? 0 : database_complain(d, "write", err);
	d->finalize(stmt);
	return r;
}

static sqlite3_stmt *prepare(struct sqlite *d, const char *sql, const char *what, struct err *err) {
	sqlite3_stmt *stmt = NULL;
	if (d->prepare_v2(d->db, sql, -1, &stmt, NULL) != SQLITE_OK) {
		database_complain(d, what, err);
		return NULL;
	}
	return stmt;
}

const char *journal_nonce(struct arena *arena) {
	uint64_t bits = (uint64_t)clock_wall_ns();
	/* What is not random is at least of this moment; the name is only to be nobody else's. */
	ssize_t n = getrandom(&bits, sizeof(bits), GRND_NONBLOCK);
	(void)n;
	return arena_printf(arena, "%016llx", (unsigned long long)bits);
}

static int insert_the_repair(struct journal *j, struct repair *r, struct err *err) {
	struct sqlite *d = &j->db;
	sqlite3_stmt *stmt = prepare(d, insert_repair, "write", err);
	if (!stmt) {
		return -EIO;
	}
	sqlite_bind(d, stmt, 1, "iiibbbbbbib", r->at_ns, r->undone_ns, (int64_t)r->state,
	            slice_str(r->cause), slice_str(r->subject), slice_str(r->why),
	            slice_str(r->workspace), slice_str(r->nonce), slice_str(r->note), r->undoes,
	            r->dirs);
	int result = finish(d, stmt, err);
	r->id = d->last_insert_rowid(d->db);
	return result;
}

int journal_add_change(struct journal *j, const struct repair *repair, struct journal_change *c,
                       struct err *err) {
	static const char sql[] =
		"INSERT INTO change (repair, state, kind, what, path, target, made_dirs, detail,"
		" tree, at_ns, " IMAGE_NAMES("before") ", " IMAGE_NAMES(
			"after") ") VALUES"
				 " (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, "
				 "?, ?, ?, ?, ?, ?,"
				 " ?, ?, ?, ?, ?, ?, ?)";
	struct sqlite *d = &j->db;
	sqlite3_stmt *stmt = prepare(d, sql, "write", err);
	if (!stmt) {
		return -EIO;
	}
	int at = sqlite_bind(d, stmt, 1, "iiibbbbbbi", repair->id, (int64_t)c->state,
	                     (int64_t)c->kind, slice_str(c->what), slice_str(c->path),
	                     slice_str(c->to), slice_str(c->made_dirs), c->detail, c->tree,
	                     clock_wall_ns());
	at = bind_image(d, stmt, at, &c->before);
	bind_image(d, stmt, at, &c->after);
	int r = finish(d, stmt, err);
	c->id = r == 0 ? d->last_insert_rowid(d->db) : 0;
	return r;
}

int journal_add_repair(struct journal *j, struct repair *repair, struct err *err) {
	repair->at_ns = clock_wall_ns();
	repair->state = REPAIR_WORKING;
	int r = journal_begin(j, err);
	if (r < 0) {
		return r;
	}
	r = insert_the_repair(j, repair, err);
	for (size_t i = 0; r == 0 && i < repair->change_count; i++) {
		r = journal_add_change(j, repair, &repair->changes[i], err);
	}
	r = r < 0 ? r : journal_commit(j, err);
	if (r < 0) {
		journal_rollback(j);
		repair->id = 0;
	}
	return r;
}

int journal_update_change(struct journal *j, const struct journal_change *c, struct err *err) {
	static const char sql[] =
		"UPDATE change SET state = ?1, made_dirs = ?2, tree = ?3, after_kind = ?4,"
		" after_mode = ?5, after_uid = ?6, after_gid = ?7, after_size = ?8,"
		" after_mtime = ?9, after_atime = ?10, after_kept = ?11, after_dev = ?12,"
		" after_ino = ?13, after_bytes = ?14, after_xattrs = ?15 WHERE id = ?16";
	struct sqlite *d = &j->db;
	sqlite3_stmt *stmt = prepare(d, sql, "write", err);
	if (!stmt) {
		return -EIO;
	}
	int at =
		sqlite_bind(d, stmt, 1, "ibb", (int64_t)c->state, slice_str(c->made_dirs), c->tree);
	at = bind_image(d, stmt, at, &c->after);
	sqlite_bind(d, stmt, at, "i", c->id);
	return finish(d, stmt, err);
}

int journal_set_state(struct journal *j, struct journal_change *c, enum change_state state,
                      struct err *err) {
	struct sqlite *d = &j->db;
	sqlite3_stmt *stmt = prepare(d, "UPDATE change SET state = ?1 WHERE id = ?2", "write", err);
	if (!stmt) {
		return -EIO;
	}
	sqlite_bind(d, stmt, 1, "ii", (int64_t)state, c->id);
	int r = finish(d, stmt, err);
	if (r == 0) {
		c->state = state;
	}
	return r;
}

int journal_update_repair(struct journal *j, const struct repair *repair, struct err *err) {
	static const char sql[] = "UPDATE repair SET state = ?1, undone_ns = ?2, note = ?3,"
				  " dirs = ?4 WHERE id = ?5";
	struct sqlite *d = &j->db;
	sqlite3_stmt *stmt = prepare(d, sql, "write", err);
	if (!stmt) {
		return -EIO;
	}
	sqlite_bind(d, stmt, 1, "iibbi", (int64_t)repair->state, repair->undone_ns,
	            slice_str(repair->note), repair->dirs, repair->id);
	return finish(d, stmt, err);
}

/* ---- reading ---- */

static struct image image_of(struct sqlite *d, struct arena *arena, sqlite3_stmt *stmt, int at) {
	struct slice kept = database_column(d, arena, stmt, at + 7);
	return (struct image){
		.kind = (enum image_kind)d->column_int64(stmt, at),
		.mode = (mode_t)d->column_int64(stmt, at + 1),
		.uid = (uid_t)d->column_int64(stmt, at + 2),
		.gid = (gid_t)d->column_int64(stmt, at + 3),
		.size = d->column_int64(stmt, at + 4),
		.mtime_ns = d->column_int64(stmt, at + 5),
		.atime_ns = d->column_int64(stmt, at + 6),
		.kept = kept.len > 0 ? kept.data : NULL,
		.dev = (uint64_t)d->column_int64(stmt, at + 8),
		.ino = (uint64_t)d->column_int64(stmt, at + 9),
	};
}

static int read_changes(struct journal *j, struct arena *arena, struct repair *repair,
                        struct err *err) {
	struct sqlite *d = &j->db;
	sqlite3_stmt *stmt =
		prepare(d, CHANGE_COLUMNS " WHERE repair = ?1 ORDER BY id", "read", err);
	if (!stmt) {
		return -EIO;
	}
	sqlite_bind(d, stmt, 1, "i", repair->id);
	int r;
	while ((r = d->step(stmt)) == SQLITE_ROW) {
		struct journal_change *c =
			repair_add(arena, repair, (enum change_kind)d->column_int64(stmt, 2));
		c->id = d->column_int64(stmt, 0);
		c->state = (enum change_state)d->column_int64(stmt, 1);
		c->what = database_column(d, arena, stmt, 3).data;
		c->path = database_column(d, arena, stmt, 4).data;
		c->to = database_column(d, arena, stmt, 5).data;
		c->made_dirs = database_column(d, arena, stmt, 6).data;
		c->before = image_of(d, arena, stmt, 7);
		c->after = image_of(d, arena, stmt, 17);
	}
	d->finalize(stmt);
	return r == SQLITE_DONE ? 0 : database_complain(d, "read", err);
}

static struct repair repair_of(struct sqlite *d, struct arena *arena, sqlite3_stmt *stmt) {
	return (struct repair){
		.id = d->column_int64(stmt, 0),
		.at_ns = d->column_int64(stmt, 1),
		.undone_ns = d->column_int64(stmt, 2),
		.state = (enum repair_state)d->column_int64(stmt, 3),
		.cause = database_column(d, arena, stmt, 4).data,
		.subject = database_column(d, arena, stmt, 5).data,
		.why = database_column(d, arena, stmt, 6).data,
		.workspace = database_column(d, arena, stmt, 7).data,
		.nonce = database_column(d, arena, stmt, 8).data,
		.note = database_column(d, arena, stmt, 9).data,
		.undoes = d->column_int64(stmt, 10),
		.dirs = database_column(d, arena, stmt, 11),
	};
}

/* The first of them; -ENOENT without a sentence when there is none. sql: with ?1 for id, unless that is 0. */
static int find(struct journal *j, struct arena *arena, const char *sql, int64_t id,
                struct repair *ret, struct err *err) {
	struct sqlite *d = &j->db;
	sqlite3_stmt *stmt = prepare(d, sql, "read", err);
	if (!stmt) {
		return -EIO;
	}
	if (id) {
		sqlite_bind(d, stmt, 1, "i", id);
	}
	int r = d->step(stmt);
	if (r == SQLITE_ROW) {
		*ret = repair_of(d, arena, stmt);
	}
	d->finalize(stmt);
	if (r == SQLITE_ROW) {
		return read_changes(j, arena, ret, err);
	}
	return r == SQLITE_DONE ? -ENOENT : database_complain(d, "read", err);
}

int journal_find(struct journal *j, struct arena *arena, int64_t id, struct repair *ret,
                 struct err *err) {
	static const char by_id[] = REPAIR_COLUMNS " WHERE id = ?1";
	static const char last[] =
		REPAIR_COLUMNS " WHERE state IN (0, 1, 4) AND undoes = 0 ORDER BY id DESC LIMIT 1";
	int r = find(j, arena, id ? by_id : last, id, ret, err);
	if (r != -ENOENT) {
		return r;
	}
	return id ? err_set(err, r, "the journal has no repair %lld", (long long)id)
	          : err_set(err, r, "there is no change that could be taken back");
}

int journal_find_interrupted(struct journal *j, struct arena *arena, struct repair *ret,
                             struct err *err) {
	static const char sql[] =
		REPAIR_COLUMNS " WHERE state IN (0, 4) AND undoes = 0 ORDER BY id LIMIT 1";
	int r = find(j, arena, sql, 0, ret, err);
	return r == -ENOENT ? err_set(err, r, "nothing was interrupted") : r;
}

int journal_refuse_interrupted(struct journal *j, struct arena *arena, struct err *err) {
	struct repair repair = {0};
	struct err none;
	return journal_find_interrupted(j, arena, &repair, &none) == 0
	               ? err_set(err, -EBUSY,
	                         "repair %lld was interrupted: `dialtone fix --resume` finishes "
	                         "it, "
	                         "`dialtone undo %lld` takes it back",
	                         (long long)repair.id, (long long)repair.id)
	               : 0;
}

int journal_load(struct journal *j, struct arena *arena, struct journal_change *c,
                 struct err *err) {
	static const char sql[] =
		"SELECT before_bytes, before_xattrs, before_xattrs IS NOT NULL, after_bytes,"
		" after_xattrs, after_xattrs IS NOT NULL, detail, tree FROM change WHERE id = ?1";
	struct sqlite *d = &j->db;
	sqlite3_stmt *stmt = prepare(d, sql, "read", err);
	if (!stmt) {
		return -EIO;
	}
	sqlite_bind(d, stmt, 1, "i", c->id);
	int r = d->step(stmt) == SQLITE_ROW ? 0 : database_complain(d, "read", err);
	if (r == 0) {
		c->before.bytes = database_column(d, arena, stmt, 0);
		c->before.xattrs = database_column(d, arena, stmt, 1);
		c->before.has_xattrs = d->column_int64(stmt, 2) != 0;
		c->after.bytes = database_column(d, arena, stmt, 3);
		c->after.xattrs = database_column(d, arena, stmt, 4);
		c->after.has_xattrs = d->column_int64(stmt, 5) != 0;
		c->detail = database_column(d, arena, stmt, 6);
		c->tree = database_column(d, arena, stmt, 7);
	}
	d->finalize(stmt);
	return r;
}

int journal_list(struct journal *j, struct arena *arena, size_t limit, struct repair **ret,
                 size_t *ret_count, struct err *err) {
	struct sqlite *d = &j->db;
	sqlite3_stmt *stmt = prepare(d, REPAIR_COLUMNS " ORDER BY id DESC LIMIT ?1", "read", err);
	if (!stmt) {
		return -EIO;
	}
	sqlite_bind(d, stmt, 1, "i", (int64_t)limit);
	struct repair *repairs = NULL;
	size_t count = 0;
	size_t slots = 0;
	int r;
	while ((r = d->step(stmt)) == SQLITE_ROW) {
		VEC_ROOM(arena, repairs, count, &slots);
		repairs[count++] = repair_of(d, arena, stmt);
	}
	d->finalize(stmt);
	r = r == SQLITE_DONE ? 0 : database_complain(d, "read", err);
	for (size_t i = 0; r == 0 && i < count; i++) {
		r = read_changes(j, arena, &repairs[i], err);
	}
	*ret = repairs;
	*ret_count = count;
	return r;
}
