/* SPDX-License-Identifier: MIT
 * Some of at most SUBSET_MAX elements, which are numbers from 0 on.
 */
#ifndef BISECT_SUBSET_H
#define BISECT_SUBSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SUBSET_MAX 1024

struct subset {
	uint64_t words[SUBSET_MAX / 64];
};

bool subset_has(const struct subset *set, size_t i);
void subset_put(struct subset *set, size_t i);
void subset_take(struct subset *set, size_t i);
size_t subset_count(const struct subset *set);
bool subset_equal(const struct subset *a, const struct subset *b);
/* Every element of a is one of b. */
bool subset_within(const struct subset *a, const struct subset *b);
struct subset subset_minus(const struct subset *a, const struct subset *b);
struct subset subset_plus(const struct subset *a, const struct subset *b);
/* The first count elements. */
struct subset subset_first(size_t count);

#endif
