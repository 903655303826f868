/* SPDX-License-Identifier: MIT
 * go.mod, read as go 1.26 reads that of the main module; after an error the rest is still gathered.
 * Source: golang.org/x/mod/modfile and cmd/go/internal/modload/modfile.go of Go 1.26;
 * go.dev/ref/mod#go-mod-file.
 */
#ifndef GOFILE_GOMOD_H
#define GOFILE_GOMOD_H

#include "gofile/modfile.h"

struct gomod_require {
	const char *path;
	const char *version;
	bool indirect; /* has the `// indirect` comment */
	int line;
};

struct gomod_path {
	const char *path;
	int line;
};

struct gomod {
	const char *module;     /* NULL when there is no (readable) module line */
	const char *go_version; /* "1.22.0"; NULL when absent or refused */
	const char *toolchain;  /* "go1.22.3" or "default"; NULL when absent or refused */
	int module_line;        /* 0 when absent; also of a refused line */
	int go_line;
	int toolchain_line;
	struct gomod_require *requires;
	size_t require_count;
	struct gomod_require *excludes; /* indirect is false */
	size_t exclude_count;
	struct modfile_replace *replaces;
	size_t replace_count;
	struct gomod_path *tools;
	size_t tool_count;
	struct gomod_path *ignores;
	size_t ignore_count;
	size_t retract_count;
	struct modfile_error error; /* the first go would report; kind NONE when it reports none */
	int loose_version_line;     /* first version go must ask a proxy about ("v1.2", "master"); 0
	                             * when none.     Offline this is an error too: "module lookup
	                             * disabled", "dial tcp …" */
	const char *loose_version;  /* that version; "" when none */
	const char *loose_path;     /* the module it is of */
	int conflict_line;          /* first merge conflict marker; 0 when none */
	bool has_module;
	bool empty;     /* nothing but blanks and comments */
	bool truncated; /* longer than MODFILE_MAX_BYTES */
	bool has_bom;
	bool has_nul;
};

/* Never fails: what is wrong with the file is in ->error. Strings live in the arena. */
struct gomod gomod_parse(struct arena *arena, struct slice text);
/* What go says against the file as that of a dependency or a replacement, where it passes over
 * directives it does not know and over those of main modules; kind NONE when nothing. */
struct modfile_error gomod_dependency_error(struct arena *arena, struct slice text);

/* The require entry of this module; NULL when there is none. */
const struct gomod_require *gomod_require_find(const struct gomod *mod, const char *path);
/* The replacement that applies to path at version: an exact one before one for all versions; NULL
 * when none. */
const struct modfile_replace *gomod_replace_find(const struct gomod *mod, const char *path,
                                                 const char *version);

#endif
