/* SPDX-License-Identifier: MIT
 * Options that decide which modules go and gopls load: -mod, and gopls' directoryFilters.
 */
#ifndef PROBES_MODULES_MODULES_OPTIONS_H
#define PROBES_MODULES_MODULES_OPTIONS_H

#include "probes/modules/modules_view.h"

/* States mod_flag and dir_filter. */
void modules_options_state(const struct modules_view *view);

/* Whether gopls' directoryFilters (JSON array) leave out dir, relative to the opened folder without
 * "./" ("" for that folder itself); *ret_filter is the entry that decides. As in gopls v0.16 to
 * v0.24: the last entry that matches wins; "-node_modules" and "-a/b" name a directory from the
 * root, "-**" followed by "/x" one at any depth, "-" everything. A directory above one that is
 * named with + stays in. */
struct jsonc_node;
bool modules_filtered(const struct jsonc_node *filters, const char *dir, const char **ret_filter);

#endif
