/* SPDX-License-Identifier: MIT
 * Variables, other than GOFLAGS, with a value at which go, or every program of Go, stops.
 */
#ifndef CORE_REFUSED_H
#define CORE_REFUSED_H

#include "core/facts.h"

/* The names that are known to be refused for some values, NULL behind the last. */
extern const char *const refused_names[];

/* Who stopped at the value of this variable: go that ended, or gopls when it was started; in ret_line (if not NULL)
 * what it said, in the arena of facts. NULL when nobody did. */
const struct fact *refused_variable(const struct facts *facts, const char *name,
                                    const char **ret_line);

#endif
