/* SPDX-License-Identifier: MIT
 * Where the files of a process's control group are. Sources: cgroups(7), proc(5) (/proc/PID/cgroup,
 * /proc/PID/mountinfo).
 */
#ifndef WORLD_CGROUP_PATH_H
#define WORLD_CGROUP_PATH_H

#include "base/arena.h"
#include "base/slice.h"

struct cgroup_place {
	int version;      /* 1 or 2; 0: there is none */
	const char *path; /* as /proc/PID/cgroup has it: "/user.slice/x.scope" */
	const char *dir;  /* its directory, as far as this mount shows it */
	const char *top;  /* where the hierarchy is mounted */
};

/* The group of a controller ("memory") from the texts of /proc/PID/cgroup and of a mountinfo: that of
 * version 1 when the controller is mounted there, else that of version 2. Any bytes will do; what is
 * returned lives in the arena. */
struct cgroup_place cgroup_place_of(struct arena *arena, const char *controller,
                                    struct slice cgroup, struct slice mountinfo);

#endif
