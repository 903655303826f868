/* SPDX-License-Identifier: MIT
 * git's lock files: they lock by being there, and say nothing of who made them.
 */
#ifndef CMD_LOCKS_GIT_H
#define CMD_LOCKS_GIT_H

#include "core/world.h"
#include "report/locks_view.h"

/* Adds the lock files of the repository whose `.git` dir is. One is in use as long as a git runs that can have made it. One
 * that started after the file was written did not; nor did one at work in another place, when the file is `index.lock`:
 * git goes to the top of its work tree before it takes that (setup.c), unless GIT_DIR, GIT_WORK_TREE or the options of
 * these names lead elsewhere. */
void locks_git(struct world *world, struct locks_view *view, const char *dir);

#endif
