/* SPDX-License-Identifier: MIT
 * What git keeps in its own files about a go.sum; git itself is not run.
 */
#ifndef PROBES_MODULES_GIT_MEMORY_H
#define PROBES_MODULES_GIT_MEMORY_H

#include "core/probe.h"

/* Would git leave a go.sum in this directory out? By the .gitignore files from there up and by
 * .git/info/exclude; patterns with a path inside are passed over. */
bool git_ignores_gosum(struct exam *exam, const char *dir);

/* Is this absolute path in the index of the repository above it, so that git can bring it back? False
 * also where that cannot be read (linked work trees, index version 4). */
bool git_has(struct exam *exam, const char *path);

#endif
