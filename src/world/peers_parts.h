/* SPDX-License-Identifier: MIT
 * Between the two parts of peers: what processes have open, and what that means.
 */
#ifndef WORLD_PEERS_PARTS_H
#define WORLD_PEERS_PARTS_H

#include "world/peers.h"

/* peers_take.c: the index of the first end with this inode, or of the place where it would be; sorts them. */
size_t peers_find(struct peers *peers, uint64_t inode);
/* Were all processes asked for the other end of this inode? */
bool peers_was_searched(const struct peers *peers, uint64_t inode);

/* peers.c: the number that the other end has in /proc/PID/fd: of a pipe its own; 0 when it is not known. */
uint64_t peers_far_inode(struct peers *peers, const struct end *end);

#endif
