/* SPDX-License-Identifier: MIT
 * Which one, two or three of some elements are guilty: every combination that agrees with the trials so far, counted out. Those
 * of which each hurts alone, those that only hurt together, and, when none of these agrees, two together beside one alone.
 *
 * Each combination has a weight: two to the number of answers that will confirm it (each guilty set by itself is bad, all
 * without them is good), times what its elements are suspected. The next trial is the one that leaves least weight whatever
 * its answer is: with a weight of 2^n, n trials suffice as long as each halves it (Kraft's inequality).
 */
#ifndef BISECT_GUESS_H
#define BISECT_GUESS_H

#include "bisect/search.h"

#define GUESS_ELEMENTS_MAX 128 /* so many have 350,000 threes */
#define GUESS_TRIALS_MAX   64
#define GUESS_SETS_MAX     3
#define GUESS_NEXT_MAX     2

struct guess_trial {
	struct subset set;
	enum trial trial;
};

struct guess {
	struct subset next[GUESS_NEXT_MAX]; /* trials to be made side by side */
	size_t next_count;
	/* With next_count 0: the only combination left, each set bad and all without them good in a trial. */
	struct subset sets[GUESS_SETS_MAX];
	size_t set_count;
};

/* False: no combination agrees with the trials, none can be told from another, or there are too many elements or trials.
 * weights: count of them, each at least 1. wanted: trials side by side. Takes some megabytes for the time it runs. */
bool guess(size_t count, const unsigned *weights, const struct guess_trial *trials,
           size_t trial_count, size_t wanted, struct guess *ret);

#endif
