/* SPDX-License-Identifier: MIT
 * Paths and texts are blobs: a path need not be UTF-8. Columns a version did not know are NULL: then the times and
 * attributes of a file are not known and not put back.
 */
#include "apply/journal_schema.h"

#include <errno.h>

#define REPAIR                                                                                     \
	"CREATE TABLE repair ("                                                                    \
	"id INTEGER PRIMARY KEY AUTOINCREMENT, at_ns INTEGER NOT NULL, undone_ns INTEGER NOT "     \
	"NULL,"                                                                                    \
	"state INTEGER NOT NULL, cause BLOB, subject BLOB, why BLOB, workspace BLOB, nonce BLOB,"  \
	"note BLOB, undoes INTEGER NOT NULL, dirs BLOB);"

#define IMAGE(side)                                                                                \
	side "_kind INTEGER, " side "_bytes BLOB, " side "_mode INTEGER, " side                    \
	     "_uid INTEGER, " side "_gid INTEGER, " side "_size INTEGER, " side                    \
	     "_mtime INTEGER, " side "_atime INTEGER, " side "_xattrs BLOB, " side                 \
	     "_kept BLOB, " side "_dev INTEGER, " side "_ino INTEGER,"

static const char fresh[] =
	"BEGIN IMMEDIATE;" REPAIR "CREATE TABLE change ("
	"id INTEGER PRIMARY KEY AUTOINCREMENT, repair INTEGER NOT NULL, state INTEGER NOT NULL,"
	"kind INTEGER NOT NULL, what BLOB, path BLOB NOT NULL, target BLOB, made_dirs BLOB,"
	"detail BLOB, tree BLOB," IMAGE("before")
		IMAGE("after") "at_ns INTEGER);"
			       "CREATE INDEX change_of_repair ON change (repair);"
			       "PRAGMA user_version = 2; COMMIT;";

/* Version 1 had one table; each of its rows becomes a repair of one change, with the same number. States had the same
 * numbers; a row that takes another one back names it. */
static const char from_1[] =
	"BEGIN IMMEDIATE;" REPAIR "INSERT INTO repair (id, at_ns, undone_ns, state, cause, "
	"subject, why, workspace, nonce, note,"
	" undoes) SELECT id, at_ns,"
	" coalesce((SELECT max(b.at_ns) FROM change b WHERE b.undoes = change.id AND b.state = 1), "
	"0),"
	" state, cause, '', why, '', '', '', undoes FROM change;"
	"ALTER TABLE change RENAME TO change_1;"
	"CREATE TABLE change ("
	"id INTEGER PRIMARY KEY AUTOINCREMENT, repair INTEGER NOT NULL, state INTEGER NOT NULL,"
	"kind INTEGER NOT NULL, what BLOB, path BLOB NOT NULL, target BLOB, made_dirs BLOB,"
	"detail BLOB, tree BLOB," IMAGE("before") IMAGE(
		"after") "at_ns INTEGER);"
			 "CREATE INDEX change_of_repair ON change (repair);"
			 "INSERT INTO change (id, repair, state, kind, what, path, made_dirs, "
			 "at_ns,"
			 " before_kind, before_bytes, before_mode, before_uid, before_gid, "
			 "before_size,"
			 " after_kind, after_bytes, after_mode, after_uid, after_gid, after_size)"
			 " SELECT id, id, state, 0, why, path, made_dirs, at_ns,"
			 " before_bytes IS NOT NULL, before_bytes, before_mode, before_uid, "
			 "before_gid,"
			 " length(before_bytes),"
			 " after_bytes IS NOT NULL, after_bytes, after_mode, after_uid, after_gid, "
			 "length(after_bytes)"
			 " FROM change_1;"
			 "DROP TABLE change_1;"
			 "PRAGMA user_version = 2; COMMIT;";

int journal_schema(struct sqlite *db, struct err *err) {
	int64_t version = 0;
	int r = database_version(db, &version, err);
	if (r < 0) {
		return r;
	}
	if (version > JOURNAL_VERSION) {
		return err_set(err, -EPROTO, "the journal was written by a newer dialtone");
	}
	if (version == JOURNAL_VERSION) {
		return 0;
	}
	r = database_run(db, version == 0 ? fresh : from_1, err);
	if (r < 0) {
		(void)db->exec(db->db, "ROLLBACK", NULL, NULL, NULL);
		/* Another dialtone may have done it meanwhile. */
		struct err ignored;
		if (database_version(db, &version, &ignored) == 0 && version == JOURNAL_VERSION) {
			return 0;
		}
	}
	return r;
}
