/* SPDX-License-Identifier: MIT
 * Who is asked before files are opened or programs executed.
 */
#ifndef PROBES_SERVER_GUARDS_H
#define PROBES_SERVER_GUARDS_H

#include "core/probe.h"

/* A fact of each daemon that is known to do so, or is seen to; none when nothing may be seen. */
void guards_state(struct exam *exam);

#endif
