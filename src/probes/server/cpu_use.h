/* SPDX-License-Identifier: MIT
 * The processor time of running servers, looked at twice in one run.
 */
#ifndef PROBES_SERVER_CPU_USE_H
#define PROBES_SERVER_CPU_USE_H

#include "base/str.h"
#include "core/probe.h"

/* A server of this workspace. */
static inline bool cpu_use_matters(const struct fact_running_server *s) {
	return s->here && s->start_ns > 0 && s->ppid > 0 &&
	       (streq(s->role, "server") || streq(s->role, "daemon"));
}

/* The processes below its parent, it among them; number tells one sample from the next. */
static inline const struct evidence *
cpu_use_sample(struct exam *exam, const struct fact_running_server *s, int number) {
	return world_look(exam->world, LOOK_TREE,
	                  arena_printf(exam->arena, "%lld %d", (long long)s->ppid, number),
	                  LOOK_CAP_SMALL);
}

#endif
