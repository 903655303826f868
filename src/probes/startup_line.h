/* SPDX-License-Identifier: MIT
 * What a line of a start-up file says: assignments, what is added to PATH, files it reads in turn.
 * Stated as facts startup; nothing is executed.
 */
#ifndef PROBES_STARTUP_LINE_H
#define PROBES_STARTUP_LINE_H

#include "core/probe.h"

#define SOURCED_MAX 32 /* files that other startup files source */

struct startup_reader {
	struct exam *exam;
	const char *file;
	const char *kind;
	int64_t mtime_ns;
	int64_t line;
	const struct evidence *ev;
	struct envset seen; /* assignments so far, for $NAME in later ones */
	const char *sourced[SOURCED_MAX];
	const char *sourced_kind[SOURCED_MAX];
	size_t sourced_count;
	const char *loop_name;  /* of the last `for NAME in WORDS`, or NULL */
	const char *loop_files; /* the one of its words that stands for files: "/dir/a*b" */
};

/* A line of a shell's file, or of environment.d; it may hold several commands. */
void startup_read_line(struct startup_reader *r, const char *line);
/* pam_env.conf(5): NAME DEFAULT=value OVERRIDE=value; ~/.pam_environment may say it so as well.
 * False when the line is none of that. */
bool startup_read_pam(struct startup_reader *r, const char *line);
/* The universal variables of fish. */
void startup_read_fish_universal(struct startup_reader *r, const char *line);
/* Does the line switch a version manager or direnv on? */
void startup_state_hook(struct startup_reader *r, const char *line);
/* pam_env and environment.d know no ~. */
bool startup_knows_tilde(const struct startup_reader *r);

#endif
