/* SPDX-License-Identifier: MIT
 * What the type checker misses: names, and whole pieces of the language.
 */
#ifndef CORE_UNDEFINED_H
#define CORE_UNDEFINED_H

#include "core/facts.h"

/* The first error diagnostic "undefined: NAME" or "undefined: pkg.NAME" (go/types, same words since Go 1.0) whose NAME
 * is one of names (blanks between them), or NULL. ret_name is NAME, in the arena of facts. */
const struct fact_diagnostic *undefined_find(const struct facts *facts, const char *names,
                                             const char **ret_name);

/* An error diagnostic in the words a type checker or parser has for a language newer than it knows, or NULL. A user's
 * own mistake may be put into the same words: counts only where the compiler could not be asked. */
const struct fact *undefined_language(const struct facts *facts);

#endif
