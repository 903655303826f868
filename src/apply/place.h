/* SPDX-License-Identifier: MIT
 * Where a path really leads, found once with care, and reached again without following anything.
 *
 * What a workspace supplies is hostile, and in directories that others may write to so are links: between a look and a
 * change nothing may be bent elsewhere. So links are followed only while a path is resolved, step by step over
 * descriptors (openat(2) with O_PATH and O_NOFOLLOW), and the result, a path without links, is walked again for each
 * change without following any: a link that came in between is an error (ELOOP), not a way.
 */
#ifndef APPLY_PLACE_H
#define APPLY_PLACE_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <sys/stat.h>

/* A name in a directory that is held open. */
struct place {
	int dir_fd;       /* O_PATH; -1 when the directory is not there */
	const char *path; /* without links */
	const char *name; /* its last element */
};

/* path (absolute) with links resolved; what is not there yet is kept as it stands. The last element is only followed when
 * follow_last. workspace: absolute or NULL; a path below it, and any that a link there leads to, must stay below where
 * the workspace really is (-EXDEV). Elsewhere only links of root and of this user are followed (-EPERM). -ELOOP, -ENOTDIR
 * and what openat(2) gives besides. All with a sentence. */
int place_resolve(struct arena *arena, const char *path, const char *workspace, bool follow_last,
                  const char **ret_real, struct err *err);

/* The directory of real, a path of place_resolve, is opened without following links. -ENOENT leaves dir_fd -1; close it
 * in any case. */
int place_open(struct arena *arena, const char *real, struct place *ret, struct err *err);
void place_closep(struct place *place);

/* lstat(2) of it: 0, or -errno; -ENOENT also when the directory is not there. */
int place_stat(const struct place *place, struct stat *ret);
/* fsync(2) of its directory; a filesystem that cannot is no failure. -errno. */
int place_sync(const struct place *place);

#endif
