/* SPDX-License-Identifier: MIT
 * The packages of Go's standard library and since when they are there.
 * Source: api/go1.*.txt of Go 1.27 for the first version, `go list std` of Go 1.24 to 1.27 for the
 * names (internal and vendored packages left out: user code cannot import them).
 */
#ifndef GOFILE_STDLIST_H
#define GOFILE_STDLIST_H

#include <stddef.h>

struct stdlist_entry {
	const char *path;
	int since; /* minor version of Go that brought it: 21 for go1.21; 0 = go1.0 */
};

/* The entry of an import path, or NULL when the standard library has no such package. */
const struct stdlist_entry *stdlist_find(const char *path);
/* All entries in alphabetical order. */
const struct stdlist_entry *stdlist_all(size_t *ret_count);

#endif
