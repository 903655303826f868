/* SPDX-License-Identifier: MIT
 * What `dialtone locks` can be told, and its case files.
 */
#ifndef CMD_LOCKS_CASE_H
#define CMD_LOCKS_CASE_H

#include "base/err.h"
#include "core/command.h"
#include "core/evidence.h"

struct locks_options {
	bool all;
	bool json;
	bool verbose;
	const char *save;
	bool raw;
	const char *from;
	const char *color;
};

extern const struct command command_locks; /* cmd/locks.c; read again when a case file is opened */

/* Writes what was looked at to options->save, redacted unless options->raw. paths: absolute, NULL-terminated, or NULL.
 * 0, or negative errno with a sentence (cmd/case.h). */
int locks_case_save(struct arena *arena, const struct locks_options *options,
                    const char *const *paths, const char *workspace, const char *home,
                    const struct evidence_store *store, struct err *err);

/* Reads the file into the empty store. *ret_paths as above, 0, or negative errno with
 * a sentence (cmd/case.h). */
int locks_case_open(struct arena *arena, struct evidence_store *store,
                    struct locks_options *options, const char *const **ret_paths, struct err *err);

#endif
