/* SPDX-License-Identifier: MIT
 * Version managers of Go: which program is a shim of one, and what the manager chooses for a
 * workspace. Computed from its files, nothing is run.
 * Source: asdf 0.14 and 0.16 (asdf-golang 0.17), mise 2026.9, goenv 2.2, gvm 1.0.22.
 */
#ifndef PROBES_GO_SHIM_H
#define PROBES_GO_SHIM_H

#include "core/probe.h"

struct shim_identity {
	const char
		*manager; /* "asdf", "mise", "goenv", "gvm", "snap", or "" for an unknown script */
	const char *real; /* path with links resolved */
};

/* True when the file at path is no Go program but something that hands on to one: a script, or a
 * link to a program of another name. */
bool shim_identify(struct exam *exam, const char *path, struct shim_identity *ret);

struct shim_choice {
	const char *version;  /* "" when nothing says one */
	const char *where;    /* "path:line", or the name of a variable; "" when nothing says one */
	const char *root;     /* the GOROOT that is meant; "" when it is not installed */
	const char *odd_file; /* one that names a directory instead of a version, or code to run; or
	                         NULL */
};

/* What that manager takes for the workspace with this environment. */
struct shim_choice shim_choose(struct exam *exam, const char *manager, const struct envset *env);

/* Keeps a shim of mise from downloading the version it misses while we look (mise settings
 * auto_install, exec_auto_install, not_found_auto_install). */
void shim_keep_still(struct envset *env);

/* The managers that shim_choose knows, ended by NULL. */
extern const char *const shim_managers[];
/* Its directory in this environment; NULL for an unknown one. */
const char *shim_data_dir(struct exam *exam, const char *manager, const struct envset *env);

#endif
