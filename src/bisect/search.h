/* SPDX-License-Identifier: MIT
 * Which of many differences break it? Delta debugging over a set of elements, each of which is there or not, with a trial
 * that says of any subset whether it is well. Nothing of them is well, all of them together are not.
 *
 * One, two or three guilty ones are counted out first (bisect/guess.h): of 120 elements they are found with at most 25 trials,
 * both ends among them, whether they only hurt together or each alone and whoever is suspected. When trials do not agree with
 * so few:
 *
 * Elements are in the order in which they are suspected, each with a weight. The smallest beginning that breaks it is found
 * by bisection; its last element is needed; the same is done with that one present, until those that are needed are enough
 * (the idea of QuickXplain, Junker 2004, over prefixes). What was found is made minimal with the complements of ddmin (Zeller
 * and Hildebrandt 2002), so that it is so too where a superset of what breaks it is well. Then, without what was found: is it
 * well? If not there is another set. After one that hurts alone, what is known to be well is left out of the trials for the next.
 */
#ifndef BISECT_SEARCH_H
#define BISECT_SEARCH_H

#include "base/arena.h"
#include "bisect/subset.h"

#define SEARCH_SETS_MAX  8
#define SEARCH_WIDTH_MAX 4

enum trial {
	TRIAL_GOOD,
	TRIAL_BAD,
	TRIAL_UNRESOLVED, /* it could not be made, or says nothing */
};

struct search_spec {
	struct arena *arena;
	size_t count;            /* elements, at most SUBSET_MAX */
	const unsigned *weights; /* count of them, each at least 1 */
	size_t width;            /* trials side by side, at most SEARCH_WIDTH_MAX */
	size_t cuts; /* made side by side in one step of a bisection: 1 takes the fewest trials, more take less time */
	size_t budget; /* trials at most; 0: any number */
	size_t dear; /* from so many trials on what is part of something good is taken to be; 0: never */
	/* Makes count trials (at most width, all different, none that was made before) and fills ret. False: no more can
	 * be made; ret does not count then. */
	bool (*run)(void *context, const struct subset *sets, size_t count, enum trial *ret);
	void *context;
};

struct search_set {
	struct subset set;
	bool minimal; /* without any single one of them nothing is bad: each such trial was made, */
	bool implied; /* or, near spec.dear, something was good that it is part of */
};

struct search_result {
	/* Each was bad in a trial of its own, without any of the others; none has an element of another. */
	struct search_set sets[SEARCH_SETS_MAX];
	size_t set_count;
	bool cured;     /* without all of them a trial was good */
	bool stopped;   /* the budget or `run` ended it */
	bool whimsical; /* something was bad that is part of something good */
	size_t trials;  /* that were made; what was known before is not counted */
};

/* Finds them. That the whole is bad and the empty set is good is the caller's to know. */
void search(const struct search_spec *spec, struct search_result *ret);

#endif
