/* SPDX-License-Identifier: MIT
 * Case files as `check` uses them: what was asked for then, and what is asked for now.
 */
#ifndef CMD_CHECK_CASE_H
#define CMD_CHECK_CASE_H

#include "cmd/check_options.h"
#include "core/evidence.h"

/* Writes what was looked at to options->save, redacted unless options->raw, together with the
 * arguments that ask for the same target again from anywhere. 0, or negative errno with a sentence
 * (cmd/case.h). */
int check_case_save(struct arena *arena, const struct check_options *options,
                    const struct target *target, const struct evidence_store *store,
                    struct err *err);

/* Reads the file into the empty store. What it says about the target goes into *options; the form
 * of the report, the time limit and probes left out stay as they are there. *ret_dir: the
 * workspace. 0, or negative errno with a sentence (cmd/case.h). */
int check_case_open(struct arena *arena, struct evidence_store *store,
                    struct check_options *options, const char **ret_dir, struct err *err);

#endif
