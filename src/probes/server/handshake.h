/* SPDX-License-Identifier: MIT
 * The server under examination, between the probe that starts it (server_start) and the one that
 * waits for it (server_answer). While other probes look at the world its events are served.
 */
#ifndef PROBES_SERVER_HANDSHAKE_H
#define PROBES_SERVER_HANDSHAKE_H

#include "core/probe.h"
#include "probes/server/dialogue.h"

struct handshake {
	struct talk *talk;       /* NULL: the server was not started */
	struct session *session; /* NULL as well */
	int64_t start_ns;        /* world_now_ns() */
	const char *why_not;     /* why it was not started */
	int64_t server_pid;      /* of the server, or the last process of its wrapper, when it is in
	                            another memory group than we are; else 0 */
	const char *scratch;     /* a directory of ours that is removed at the end, or NULL */
};

#endif
