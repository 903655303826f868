/* SPDX-License-Identifier: MIT
 * Where a line of a start-up file assigns a variable, and what has to give way so that it does not, or to another value.
 * The dialect (a POSIX shell, fish, csh, NAME=value, pam_env, a systemd unit) is told by the name of the file. Pure.
 */
#ifndef APPLY_EDIT_ASSIGN_H
#define APPLY_EDIT_ASSIGN_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>

struct assign {
	size_t from, to;  /* offsets in the line: these bytes give way */
	const char *with; /* to this; NULL: to the word of the new value */
};

/* away: it is to have no effect; else another value. A line that does nothing else is marked as taken out. Of one that
 * does more only the assignment goes, when it can be told apart: one of several that are exported, a command before or
 * behind it. False when the line does not assign the name, or that cannot be told. */
bool assign_find(struct arena *arena, const char *file, const char *line, const char *name,
                 bool away, struct assign *ret);

#endif
