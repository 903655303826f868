/* SPDX-License-Identifier: MIT
 * Module versions: v1.2.3, pre-releases, pseudo-versions, +incompatible.
 * Source: golang.org/x/mod semver and module, as vendored in Go 1.26.
 */
#ifndef GOFILE_SEMVER_H
#define GOFILE_SEMVER_H

#include "base/arena.h"

#include <stdbool.h>

/* A version taken apart; the slices point into the parsed text. */
struct semver {
	struct slice major; /* "1" */
	struct slice minor; /* "2"; empty when the text has none ("v1") */
	struct slice patch; /* "3"; empty when the text has none ("v1.2") */
	struct slice pre;   /* "-rc.1", or empty */
	struct slice build; /* "+incompatible", or empty */
};

/* True and *ret set when text is a version; "v1" and "v1.2" are versions, "1.2.3" is not. */
bool semver_parse(const char *text, struct semver *ret);
bool semver_is_valid(const char *text);
/* True when text is as go.mod wants it: three numbers, no build part but "+incompatible". */
bool semver_is_canonical(const char *text);
/* <0, 0, >0. A text that is no version is less than any version; two such are equal. */
int semver_compare(const char *a, const char *b);
/* Splits "path/v2" (or "gopkg.in/x.v2") into path and major suffix ("/v2", ".v2", "" when there is
 * none). False when the path ends in a suffix no module may have ("/v1", "/v02", gopkg.in without
 * version). */
bool semver_path_major(const char *module_path, struct slice *ret_major);
/* NULL when version may belong to a module path with this suffix, else go's words why not
 * ("should be v2, not v1"), in the arena. */
const char *semver_check_major(struct arena *arena, const char *version, struct slice major);

#endif
