/* SPDX-License-Identifier: MIT
 * The modes of all that lies below a directory.
 */
#ifndef APPLY_MODES_H
#define APPLY_MODES_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <sys/types.h>

#define MODES_MAX ((size_t)500000)

/* A mode with these bits set and taken away; x is set only for directories and files that have an x (chmod's X). */
mode_t modes_changed(mode_t mode, mode_t on, mode_t off);

/* What of path (without links) and, with `below`, of all below it belongs to this user and would get another mode: the detail of a
 * CHANGE_MODES. Links are not followed, other file systems not entered; directories that cannot be read yet are listed
 * themselves only. -E2BIG, -errno, with a sentence. */
int modes_list(struct arena *arena, const char *path, bool below, mode_t on, mode_t off,
               struct slice *ret, size_t *ret_count, struct err *err);

/* Would a directory there, itself or below, that belongs to this user get these bits? */
bool modes_any_directory(struct arena *arena, const char *path, mode_t on);

#endif
