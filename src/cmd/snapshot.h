/* SPDX-License-Identifier: MIT
 * What `dialtone snapshot` can be told, and its parts.
 */
#ifndef CMD_SNAPSHOT_H
#define CMD_SNAPSHOT_H

#include "base/err.h"
#include "core/command.h"
#include "core/evidence.h"

struct snapshot_options {
	const char *workspace;
	const char *output;
	bool raw;
	const char *from;
	bool diff;
	bool json;
	const char *color;
};

extern const struct command
	command_snapshot; /* cmd/snapshot.c; read again when a case file is opened */

/* The evidence with the secrets in environments and arguments as "***": the lines env=, env.NAME= and cmdline=, and
 * wherever else a value stands that was hidden there. In the arena of `to`, which is empty. */
void snapshot_mask(const struct evidence_store *from, struct evidence_store *to);

/* What the file options->from holds. */
int snapshot_show(const struct snapshot_options *options);
/* What differs: STATUS_HEALTHY nothing, STATUS_FOUND something, STATUS_USAGE with a sentence when one of them cannot be
 * read. */
int snapshot_diff(const struct snapshot_options *options, const char *const files[2]);

#endif
