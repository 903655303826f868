/* SPDX-License-Identifier: MIT
 * vendor/modules.txt, and go's check that it agrees with go.mod (or with go.work and its modules).
 * Source: cmd/go/internal/modload/vendor.go and modfile.go of Go 1.26.
 */
#ifndef GOFILE_MODULESTXT_H
#define GOFILE_MODULESTXT_H

#include "gofile/gomod.h"
#include "gofile/gowork.h"
#include "gofile/modindex.h"

#define MODULESTXT_MAX_BYTES ((size_t)(4 * 1024 * 1024))

struct modulestxt_module {
	const char *path;
	const char *version;     /* "" for a replacement of every version */
	const char *new_path;    /* what replaces it; "" when nothing does */
	const char *new_version; /* "" when new_path is a directory */
	const char *go_version;  /* of `## go 1.x`; "" when absent */
	bool is_explicit;        /* `## explicit` */
	bool selected;           /* provides packages: part of the build list */
	bool superseded;         /* selected, but a newer version of the path is too */
	size_t package_count;
	int line; /* where it is named first */
};

struct modulestxt_package {
	const char *path;
	size_t module; /* index into modules */
};

struct modulestxt {
	struct modulestxt_module *modules; /* one per path and version, in the order of the file */
	size_t module_count;
	struct modulestxt_package *packages;
	size_t package_count;
	struct modindex index; /* of modules */
	bool is_workspace;     /* starts with `## workspace`: made by `go work vendor` */
	bool truncated;        /* longer than MODULESTXT_MAX_BYTES */
	int conflict_line;     /* first merge conflict marker; 0 when none */
};

/* Never fails: lines go does not understand are left out, as go does. An empty text stands for a
 * missing file. */
struct modulestxt modulestxt_parse(struct arena *arena, struct slice text);

enum modulestxt_gap_kind {
	MODULESTXT_NOT_EXPLICIT,      /* required in go.mod, not marked explicit */
	MODULESTXT_OTHER_VERSION,     /* the same before go 1.14: another version is vendored */
	MODULESTXT_NOT_REPLACED,      /* replaced in go.mod, not in modules.txt */
	MODULESTXT_OTHER_REPLACEMENT, /* replaced by something else */
	MODULESTXT_NOT_REQUIRED,      /* marked explicit, not in go.mod */
	MODULESTXT_NOT_IN_GOMOD,      /* marked replaced, not replaced in go.mod */
};

struct modulestxt_gap {
	const char *path;
	const char *version; /* "" when the gap is about all versions */
	enum modulestxt_gap_kind kind;
	const char *text;     /* as go words it, without "path@version: " */
	const char *vendored; /* version modules.txt has for the path; "" when it has none */
};

struct modulestxt_gaps {
	struct modulestxt_gap *items;
	size_t count;
};

struct modulestxt_member {
	const char *dir; /* absolute, clean */
	const struct gomod *mod;
};

/* go's check for one main module: no gap means that `go` with -mod=vendor starts. In the order go
 * reports. With a go line below 1.14 (or none) only contradictions count, as in go. */
struct modulestxt_gaps modulestxt_compare(struct arena *arena, const struct modulestxt *vendor,
                                          const struct gomod *mod);

/* The same for a workspace: go.work lies in work_dir (absolute, clean), members are its modules in
 * its order. */
struct modulestxt_gaps modulestxt_compare_workspace(struct arena *arena,
                                                    const struct modulestxt *vendor,
                                                    const char *work_dir, const struct gowork *work,
                                                    const struct modulestxt_member *members,
                                                    size_t member_count);

#endif
