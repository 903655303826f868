/* SPDX-License-Identifier: MIT
 * The sockets by which VS Code is one for each user data directory, and those that lead to its extension hosts.
 */
#ifndef CMD_LOCKS_SOCKETS_H
#define CMD_LOCKS_SOCKETS_H

#include "core/world.h"
#include "report/locks_view.h"

/* Adds those that lie in the user's directory for sockets, else in that for temporary files, and in the data directory. A
 * socket that nobody listens at is left over and harmless: VS Code takes it away when it starts. Of those in use only the
 * ones that make VS Code one are told. data: directories of products, NULL-terminated. */
void locks_sockets(struct world *world, struct locks_view *view, const struct envset *env,
                   const char *const *data);

#endif
