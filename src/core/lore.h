/* SPDX-License-Identifier: MIT
 * What people write that does not exist, or not any more: data/settings-lore.tsv, whose head says what its columns
 * mean and where it comes from.
 */
#ifndef CORE_LORE_H
#define CORE_LORE_H

#include "base/arena.h"

/* Texts are never NULL; "" when the row says nothing. */
struct lore {
	const char *key; /* as in the data; with a '*' at its end it stands for all that begin so */
	const char *was;
	const char *version;
	const char *severity; /* "error", "warning", "note" */
	const char *wanted;
	const char *instead;
};

/* The row of that kind ("go", "gopls", "launch", "flag" ...) for the key, in the arena; NULL when there is none. An
 * exact row is preferred to one with a '*'. */
const struct lore *lore_find(struct arena *arena, const char *kind, const char *key);

/* "was never a setting", "was removed after v0.39.1" ... behind the name of the thing; what: "a setting of the Go
 * extension". In the arena. */
const char *lore_history(struct arena *arena, const struct lore *lore, const char *what);

/* The text of a file below data/, or NULL. */
const char *lore_data(const char *path);

#endif
