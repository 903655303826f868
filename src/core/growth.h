/* SPDX-License-Identifier: MIT
 * Does a row of measurements grow without an end? Pure.
 *
 * The slope is Theil's and Sen's: the median of the slopes between every two points, which a few odd points do not move.
 * Whether it is one at all is asked by Mann's and Kendall's test (H. B. Mann 1945; P. K. Sen 1968): do more pairs rise than
 * fall, beyond chance? What rises and then stays, as a program that loads does, is no growth: the last half must go on
 * rising.
 */
#ifndef CORE_GROWTH_H
#define CORE_GROWTH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define GROWTH_POINTS_MAX 64

struct growth {
	bool grows;
	double slope;       /* per unit of x, of all points */
	double late_slope;  /* of the last half */
	double first, last; /* medians of the first and the last quarter */
	double z2; /* square of the test's z, 0 when it falls; above 5.43 chance is below 1 % */
};

/* x ascending; at most GROWTH_POINTS_MAX points are looked at, at least 5 are needed for a verdict. least: a total
 * growth below that is none. */
struct growth growth_fit(const double *x, const double *y, size_t count, double least);

#endif
