/* SPDX-License-Identifier: MIT
 * Things in a row, the first of them well and the last of them not: where does it turn? By halves, as git bisect does; one of
 * which a trial says nothing is left out, and the nearest beside it is tried.
 */
#ifndef BISECT_SERIES_H
#define BISECT_SERIES_H

#include "base/arena.h"
#include "bisect/search.h"

struct series_result {
	/* Side by side, or with nothing between them but what says nothing. */
	size_t last_good, first_bad;
	size_t trials;
	bool stopped; /* `run` ended it */
};

/* count: at least 2. run makes the trial of one of them, each at most once; false: no more can be made. */
void series_search(struct arena *arena, size_t count,
                   bool (*run)(void *context, size_t index, enum trial *ret), void *context,
                   struct series_result *ret);

#endif
