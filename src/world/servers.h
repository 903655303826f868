/* SPDX-License-Identifier: MIT
 * Running language servers and debug adapters of this user, and the manager of this user's services.
 *
 * A server is known by its name (comm): gopls, dlv, clangd, rust-analyzer …; a node or python
 * process by an argument that names one (pyright-langserver, …). The child that gopls starts for
 * telemetry (argv[1] "** telemetry **", golang.org/x/telemetry/internal/upload) is none.
 *
 * systemd's user instance gives its services the variables it was started with, those of
 * environment.d(5) and those that were imported later; only the last two are missing from
 * /proc/PID/environ of the manager itself. A bus daemon it started has them all.
 */
#ifndef WORLD_SERVERS_H
#define WORLD_SERVERS_H

#include "world/looks.h"

void look_servers(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply);
void look_manager(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply);

#endif
