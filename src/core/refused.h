/* SPDX-License-Identifier: MIT
 * Variables with a value at which go, gopls or every program of Go stops.
 */
#ifndef CORE_REFUSED_H
#define CORE_REFUSED_H

#include "core/facts.h"

/* The names that are known to be refused for some values, from 0 on; NULL behind the last. */
const char *refused_name(size_t i);

/* Who stopped at the value of this variable: go that ended, or gopls when it was started; in ret_line (if not NULL)
 * what it said, in the arena of facts. NULL when nobody did. */
const struct fact *refused_variable(const struct facts *facts, const char *name,
                                    const char **ret_line);

/* GOFLAGS has a -modfile, and gopls stopped at it: it asks go for its release with GO111MODULE=off (golang.org/x/tools
 * internal/gocommand/version.go), where go refuses that flag. Every go command of the user accepts it. What gopls said;
 * NULL when it did not, or when modules are off for everybody. */
const struct fact *refused_modfile(const struct facts *facts);

#endif
