/* SPDX-License-Identifier: MIT
 * What a program announced that it will change, as it was: whole trees, with a copy of every file aside, since a program
 * may write into the files themselves. Copies share their blocks where the filesystem can.
 */
#ifndef APPLY_TREE_H
#define APPLY_TREE_H

#include "apply/image.h"

#define TREE_ENTRIES_MAX ((size_t)200000)
#define TREE_BYTES_MAX   ((int64_t)1024 * 1024 * 1024)

struct tree_entry {
	const char *path;   /* without links */
	struct image image; /* of a file: kept is the copy, or with no copies its own path */
};

struct tree {
	struct tree_entry *entries; /* by path */
	size_t count;
	size_t slots;
	int64_t bytes; /* of files */
};

/* What stands at the roots (without links; NULL-terminated), and below each that is a directory. Links are taken as they
 * are. keep: a directory for copies of files, or NULL for none. -EFBIG beyond the caps above or when the copies would
 * fill the filesystem of keep; -errno; with a sentence. */
int tree_take(struct arena *arena, const char *const *roots, const char *keep, struct tree *ret,
              struct err *err);

/* Without bytes of links and without extended attributes a tree would not come back whole: both are in it. */
struct slice tree_encode(struct arena *arena, const struct tree *tree);
/* -EBADMSG. */
int tree_decode(struct arena *arena, struct slice bytes, struct tree *ret);

/* The entry of that path, or NULL. */
const struct tree_entry *tree_find(const struct tree *tree, const char *path);

#endif
