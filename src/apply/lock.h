/* SPDX-License-Identifier: MIT
 * Of several dialtones that change things one works at a time.
 */
#ifndef APPLY_LOCK_H
#define APPLY_LOCK_H

#include "base/arena.h"
#include "base/err.h"

#include <stdint.h>

#define LOCK_WAIT_NS ((int64_t)10 * 1000000000)

/* Takes the lock in the state directory, waiting at most wait_ns. A descriptor that holds it until it is closed or we
 * die; children do not inherit it (fcntl(2), F_SETLK). -EBUSY and a sentence with the pid of the one who works; -ENOENT
 * when nothing says where the state directory is; else -errno. */
int lock_take(struct arena *arena, int64_t wait_ns, struct err *err);

/* Does another process hold it right now? Its pid, or 0. */
int lock_holder(struct arena *arena);

#endif
