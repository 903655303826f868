/* SPDX-License-Identifier: MIT
 * Whole directories: copied and removed.
 */
#ifndef PIN_TREE_H
#define PIN_TREE_H

#include "base/arena.h"
#include "base/err.h"

#define TREE_COPY_MAX_BYTES ((int64_t)2 * 1024 * 1024 * 1024) /* a toolchain has 250 MiB */

/* A new file with the bytes of another: mode 0755 when that one may be executed, else 0644. -errno with a sentence. */
int tree_copy_file(const char *from, const char *to, struct err *err);

/* The regular files below `from`, links followed, into the new directory `to`. Anything else is left out. -EFBIG beyond
 * the cap, else -errno, with a sentence. */
int tree_copy(struct arena *arena, const char *from, const char *to, struct err *err);

/* All files and directories below are on the disk: -errno. Of a tree of thousands of files one syncfs(2) is quicker. */
int tree_sync(struct arena *arena, const char *dir);

/* Every file below gets execute bits: what a module holds has none. -errno. */
int tree_make_executable(struct arena *arena, const char *dir);

/* As far as it goes; what is not there is no failure. */
void tree_remove(struct arena *arena, const char *dir);

#endif
