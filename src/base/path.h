/* SPDX-License-Identifier: MIT
 * Paths as text; nothing here looks at the disk.
 */
#ifndef BASE_PATH_H
#define BASE_PATH_H

#include "base/arena.h"

#include <stdbool.h>

/* dir/name, without doubling a slash; name alone when it is absolute. */
char *path_join(struct arena *arena, const char *dir, const char *name);
/* The path without its last element: "/" for "/x", "." for "x". */
char *path_parent(struct arena *arena, const char *path);
/* The last element; "" for "/". Points into path. */
const char *path_base(const char *path);
/* Absolute and without ".", "..", "//" and a trailing slash, as Go's path/filepath.Clean. */
char *path_clean(struct arena *arena, const char *path);
/* True when path is dir or lies below it; both cleaned. */
bool path_below(const char *path, const char *dir);

/* file:// URI, percent-encoded as VS Code does (RFC 3986 unreserved and '/' stay), and back.
 * path_from_uri gives NULL for another scheme or a malformed escape. */
char *path_to_uri(struct arena *arena, const char *path);
char *path_from_uri(struct arena *arena, const char *uri);

#endif
