/* SPDX-License-Identifier: MIT
 * What each release of gopls needs, knows and reads.
 * Source: the go and x/mod lines of gopls/go.mod at each tag, gopls/internal/util/goversion, the
 * dates of gopls and Go releases; built and run with Go 1.18 to 1.27 for v0.11, v0.13, v0.16, v0.20,
 * v0.23 and v0.24.
 */
#ifndef GOFILE_GOPLSRELEASE_H
#define GOFILE_GOPLSRELEASE_H

#include "base/arena.h"

#include <stdbool.h>

struct gopls_release {
	int minor;         /* 20 for v0.20 */
	const char *last;  /* its newest patch release: "v0.20.0" */
	const char *needs; /* the oldest Go that builds it: "1.24.2" */
	int knows;         /* the newest Go 1.N there was when it was released */
	int built_by;      /* the newest Go 1.N that compiles it; 0 = no limit is known */
	const char *reads; /* the newest Go whose go.mod its newest patch release reads: "1.24" */
};

/* "v0.20.0", "v0.20.0-pre.1": its row. NULL when it is no such release: "(devel)", "", one newer
 * than this table. */
const struct gopls_release *gopls_release_of(const char *version);

/* The newest release that Go `go` ("1.24.12") builds by itself; NULL when none. */
const struct gopls_release *gopls_release_for(const char *go);

/* Does Go `go` compile this release by itself? False for one that is not known. */
bool gopls_release_compiles(const char *go, const char *version);

/* What to install where there is none: "latest", or of a Go that cannot fetch a newer one by itself the newest release that
 * it builds. go: "1.20.14"; "" when it is not known. Source of the limit: go.dev/doc/toolchain. */
const char *gopls_release_wanted(const char *go);

#endif
