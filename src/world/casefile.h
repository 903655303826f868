/* SPDX-License-Identifier: MIT
 * dialtone.case/1: everything a run has looked at, in one file.
 *
 * JSON lines (UTF-8, one object a line, LF), the whole compressed with zstd. The first line:
 *
 *     {"schema":"dialtone.case/1","tool":"0.1.0","created":"2026-11-21T08:00:00Z","began_ms":1795248000250,"uid":1000,"raw":false,
 *      "home":"/home/user-1","cwd":"/home/user-1/proj","argv":["check","--editor","vscode"],"entries":212}
 *
 * then one line per evidence, in the order it was looked at:
 *
 *     {"source":"file:/etc/hosts","at_ms":1.25,"state":"read","error":0,"text":"…","sha256":"…"}
 *
 * "began_ms" is when the run began, since the epoch; a case file of an earlier release has none.
 * "base64" stands in place of "text" when the bytes are not valid UTF-8. state is a word of
 * ev_state_name, error a positive errno, sha256 that of the bytes. Readers ignore keys they do not
 * know and refuse another schema.
 *
 * "home", "cwd" and "argv" are already redacted (redact.h) unless "raw".
 */
#ifndef WORLD_CASEFILE_H
#define WORLD_CASEFILE_H

#include "base/err.h"
#include "core/evidence.h"

#define CASE_SCHEMA        "dialtone.case/1"
#define CASE_PACKED_MAX    ((size_t)128 * 1024 * 1024) /* the file itself */
#define CASE_TEXT_MAX      ((size_t)256 * 1024 * 1024) /* decompressed */
#define CASE_LINE_MAX      ((size_t)128 * 1024 * 1024)
#define CASE_ENTRIES_MAX   ((size_t)100000)
#define CASE_SOURCE_MAX    ((size_t)16384)
#define CASE_ARGUMENTS_MAX ((size_t)256)

struct case_meta {
	const char *tool;    /* version */
	const char *created; /* UTC; casefile_write fills it in when NULL */
	int64_t uid;
	bool raw;
	const char *home; /* "" when undefined */
	const char *cwd;
	const char *const *argv; /* without the program, ended by NULL */
};

/* Writes the store as it is: redact first. Atomic (temporary file beside it, fsync, rename), mode
 * 0600. An existing file is replaced when it is empty or a case file. 0 or negative errno with a
 * sentence: -EEXIST (exists and is something else), -ENOSYS (library missing) … */
int casefile_write(const char *path, const struct case_meta *meta,
                   const struct evidence_store *store, struct err *err);

/* Adds what the file holds to the empty store; strings of *ret_meta are in the store's arena.
 * 0 or negative errno with a sentence that names the file and, where it applies, the line and the
 * entry: -EBADMSG damaged or not a case file, -EFBIG beyond one of the caps, -EPROTO another schema
 * … */
int casefile_read(const char *path, struct evidence_store *store, struct case_meta *ret_meta,
                  struct err *err);

/* The two halves without file and compression; `name` is for sentences. `text` is malloc'ed. */
struct codec;
int casefile_format(const struct codec *codec, const struct case_meta *meta,
                    const struct evidence_store *store, char **ret_text, size_t *ret_len,
                    struct err *err);
int casefile_parse(const struct codec *codec, const char *name, struct slice text,
                   struct evidence_store *store, struct case_meta *ret_meta, struct err *err);

#endif
