/* SPDX-License-Identifier: MIT
 * A light look at one Go file: enough to choose what to ask a language server about it. It knows
 * tokens, not types, and takes broken code as it comes. Source: go.dev/ref/spec (lexical elements,
 * import declarations); LSP 3.17 for positions.
 */
#ifndef GOFILE_GOSOURCE_H
#define GOFILE_GOSOURCE_H

#include "base/arena.h"

#include <stdbool.h>

#define GOSOURCE_MAX_BYTES ((size_t)(1024 * 1024))

struct gosource_pos {
	int line;      /* from 1; 0 when there is no such place. LSP counts lines from 0 */
	int character; /* UTF-16 code units from 0, as LSP counts */
};

struct gosource_import {
	const char *name; /* as code uses it: its own or the path's last element; "_" and "." as
	                     written */
	const char *path;
	int line;
};

struct gosource_use {
	struct gosource_pos pos; /* of the name used: what a client would ask the definition of */
	const char *name;        /* "Println" */
	const char *path;        /* import path; "" for a name of this file */
};

struct gosource {
	const char *package;             /* "" when there is no package clause */
	struct gosource_pos package_pos; /* of the name */
	struct gosource_import *imports;
	size_t import_count;
	bool imports_c;               /* import "C": needs cgo */
	struct gosource_use standard; /* first pkg.Name of the standard library; line 0 when none */
	struct gosource_use other;    /* the same of another package: own module or third party */
	struct gosource_use own; /* first use of a func, type, var or const this file declares */
	struct gosource_pos own_declared; /* where that is declared */
	bool broken;                      /* a string, rune or comment has no end */
	bool truncated;                   /* longer than GOSOURCE_MAX_BYTES */
};

/* module: path of the file's own module, NULL when unknown; an import below it is not of the
 * standard library even without a dot in its first element. */
struct gosource gosource_parse(struct arena *arena, struct slice text, const char *module);
/* Only package clause and imports; the text behind them is not read. */
struct gosource gosource_imports(struct arena *arena, struct slice text);

#endif
