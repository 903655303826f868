/* SPDX-License-Identifier: MIT
 * go.work, read as go 1.26 reads it; after an error the rest is still gathered.
 * Source: golang.org/x/mod/modfile/work.go of Go 1.26; go.dev/ref/mod#go-work-file.
 */
#ifndef GOFILE_GOWORK_H
#define GOFILE_GOWORK_H

#include "gofile/modfile.h"

struct gowork_use {
	const char *path; /* as written; relative to the directory of go.work */
	int line;
};

struct gowork {
	const char *go_version; /* NULL when absent or refused; go then assumes 1.18 */
	const char *toolchain;  /* NULL when absent or refused */
	int go_line;
	int toolchain_line;
	struct gowork_use *uses;
	size_t use_count;
	struct modfile_replace *replaces;
	size_t replace_count;
	struct modfile_error error; /* the first go would report */
	int conflict_line;          /* first merge conflict marker; 0 when none */
	bool empty;
	bool truncated;
	bool has_bom;
	bool has_nul;
};

/* Never fails: what is wrong with the file is in ->error. Strings live in the arena. */
struct gowork gowork_parse(struct arena *arena, struct slice text);

/* module_dir as `go work use` writes it into the go.work in work_dir (both absolute and clean):
 * "./x" or "../x". */
const char *gowork_use_path(struct arena *arena, const char *work_dir, const char *module_dir);

#endif
