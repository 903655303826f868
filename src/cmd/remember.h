/* SPDX-License-Identifier: MIT
 * Keeping what a set-up was like while all worked, for `dialtone changed` (docs/changed.md).
 */
#ifndef CMD_REMEMBER_H
#define CMD_REMEMBER_H

#include "core/infer.h"
#include "core/target.h"
#include "core/world.h"

#define NO_REMEMBER_VARIABLE "DIALTONE_NO_REMEMBER"

/* Tells the target where states are kept, if dialtone may keep anything here (apply/states.h), and whether this examination
 * will be kept. refused: nothing is to be read or written. */
void remember_prepare(struct arena *arena, struct world *world, struct target *target,
                      bool refused);

/* Keeps the state when all worked and the server was asked; NULL facts of ours never stand in the way: -errno with a
 * sentence, which `dialtone check` keeps for itself. 1: it was not the time for it (nothing was wrong with keeping it).
 */
int remember(struct arena *arena, const struct target *target, const struct facts *facts,
             const struct evidence_store *store, const struct diagnosis *diagnosis,
             struct err *err);

#endif
