/* SPDX-License-Identifier: MIT
 * Follows imports from the open file's module into the module cache, as far as that is needed to
 * know which checksums and requirements are missing.
 */
#ifndef PROBES_MODULES_MODULES_WALK_H
#define PROBES_MODULES_MODULES_WALK_H

#include "probes/modules/modules_graph.h"
#include "probes/modules/modules_vendor.h"

/* States file_import, gosum_gap, gomod_gap, mod_absent, excluded, and vendor_gap for single
 * packages. What lies beyond the bounds is not looked at, and nothing is said about it. */
void modules_walk(struct modules_graph *graph, const struct modules_vendor *vendor);

#endif
