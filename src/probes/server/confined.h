/* SPDX-License-Identifier: MIT
 * Are the server and go, as they were started, confined otherwise than dialtone?
 */
#ifndef PROBES_SERVER_CONFINED_H
#define PROBES_SERVER_CONFINED_H

#include "core/probe.h"

/* Looks at the processes below dialtone as they are now, and states what is confined (facts confined
 * and confined_path), once for each who. True when there was something, or somebody unconfined was
 * seen who is not what was started first (so that nothing more is to be expected). word tells one look from the
 * next. */
bool confined_look(struct exam *exam, const char *who, const char *started, const char *word);

#endif
