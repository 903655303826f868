/* SPDX-License-Identifier: MIT
 * What direnv, mise and nix would load in a workspace. Their files are programs of the workspace:
 * they are evaluated with trust only, and direnv's only when the user has allowed them.
 */
#ifndef PROBES_SIDES_SIDE_LOADERS_H
#define PROBES_SIDES_SIDE_LOADERS_H

#include "core/probe.h"
#include "core/side.h"

/* Adds a side for each that is there and may be evaluated, a gap for each that may not. */
void side_loaders_collect(struct exam *exam, struct sides *sides);

/* Puts what `direnv export json` or `mise env --json` said over env: an object of texts, null takes
 * a variable away. False when it is no such object. */
bool side_loader_apply(struct arena *arena, struct envset *env, struct slice json);

#endif
