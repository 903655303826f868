/* SPDX-License-Identifier: MIT
 * Whether a server that seems to idle waits for an answer of its client; what a Go program that waits for nothing outside
 * waits for inside.
 */
#ifndef PROBES_SERVER_WAIT_CALLS_H
#define PROBES_SERVER_WAIT_CALLS_H

#include "core/probe.h"
#include "waits/waits.h"

/* When *chain ends in a gopls that idles, or a program that waits for nothing outside of itself: looks at its goroutines,
 * and makes the chain anew when they tell of a question, or of what it waits for.
 * settled_ms: as for waits_chain. */
void wait_calls_look(struct exam *exam, struct waits *w, struct wait_chain *chain,
                     int64_t settled_ms);

#endif
