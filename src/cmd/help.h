/* SPDX-License-Identifier: MIT
 * Commands by name, and their help.
 */
#ifndef CMD_HELP_H
#define CMD_HELP_H

#include "base/arena.h"
#include "core/command.h"

/* NULL when there is none of that name. */
const struct command *help_find_command(const char *name);
/* The command that was probably meant, or NULL. */
const char *help_nearest_command(struct arena *arena, const char *word);
/* Help for one command, or (NULL) the overview, on stdout. Gives an exit status. */
int help_print(const struct command *command);

#endif
