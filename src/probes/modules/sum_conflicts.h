/* SPDX-License-Identifier: MIT
 * A line of go.sum with another checksum than the module cache keeps for what it has. go calls that a security error, for
 * it knows of two who contradict each other and of no third. There may be one: the last commit, or the answer of the
 * checksum database, which go keeps in the module cache (cmd/go/internal/modfetch/sumdb.go, ReadCache).
 */
#ifndef PROBES_MODULES_SUM_CONFLICTS_H
#define PROBES_MODULES_SUM_CONFLICTS_H

#include "probes/modules/modules_graph.h"

struct sum_conflicts {
	struct modules_graph *graph; /* or NULL: nothing is stated */
	struct gosum committed[MODULES_MEMBERS_MAX +
	                       1]; /* beside graph->sums: as the last commit has them */
	bool asked[MODULES_MEMBERS_MAX + 1];
	size_t stated;
};

/* cached: what the cache has of the root's files, or of its go.mod ("h1:…"). States gosum_conflict of each line that go
 * would stop at. root may be NULL. */
void sum_conflicts_add(struct sum_conflicts *conflicts, const struct modules_root *root,
                       bool is_gomod, const char *cached);

#endif
