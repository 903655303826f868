/* SPDX-License-Identifier: MIT
 * Which Go can read a go.mod or go.work: directives and forms of the go line came over the years,
 * and an older go (or a gopls with an older parser) refuses the whole file because of one of them.
 * Source: release notes and x/mod/modfile of Go 1.16 (retract), 1.21 (toolchain, go line with a
 * patch), 1.23 (godebug), 1.24 (tool), 1.25 (ignore); run with Go 1.18, 1.20, 1.22, 1.24, 1.25.
 */
#ifndef GOFILE_MODSINCE_H
#define GOFILE_MODSINCE_H

#include "gofile/modfile.h"

struct modsince {
	const char *go;   /* the first Go that reads the file: "1.24"; "" when any does */
	const char *word; /* what makes it so: "tool", "go 1.23.2" */
	int line;         /* from 1; 0 when any Go reads it */
};

/* Of the main module's file (that of a dependency is read with more patience). Strings live in the
 * arena. */
struct modsince modsince_of(struct arena *arena, struct slice text);

#endif
