/* SPDX-License-Identifier: MIT
 * Where a variable of a side gets its value: the editor's settings, a systemd unit, a start-up file
 * with that value, or the process among its ancestors in which it was set. Files are read as text;
 * nothing of them is executed.
 */
#ifndef PROBES_SIDES_SIDE_ORIGIN_H
#define PROBES_SIDES_SIDE_ORIGIN_H

#include "core/probe.h"
#include "core/side.h"

struct side_origin {
	const char *words; /* "~/.profile line 7", "set in bash 4000 after it was started"; "" */
	const char *file;  /* "" when it is no file */
	int64_t line;
};

/* value: that of the side for this name, not NULL. */
struct side_origin side_origin_find(struct exam *exam, const struct side *side, const char *name,
                                    const char *value);

/* The line of the last Environment= (or an EnvironmentFile= named by it) of a unit file that sets
 * name to value; 0: none. Quoting as in systemd.syntax(7); specifiers are not expanded. */
int64_t side_origin_unit_line(struct arena *arena, struct slice text, const char *name,
                              const char *value);

/* A line of a shell's start-up file, of environment.d(5) or pam_env.conf(5) gives name this value. */
bool side_origin_line_sets(struct arena *arena, const char *line, const char *name,
                           const char *value, const char *home);

#endif
