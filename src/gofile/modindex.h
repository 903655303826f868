/* SPDX-License-Identifier: MIT
 * A sorted index over (module path, version): lists of modules are compared without quadratic work.
 */
#ifndef GOFILE_MODINDEX_H
#define GOFILE_MODINDEX_H

#include "base/arena.h"

struct modkey {
	const char *path;
	const char *version; /* "" is a version like any other here */
	size_t item;         /* index into the caller's list */
};

struct modindex {
	struct modkey *keys; /* sorted by path, version, item */
	size_t count;
};

#define MODINDEX_NONE ((size_t)-1)

/* Sorts keys in place and takes them over. */
struct modindex modindex_of(struct modkey *keys, size_t count);
/* The first item with exactly this path and version, or MODINDEX_NONE. */
size_t modindex_find(const struct modindex *index, const char *path, const char *version);

#endif
