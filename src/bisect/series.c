/* SPDX-License-Identifier: MIT
 */
#include "bisect/series.h"

/* The one nearest to the middle of lo and hi that was not left out; lo: there is none. */
static size_t nearest(const bool *left_out, size_t lo, size_t hi) {
	size_t middle = lo + (hi - lo) / 2;

	for (size_t away = 0; away < hi - lo; away++) {
		if (middle + away < hi && !left_out[middle + away]) {
			return middle + away;
		}
		if (middle > lo + away && !left_out[middle - away]) {
			return middle - away;
		}
	}
	return lo;
}

void series_search(struct arena *arena, size_t count,
                   bool (*run)(void *context, size_t index, enum trial *ret), void *context,
                   struct series_result *ret) {
	bool *left_out = arena_array_of(arena, bool, count);

	*ret = (struct series_result){.first_bad = count - 1};
	left_out[0] = true;
	for (;;) {
		size_t at = nearest(left_out, ret->last_good, ret->first_bad);
		enum trial said = TRIAL_UNRESOLVED;

		if (at == ret->last_good) {
			return;
		}
		if (!run(context, at, &said)) {
			ret->stopped = true;
			return;
		}
		ret->trials++;
		left_out[at] = true;
		if (said == TRIAL_GOOD) {
			ret->last_good = at;
		} else if (said == TRIAL_BAD) {
			ret->first_bad = at;
		}
	}
}
