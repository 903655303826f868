/* SPDX-License-Identifier: MIT
 * Connecting to an address with a deadline, and a process that stands for what is at the other end.
 */
#ifndef WORLD_CONNECT_H
#define WORLD_CONNECT_H

#include "world/looks.h"

/* address: "tcp:HOST:PORT" (HOST empty: localhost, as Go's net.Dial takes it) or "unix:/path".
 * Looking a name up may take longer than until_ns (clock_now_ns): call it where one can be given
 * up. 0 and *ret_fd, non-blocking and the caller's; or a positive errno. */
int connect_to(struct arena *arena, const char *address, int64_t until_ns, int *ret_fd);

/* What a child does instead of execve(2): connects, then carries bytes between its standard input
 * and output and the connection until one of them ends. connected_fd is closed once it stands.
 * Comes back only when it could not connect, with a positive errno. */
int bridge_main(const char *address, int connected_fd);

#endif
