/* SPDX-License-Identifier: MIT
 * Does something below a late server wait for a lock? Asked of the kernel while it waits.
 */
#ifndef PROBES_SERVER_LOCK_WAIT_H
#define PROBES_SERVER_LOCK_WAIT_H

#include "core/probe.h"

/* Looks now. While a lock is waited for it goes on looking, until the lock is had, the server has said all, it is
 * certain that its holder will not let go, or limit_ns (clock_now_ns()) has come; then states what it saw. True when
 * something was still waiting at the end. */
bool lock_wait_watch(struct exam *exam, int64_t limit_ns);

#endif
