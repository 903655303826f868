/* SPDX-License-Identifier: MIT
 * How quickly a place answers that is on no local file system.
 */
#ifndef PROBES_LATENCY_H
#define PROBES_LATENCY_H

#include "core/probe.h"

/* States slow_place when path is on a network or FUSE file system and lookups there take long. When they take so long
 * that nothing can come of the rest, the run gets an early end. */
void latency_state(struct exam *exam, const char *role, const char *path);

/* States slow_place with no answer at all for the mount that path lies on: somebody waits for it, as ev tells, or it
 * is gone (error: an errno, else 0). Nothing at path is asked. False when that mount is a local one, which is stated
 * only with `local`. */
bool latency_stuck(struct exam *exam, const char *role, const char *path, const struct evidence *ev,
                   int error, bool local);

#endif
