/* SPDX-License-Identifier: MIT
 * Modules on this machine near the workspace that could provide an import if only they were named.
 */
#ifndef PROBES_MODULES_MODULES_LOCAL_H
#define PROBES_MODULES_MODULES_LOCAL_H

#include "probes/modules/modules_view.h"

/* The directory nearest to dir, below module_dir (not itself), that holds a go.mod; NULL when there
 * is none. */
const char *modules_local_between(const struct modules_view *view, const char *module_dir,
                                  const char *dir);

/* The directory of a module that covers the import: below the workspace, above the open file's
 * module, or (beside) next to it; not one of the modules in force. NULL when there is none. */
const char *modules_local_provider(const struct modules_view *view, const char *import,
                                   bool beside);

/* The lines of LOOK_WALK below dir; says that gomod_gap may be incomplete when the walk was cut. */
struct slice modules_local_walk(struct exam *exam, const char *dir);

#endif
