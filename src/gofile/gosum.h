/* SPDX-License-Identifier: MIT
 * go.sum and go.work.sum: which module contents and which go.mod files have a checksum.
 * Source: cmd/go/internal/modfetch/fetch.go (readGoSum, HaveSum) of Go 1.26;
 * go.dev/ref/mod#go-sum-files.
 */
#ifndef GOFILE_GOSUM_H
#define GOFILE_GOSUM_H

#include "base/arena.h"

#include <stdbool.h>

#define GOSUM_MAX_BYTES ((size_t)(16 * 1024 * 1024))

struct gosum_entry {
	struct slice path;
	struct slice version; /* without "/go.mod" */
	struct slice hash;    /* "h1:…=" */
	bool is_gomod;        /* the hash is that of the module's go.mod alone */
	int line;
};

struct gosum {
	struct gosum_entry
		*entries; /* sorted by path, version, is_gomod; slices point into the text given */
	size_t count;
	int malformed_line; /* first line that has not three words: go stops there; 0 when none */
	size_t malformed_words; /* how many it has */
	int conflict_line;      /* first merge conflict marker; 0 when none */
	bool truncated;         /* longer than GOSUM_MAX_BYTES */
};

/* text must outlive the result. Entries behind a malformed line are read too. */
struct gosum gosum_parse(struct arena *arena, struct slice text);

/* True when there is an h1 checksum for the module (or its go.mod). */
bool gosum_has(const struct gosum *sum, const char *path, const char *version, bool is_gomod);

#endif
