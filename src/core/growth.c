/* SPDX-License-Identifier: MIT
 */
#include "core/growth.h"

#include <stdlib.h>

#define POINTS_MIN 5
#define Z2_MIN     5.43 /* 2.33 squared */
#define LATE_SHARE 0.25 /* of the whole slope, that the last half must have at least */
#define PAIRS_MAX  (GROWTH_POINTS_MAX * (GROWTH_POINTS_MAX - 1) / 2)

static int ascending(const void *a, const void *b) {
	double x = *(const double *)a, y = *(const double *)b;

	return x < y ? -1 : x > y ? 1 : 0;
}

static double median(double *values, size_t count) {
	if (count == 0) {
		return 0;
	}
	qsort(values, count, sizeof *values, ascending);
	return count % 2 ? values[count / 2] : (values[count / 2 - 1] + values[count / 2]) / 2;
}

static double slope_of(const double *x, const double *y, size_t count) {
	double slopes[PAIRS_MAX];
	size_t n = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t k = i + 1; k < count; k++) {
			if (x[k] > x[i]) {
				slopes[n++] = (y[k] - y[i]) / (x[k] - x[i]);
			}
		}
	}
	return median(slopes, n);
}

/* Equal values make the variance smaller: sum over ties of t(t-1)(2t+5). */
static double tie_sum(const double *y, size_t count) {
	double sorted[GROWTH_POINTS_MAX] = {0}, sum = 0;

	for (size_t i = 0; i < count; i++) {
		sorted[i] = y[i];
	}
	qsort(sorted, count, sizeof *sorted, ascending);
	for (size_t i = 0, run = 1; i < count; i++, run++) {
		if (i + 1 == count || sorted[i + 1] > sorted[i]) {
			double t = (double)run;

			sum += t * (t - 1) * (2 * t + 5);
			run = 0;
		}
	}
	return sum;
}

static double kendall_z2(const double *y, size_t count) {
	double n = (double)count, s = 0;

	for (size_t i = 0; i < count; i++) {
		for (size_t k = i + 1; k < count; k++) {
			s += y[k] > y[i] ? 1 : y[k] < y[i] ? -1 : 0;
		}
	}
	double variance = (n * (n - 1) * (2 * n + 5) - tie_sum(y, count)) / 18;

	return variance <= 0 || s <= 0 ? 0 : (s - 1) * (s - 1) / variance;
}

static double median_of(const double *y, size_t count) {
	double copy[GROWTH_POINTS_MAX];

	for (size_t i = 0; i < count; i++) {
		copy[i] = y[i];
	}
	return median(copy, count);
}

struct growth growth_fit(const double *x, const double *y, size_t count, double least) {
	struct growth g = {0};

	count = count < GROWTH_POINTS_MAX ? count : GROWTH_POINTS_MAX;
	if (count < POINTS_MIN) {
		return g;
	}
	size_t quarter = count / 4 ? count / 4 : 1, half = count / 2;

	g.slope = slope_of(x, y, count);
	g.late_slope = slope_of(x + half, y + half, count - half);
	g.first = median_of(y, quarter);
	g.last = median_of(y + count - quarter, quarter);
	g.z2 = kendall_z2(y, count);
	g.grows = g.z2 > Z2_MIN && g.slope > 0 && g.late_slope >= g.slope * LATE_SHARE &&
	          g.last - g.first >= least;
	return g;
}
