/* SPDX-License-Identifier: MIT
 * The world as it is: looks happen in a child that can be abandoned (look_server.h), programs run
 * below a warden that ends them with everything they started (spawn.h), and one poll(2) loop
 * (loop.h) keeps the sessions going meanwhile.
 */
#ifndef WORLD_LIVE_H
#define WORLD_LIVE_H

#include "core/world.h"

#define WORLD_LOOK_LIMIT_NS ((int64_t)1000000000)

/* Open it first, while the process is small and has no other descriptors: it forks. Ignores
 * SIGPIPE. store and arena stay with the caller and outlive the world.
 *
 * interrupt_fd: -1, or a descriptor (the reading end of the self-pipe a signal handler writes to).
 * Once it is readable world.interrupted is set, running programs are ended and every wait returns;
 * the caller then stops its sessions and closes the world as usual. It is never read from and not
 * closed here.
 *
 * NULL with *err when there is not even a child to be had (EAGAIN, ENOMEM, EMFILE). */
struct world *world_live_open(struct arena *arena, struct evidence_store *store, int interrupt_fd,
                              struct err *err);

#endif
