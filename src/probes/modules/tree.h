/* SPDX-License-Identifier: MIT
 * How much go walks below the module or the opened folder.
 */
#ifndef PROBES_TREE_H
#define PROBES_TREE_H

#include "core/probe.h"

/* States fact tree, unless it is stated already; nothing when there is no directory that go walks.
 * Takes seconds in a tree of hundreds of thousands of directories. The fact, or NULL. */
const struct fact_tree *tree_state(struct exam *exam);

#endif
