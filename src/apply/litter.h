/* SPDX-License-Identifier: MIT
 * What go and gopls put by themselves into a directory that a repair has made: a build cache, the cache of gopls,
 * temporary files. When the repair is taken back it goes with the directory, as nobody else's work is in it.
 */
#ifndef APPLY_LITTER_H
#define APPLY_LITTER_H

#include "apply/place.h"

/* Empties the directory when all in it is such, belongs to this user and lies on its file system; else it is left as it
 * is. True: it is empty now. */
bool litter_clear(const struct place *dir);

#endif
