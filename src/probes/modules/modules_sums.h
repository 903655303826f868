/* SPDX-License-Identifier: MIT
 * What requirements lack: a checksum, their files, a single version.
 */
#ifndef PROBES_MODULES_MODULES_SUMS_H
#define PROBES_MODULES_MODULES_SUMS_H

#include "probes/modules/modules_graph.h"

/* States gosum_gap of this kind, once for a root. */
void modules_sum_gap(struct modules_graph *graph, struct modules_root *root, const char *kind);
/* States mod_absent when its directory is not in the module cache, once for a root. */
void modules_sum_absent(struct modules_graph *graph, struct modules_root *root);
/* States two requirements of one module, as a merge leaves them: go wants to drop one. */
void modules_sums_duplicates(const struct modules_graph *graph);
/* States a requirement of a version that an exclude line of the same go.mod forbids. */
void modules_sums_excluded(const struct modules_graph *graph);
/* In a workspace go reads the go.mod of every requirement of every module, imported or not. */
void modules_sums_workspace(struct modules_graph *graph);

#endif
