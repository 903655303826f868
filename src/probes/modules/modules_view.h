/* SPDX-License-Identifier: MIT
 * Which go.mod, go.work and vendor directory are in force for the open file.
 * Source: cmd/go/internal/modload/init.go of Go 1.26 (FindGoWork, setDefaultBuildMod); gopls v0.16
 * to v0.24 load a module that go.work does not use as if there were no go.work.
 */
#ifndef PROBES_MODULES_MODULES_VIEW_H
#define PROBES_MODULES_MODULES_VIEW_H

#include "core/probe.h"
#include "gofile/gomod.h"
#include "gofile/gowork.h"

#define MODULES_MEMBERS_MAX 256 /* modules of one go.work that are read */

struct modules_file {
	const char *dir;  /* absolute, clean */
	const char *path; /* dir/go.mod */
	const struct evidence *ev;
	bool exists; /* it can be read; mod is filled */
	struct gomod mod;
};

enum modules_flag {
	MODULES_FLAG_NONE, /* no -mod flag */
	MODULES_FLAG_MOD,
	MODULES_FLAG_READONLY,
	MODULES_FLAG_VENDOR,
};

struct modules_view {
	struct exam *exam;
	const char *workspace;
	const char *open_file; /* NULL when there is none */
	const char *file_dir;  /* directory of the open file, or the workspace */

	enum modules_flag flag;
	const char *flag_from;  /* "GOFLAGS", "buildFlags" or "" */
	bool other_modfile;     /* -modfile or -overlay: our reading would be about other files */
	bool modules_off;       /* GO111MODULE=off */
	const char *gomodcache; /* "" when not known */

	struct modules_file *root; /* nearest go.mod of the workspace; NULL when there is none */
	struct modules_file *file; /* nearest go.mod of the open file; NULL when there is none */

	const char *work_path; /* the go.work in force, or NULL */
	const char *work_dir;
	const char *work_role; /* active, off, missing */
	const char *work_from; /* env, goenv, parent, workspace */
	const struct evidence *work_ev;
	bool work_read; /* work is filled */
	struct gowork work;
	struct modules_file *members[MODULES_MEMBERS_MAX]; /* NULL: that use has no go.mod */
	size_t member_count;
	bool is_member; /* the module of the open file is used by the go.work in force */

	/* What the go command loads for the open file: the modules of go.work, or one module. */
	struct modules_file *mains[MODULES_MEMBERS_MAX + 1];
	size_t main_count;
};

void modules_view_init(struct modules_view *view, struct exam *exam);

/* The go.mod of a directory, read once; never NULL. */
struct modules_file *modules_file_read(struct exam *exam, const char *dir);

/* The replacement in force for path at version: go.work's before the modules'. *ret_dir is the
 * directory relative targets start from, *ret_file the file it is written in. */
const struct modfile_replace *modules_replacement(const struct modules_view *view, const char *path,
                                                  const char *version, const char **ret_dir,
                                                  const char **ret_file);

/* The main module whose packages include the import path (longest match), or NULL. */
const struct modules_file *modules_owner(const struct modules_view *view, const char *import);

/* True when import is path or lies below it. */
bool modules_covers(const char *path, const char *import);

/* The go.mod that is expected in dir is there or not, and this user may not look: says so (fact
 * unreadable). */
bool modules_view_is_refused(const struct modules_view *view, const char *dir);

/* States gomod, gowork, work_use, work_member, unreadable. */
void modules_view_state(struct modules_view *view);

#endif
