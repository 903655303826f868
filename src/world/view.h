/* SPDX-License-Identifier: MIT
 * The file systems as one process sees them, changed for that process alone: namespaces of its own (and a user namespace
 * unless this is root), every mount read-only, and over chosen directories a copy-on-write view in memory. Nothing of it
 * is left when the last process in it has ended, and no path has another name.
 *
 * Sources: user_namespaces(7), mount_namespaces(7) (mounts that came with us are locked: none can be taken off or copied
 * without those below it), mount_setattr(2) (Linux 5.12), overlayfs in a user namespace (Linux 5.11, option userxattr).
 * Refused on kernels and in containers that have none of it.
 */
#ifndef WORLD_VIEW_H
#define WORLD_VIEW_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stddef.h>

struct view_mounts; /* those there were before anything was changed */

#define VIEW_OVERLAYS_MAX 256 /* directories at once; those below one of them not counted */

struct view {
	struct arena *arena;
	bool user_namespace;
	bool partial;            /* only this user and his group have a number in it */
	const char *base;        /* a directory in memory of our own */
	size_t cap_bytes;        /* of all that is written */
	unsigned overlays;       /* made so far */
	unsigned spare_overlays; /* that may be made of one directory */
	unsigned entries;        /* put together anew of one directory that has mounts below it */
	struct view_mounts *mounts;
	struct staged {
		const char *dir;
		const char *stage;
		bool whole; /* with what is mounted below it */
		bool bare;  /* what is below dir is not in it */
	} staged[VIEW_OVERLAYS_MAX];
	size_t staged_count;
};

/* Moves this process, which must have one thread, into namespaces of its own; flags as of unshare(2), CLONE_NEWUSER is
 * added when it is needed. 0, or negative errno with a sentence. */
int view_enter(struct view *view, struct arena *arena, int flags, struct err *err);

/* Makes every mount read-only and base in memory; what lies below base and is not under a directory of `apart`
 * (absolute, links resolved, NULL-terminated) is out of sight until view_end. 0, or negative errno with a sentence. */
int view_begin(struct view *view, size_t cap_bytes, const char *const *apart, struct err *err);

/* Makes a copy-on-write view of dir, with all that is mounted below it, for view_show. dir: absolute, links resolved, not
 * above one that was asked for before, and must last as long as the view. What is read-only stays so: a mount, and one below dir of
 * which no such view can be made. 0, 1 when dir is on a mount that is read-only, or negative errno with a sentence: then
 * dir will be as before, read-only. */
int view_overlay(struct view *view, const char *dir, struct err *err);
/* Likewise a directory in memory that holds nothing but the way to those of `ways` (NULL-terminated) that are below it. */
int view_bare(struct view *view, const char *dir, const char *const *ways, struct err *err);
/* Puts all of them in their places. 0, or negative errno with a sentence. */
int view_show(struct view *view, struct err *err);

/* An empty directory in memory in place of dir; options as of tmpfs(5). 0 or negative errno. */
int view_fresh(const char *dir, const char *options);

/* Base goes out of sight; the views made of it stay. */
void view_end(struct view *view);

/* Gives up the capabilities that came with the user namespace, so that modes count again (capabilities(7): over files
 * whose owner is mapped). What is executed later has none anyway. */
int view_drop_rights(const struct view *view);

#endif
