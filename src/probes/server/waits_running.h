/* SPDX-License-Identifier: MIT
 * The servers of the workspace that run already, and what they wait for.
 */
#ifndef PROBES_SERVER_WAITS_RUNNING_H
#define PROBES_SERVER_WAITS_RUNNING_H

#include "core/probe.h"

/* One of the workspace's own, with an editor or clients. */
bool waits_concerns(const struct fact_running_server *s);
/* The look at it, the same however often. */
const struct evidence *waits_look_at(struct exam *exam, const struct fact_running_server *s);

#endif
