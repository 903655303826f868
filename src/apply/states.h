/* SPDX-License-Identifier: MIT
 * Where the states that worked are kept: a file for each workspace below $XDG_STATE_HOME/dialtone/good (by default
 * ~/.local/state/dialtone/good), readable by this user only.
 *
 * Looking must change nothing, so `dialtone check` writes there only when the directory $XDG_STATE_HOME/dialtone is there
 * already: somebody has said that dialtone may keep things (fix, changed --remember). Nothing is written into the HOME of
 * another user.
 */
#ifndef APPLY_STATES_H
#define APPLY_STATES_H

#include "core/known_good.h"
#include "core/world.h"

#define STATES_WORKSPACES_MAX ((size_t)64) /* those not seen for longest are given up */

/* The file of this workspace; NULL when nothing says where it would be. */
const char *states_file(struct arena *arena, const char *workspace);

/* Whether it may be written: HOME is this user's own, the directory of dialtone is there and this user's. Both are looked
 * at through the world: a HOME that does not answer costs the time of a look, no more. */
bool states_may_write(struct arena *arena, struct world *world);

/* Makes the directory of dialtone, which says that it may keep things. -errno with a sentence. */
int states_allow(struct arena *arena, struct err *err);

/* What is kept of the workspace. Of nothing, or of what cannot be used, a new one with a key of its own; but -EPROTO, with
 * a sentence, when a newer dialtone wrote it: that is to be left alone. */
int states_load(struct arena *arena, const char *file, const char *workspace,
                struct known_good *ret, struct err *err);

/* Keeps the state that was found good now, taken with the key of the store. When nothing changed, only its time is
 * overwritten; else the file is replaced as a whole. -errno with a sentence; then what was kept is as it was. */
int states_keep(struct arena *arena, const char *file, struct known_good *store, struct setup *now,
                struct err *err);

#endif
