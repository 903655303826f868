/* SPDX-License-Identifier: MIT
 * Case files as every command uses them: whose command line it was, what was looked at, redaction.
 */
#ifndef CMD_CASE_H
#define CMD_CASE_H

#include "cmd/options.h"
#include "core/evidence.h"

struct case_wish {
	const char *path; /* the file to write */
	bool raw;         /* keep home and user names */
	const char *home; /* what redaction replaces; "" unknown */
	const char *cwd;  /* NULL: the current directory */
	/* The name of the command, then arguments that ask for the same again from anywhere. NULL-terminated. */
	const char *const *args;
};

/* Writes what was looked at. 0, or negative errno with a sentence (casefile_write). */
int case_save(struct arena *arena, const struct case_wish *wish, const struct evidence_store *store,
              struct err *err);

/* Writes its text, as it is and with these arguments, to a descriptor: from one of our processes to another. 0, or negative
 * errno (casefile_format, write(2)). */
int case_hand_over(const struct evidence_store *store, const char *const *argv, int fd,
                   size_t *ret_bytes, struct err *err);

/* Reads the file into the empty store and its arguments into *ret, as the command's own options. 0, or
 * negative errno with a sentence (casefile_read; -EBADMSG when another command recorded it or its
 * arguments are not those of this one). */
int case_open(struct arena *arena, const char *path, const struct command *command,
              struct evidence_store *store, struct parsed_options *ret, struct err *err);

/* -EBADMSG with a sentence: the arguments were read and cannot be meant. why: what is wrong with
 * them, may be empty. */
int case_senseless(const char *path, const struct err *why, struct err *err);

#endif
