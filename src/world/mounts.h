/* SPDX-License-Identifier: MIT
 * Which mount a path is on. Source: proc(5), /proc/PID/mountinfo; statx(2) STATX_MNT_ID
 * (Linux 5.8).
 */
#ifndef WORLD_MOUNTS_H
#define WORLD_MOUNTS_H

#include "base/arena.h"

#include <stdbool.h>
#include <stdint.h>

struct mount_line {
	int64_t id;
	const char *root;
	const char *point; /* unescaped */
	const char *fstype;
	const char *source;
	const char *options; /* of this mount: "rw,nosuid,nodev" */
	bool read_only;      /* this mount or its file system */
	bool bound_ro;       /* only this mount is read-only, its file system is not */
};

/* A line of mountinfo cut at its blanks. The optional fields behind the sixth end with "-"; the type, source and
 * options of the file system follow it. */
struct mount_fields {
	struct slice
		at[24]; /* still escaped; [3] root, [4] mount point, [5] options of the mount */
	size_t count;
	size_t dash; /* which is the "-" */
};

/* False when it is no line of mountinfo, or its mount point is not below /. */
bool mount_fields_cut(struct slice line, struct mount_fields *ret);
/* "ro" or "ro,…": the first of a mount's or file system's options says it. */
bool mount_options_ro(struct slice options);

/* One line of mountinfo; false when it is not one. */
bool mount_line_parse(struct arena *arena, struct slice line, struct mount_line *ret);
/* In the text of mountinfo: the mount with this id (-1: unknown), else the last one with the
 * longest mount point that path is below. */
bool mounts_find(struct arena *arena, struct slice text, int64_t id, const char *path,
                 struct mount_line *ret);
/* Length of the part of path that is the mount point of a network or FUSE filesystem, 0 when it is
 * on none. */
size_t mounts_remote_prefix(const char *path);

#endif
