/* SPDX-License-Identifier: MIT
 * What the tree of the server under examination waits for, asked at moments from its start.
 */
#ifndef PROBES_SERVER_WAIT_TRIAL_H
#define PROBES_SERVER_WAIT_TRIAL_H

#include "core/probe.h"

struct wait_moment {
	int64_t at_ns; /* from the start of the server */
	int64_t settled_ms; /* how long a wait that could pass has to have lasted; INT64_MAX: only what stands
	                       still for certain */
};

/* Until something is found, the server has said all, or the moments are over. */
void wait_trial(struct exam *exam, const struct wait_moment *moments, size_t count);

#endif
