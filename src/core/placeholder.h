/* SPDX-License-Identifier: MIT
 * Placeholders that nobody expanded: $HOME, ${workspaceFolder}, ~, %USERPROFILE%.
 */
#ifndef CORE_PLACEHOLDER_H
#define CORE_PLACEHOLDER_H

#include "core/facts.h"

/* The first placeholder of a value, or NULL. */
const char *placeholder_find(struct arena *arena, const char *value);
/* The value as it was meant, with what is not known (${go.cachePath}) left as it stands. In the arena of facts. */
const char *placeholder_meant(const struct facts *facts, const char *value);

#endif
