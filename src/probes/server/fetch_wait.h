/* SPDX-License-Identifier: MIT
 * Somebody below a server that waits for a host: is that a fetch of a required module?
 */
#ifndef PROBES_SERVER_FETCH_WAIT_H
#define PROBES_SERVER_FETCH_WAIT_H

#include "core/probe.h"

#include <stdbool.h>

struct fetch_waiter {
	int64_t pid;
	const char *comm;
	const char *cmdline; /* its words, with 0x1f between them */
	const char *address;
	int64_t port;
	const char *state; /* connecting connected */
	int64_t received;  /* bytes */
	int64_t age_ms;    /* of the process */
};

/* States fetch_wait when it is. False: it may be anybody's git. */
bool fetch_wait_state(struct exam *exam, const struct evidence *ev,
                      const struct fetch_waiter *waiter);

#endif
