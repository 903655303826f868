/* SPDX-License-Identifier: MIT
 * Where the value of a variable comes from, in words, and how to take it away there.
 */
#ifndef CORE_ORIGIN_H
#define CORE_ORIGIN_H

#include "core/finding.h"

/* The last place in the start-up files that sets NAME to this value (NULL: to any), or NULL. */
const struct fact_startup *origin_startup(const struct facts *facts, const char *name,
                                          const char *value);

/* "in ~/.config/go/env line 3", "in settings.json line 12 (go.toolsEnvVars)", "in the environment,
 * set by
 * ~/.profile line 7", "in the environment of process 4242", "in the environment". In the arena of
 * facts. */
const char *origin_words(const struct facts *facts, const struct fact_govar *var);

/* Adds the fix that takes the variable away where it is set, cites what proves the place. */
void origin_fix(const struct facts *facts, struct findings *out, struct finding *finding,
                const struct fact_govar *var);

/* The variable of the environment the server gets, seen as a govar: a variable go itself does not
 * know (TMPDIR, HOME). */
struct fact_govar origin_of_var(const struct facts *facts, const char *name);

#endif
