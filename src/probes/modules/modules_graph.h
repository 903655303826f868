/* SPDX-License-Identifier: MIT
 * The modules that go.mod (or the members of go.work) require, their checksums and directories.
 * Source: go.dev/ref/mod#go-sum-files, #module-cache; golang.org/x/mod/module (EscapePath).
 */
#ifndef PROBES_MODULES_MODULES_GRAPH_H
#define PROBES_MODULES_MODULES_GRAPH_H

#include "gofile/gosum.h"
#include "probes/modules/modules_view.h"

#define MODULES_ROOTS_MAX 1024

struct modules_root {
	const char *path;
	const char *version;
	const char *gomod; /* the file that requires it */
	int line;
	bool indirect;
	const char *sum_path;    /* what go.sum must have: the replacement's name, or the path */
	const char *sum_version; /* "" when a directory replaces it: no checksum is needed */
	const char *dir;         /* where its files are, or would be; "" when not known */
	bool local;              /* dir is a replacement */
	bool present;            /* dir exists */
	bool has_zip_sum, has_gomod_sum;
	bool reached; /* the open file's package needs it */
	bool stated;  /* a fact about its checksum or directory was stated */
};

struct modules_graph {
	const struct modules_view *view;
	struct modules_root *roots; /* sorted by path, one each */
	size_t count;
	const char *gosum_path;
	bool gosum_known; /* go.sum could be read, or is not there */
	struct gosum sums[MODULES_MEMBERS_MAX + 1];
	const char *sum_paths[MODULES_MEMBERS_MAX + 1]; /* where each was read */
	size_t sum_count;
	int complete;            /* 0: not known yet, 1: yes, -1: no */
	size_t sum_gaps, absent; /* facts of these kinds so far */
	bool sums_needed;        /* go.mod and go.sum must be complete: not with vendoring, not with
	                            -mod=mod, which adds what is missing if it can */
};

/* Reads the checksums and states gosum. */
void modules_graph_init(struct modules_graph *graph, const struct modules_view *view,
                        bool vendored);

/* The roots whose path covers the import, longest first: the next one shorter than *from (NULL to
 * begin); NULL when there is none. */
struct modules_root *modules_graph_next(struct modules_graph *graph, const char *import,
                                        const struct modules_root *from);

/* Every root has its checksums and its files: nothing can be missing behind them. */
bool modules_graph_complete(struct modules_graph *graph);
/* The checksum that the cache keeps beside the root's zip; NULL when it keeps none. */
const char *modules_graph_ziphash(const struct modules_graph *graph,
                                  const struct modules_root *root);
/* go.sum has a checksum of the module, but another one than the cache keeps beside its zip. */
bool modules_graph_mismatch(const struct modules_graph *graph, const struct modules_root *root);
/* The checksum go.sum has of the root's files, or of its go.mod; "" when it has none. */
const char *modules_graph_sum(const struct modules_graph *graph, const struct modules_root *root,
                              bool is_gomod);
const struct modules_root *modules_graph_find(const struct modules_graph *graph, const char *path);

/* Looks whether the files of the root are there (once). */
bool modules_root_present(struct modules_graph *graph, struct modules_root *root);

/* Path and version as the module cache spells them: capitals as "!c". */
const char *modules_escape(struct arena *arena, const char *text);

/* The go.mod of a root, from the replacement or the download cache; exists is false when it is not
 * there. */
struct modules_file *modules_root_gomod(struct modules_graph *graph,
                                        const struct modules_root *root);

#endif
