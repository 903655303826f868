/* SPDX-License-Identifier: MIT
 * Which import paths go accepts.
 * Source: golang.org/x/mod/module (CheckImportPath) of the Go 1.24 to 1.27 trees.
 */
#ifndef GOFILE_IMPORTPATH_H
#define GOFILE_IMPORTPATH_H

#include "base/arena.h"

/* What go has against the path, in words for people ("' ' is not allowed in an import path"); NULL
 * when it accepts it. */
const char *importpath_fault(struct arena *arena, const char *path);

#endif
