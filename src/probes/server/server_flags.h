/* SPDX-License-Identifier: MIT
 * The user's flags of gopls, made harmless: nothing is written where the user's own server writes,
 * no port of theirs is taken. What makes a server fail or stay silent still does.
 */
#ifndef PROBES_SERVER_SERVER_FLAGS_H
#define PROBES_SERVER_SERVER_FLAGS_H

#include "base/arena.h"

#include <stdbool.h>

/* Whether some flag names a file or a socket, so that a scratch directory is needed. */
bool server_flags_write(const char *const *argv);

/* A copy of argv (NULL-terminated, argv[0] is the program) in which -logfile, -remote.logfile and
 * -profile.* point into scratch, -listen to a socket there, -debug, -remote.debug and -mcp.listen
 * to a free port of localhost. With scratch NULL such flags are left out. Flags by version: gopls
 * v0.11 to v0.24, `gopls serve -h`. */
const char *const *server_flags_tame(struct arena *arena, const char *const *argv,
                                     const char *scratch);

#endif
