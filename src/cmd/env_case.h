/* SPDX-License-Identifier: MIT
 * What `dialtone env` can be told, and its case files.
 */
#ifndef CMD_ENV_CASE_H
#define CMD_ENV_CASE_H

#include "base/err.h"
#include "core/command.h"
#include "core/evidence.h"

struct env_options {
	const char *against;
	bool all;
	bool json;
	bool trust;
	bool no_shell;
	bool bisect;
	const char *good;
	const char *bad;
	const char *editor;
	const char *file;
	bool verbose;
	const char *save;
	bool raw;
	const char *from;
	const char *timeout;
	const char *color;
};

extern const struct command command_env; /* cmd/env.c; read again when a case file is opened */

/* Writes what was looked at to options->save, redacted unless options->raw, with the arguments that
 * ask for the same again. against: options->against with an absolute path. 0, or negative errno with
 * a sentence (cmd/case.h). */
int env_case_save(struct arena *arena, const struct env_options *options, const char *against,
                  const char *workspace, const char *home, const struct evidence_store *store,
                  struct err *err);

/* Reads the file into the empty store; what was compared goes into *options, the form of the report
 * stays. 0, or negative errno with a sentence (cmd/case.h). */
int env_case_open(struct arena *arena, struct evidence_store *store, struct env_options *options,
                  const char **ret_dir, struct err *err);

#endif
