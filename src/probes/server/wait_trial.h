/* SPDX-License-Identifier: MIT
 * What the tree of the server under examination waits for, asked at moments from its start.
 */
#ifndef PROBES_SERVER_WAIT_TRIAL_H
#define PROBES_SERVER_WAIT_TRIAL_H

#include "core/probe.h"

/* The words behind the number of the server's warden in the arguments of LOOK_WAITS. */
#define WAIT_TRIAL_LATE "late"
#define WAIT_TRIAL_LOCK "lock"

struct wait_moment {
	int64_t at_ns; /* from the start of the server */
	int64_t settled_ms; /* how long a wait that could pass has to have lasted; INT64_MAX: only what stands
	                       still for certain */
};

/* Until something is found, the server has said all, or the moments are over. last: nobody asks after them. */
void wait_trial(struct exam *exam, const struct wait_moment *moments, size_t count, bool last);

/* What the chain of the tried server, which waits for a lock, ends in. */
enum wait_lock_verdict {
	WAIT_LOCK_UNKNOWN,
	WAIT_LOCK_OURS, /* below a running server of this workspace, which waits for something itself */
	WAIT_LOCK_STATED /* it will not end, and facts say so */
};
/* idle_ms: how long the holder has to have waited. only_ours: nothing is stated of a lock that somebody else has. */
enum wait_lock_verdict wait_trial_lock(struct exam *exam, int64_t idle_ms, bool only_ours);

/* How long the holder of a lock has to have waited for something that could come. */
#define WAIT_LOCK_IDLE_MS 4500

#endif
