/* SPDX-License-Identifier: MIT
 * A directory of our own for what a started program wants to write.
 */
#ifndef PROBES_SCRATCH_H
#define PROBES_SCRATCH_H

#include "base/arena.h"

/* Makes a new directory, mode 0700, below the first of preferred (may be NULL or ""), /dev/shm,
 * /tmp and /var/tmp that takes one. NULL when none does. Its name says which process made it; those that lie beside it, are
 * ours and were made by a process that is no more (it was killed) are removed. */
const char *scratch_make(struct arena *arena, const char *preferred);
/* Removes it with all that is in it, following no links; NULL is fine. */
void scratch_remove(const char *path);

#endif
