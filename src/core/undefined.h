/* SPDX-License-Identifier: MIT
 * Names the type checker misses.
 */
#ifndef CORE_UNDEFINED_H
#define CORE_UNDEFINED_H

#include "core/facts.h"

/* The first error diagnostic "undefined: NAME" or "undefined: pkg.NAME" (go/types, same words since Go 1.0) whose NAME
 * is one of names (blanks between them), or NULL. ret_name is NAME, in the arena of facts. */
const struct fact_diagnostic *undefined_find(const struct facts *facts, const char *names,
                                             const char **ret_name);

#endif
