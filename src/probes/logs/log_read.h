/* SPDX-License-Identifier: MIT
 * What a log file says, by its meaning: the rows of data/log-messages.tsv that fit become facts
 * log_event, the latest ones.
 */
#ifndef PROBES_LOGS_LOG_READ_H
#define PROBES_LOGS_LOG_READ_H

#include "core/probe.h"

struct log_file {
	const char *source;  /* vscode, neovim, helix, gopls, journal, given */
	const char *path;    /* of the file; for the journal what was asked */
	const char *session; /* of that editor, to tell windows apart; "" */
	const struct evidence *ev;
	struct slice bytes;
	int64_t since_ns; /* what is older is history; 0: nothing is known about that */
	bool is_current;  /* the file belongs to what runs now, or to the newest run */
};

#define LOG_EVENTS_MAX 16 /* of one file, the latest */

void log_read(struct exam *exam, const struct log_file *file);

#endif
