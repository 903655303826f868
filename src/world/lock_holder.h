/* SPDX-License-Identifier: MIT
 * What a process that holds a lock does meanwhile: does it work, and if not, what does it wait for? Sources: proc(5),
 * /proc/PID/io; those of world/sockets.h; the kernel's
 * Documentation/admin-guide/cgroup-v2.rst (cgroup.events) and cgroup-v1/freezer-subsystem.rst.
 */
#ifndef WORLD_LOCK_HOLDER_H
#define WORLD_LOCK_HOLDER_H

#include "base/str.h"

/* The lines "frozen=" to "peer_state=" of core/locks.h. */
void lock_holder_put(struct arena *arena, int proc_fd, int64_t pid, struct strbuf *out);

#endif
