/* SPDX-License-Identifier: MIT
 * The file that stands for what the user has open.
 */
#ifndef PROBES_MODULES_SOURCE_H
#define PROBES_MODULES_SOURCE_H

#include "core/probe.h"

/* --file, or a file of the workspace that can show much; NULL when there is none. Once chosen it
 * stays. */
const char *source_choose(struct exam *exam);

#endif
