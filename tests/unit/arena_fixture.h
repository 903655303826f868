/* SPDX-License-Identifier: MIT
 * For tests whose whole state is an arena.
 */
#ifndef TESTS_UNIT_ARENA_FIXTURE_H
#define TESTS_UNIT_ARENA_FIXTURE_H

#include "base/arena.h"

static inline int arena_setup(void **state) {
	*state = arena_new();
	return 0;
}

static inline int arena_teardown(void **state) {
	arena_free(*state);
	return 0;
}

#endif
