/* SPDX-License-Identifier: MIT
 * A file as it was seen: its bytes and what belongs to them.
 */
#ifndef APPLY_IMAGE_H
#define APPLY_IMAGE_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#define IMAGE_MAX_BYTES                                                                            \
	((size_t)2 * 1024 * 1024) /* the settings files an editor reads are far smaller */

struct image {
	bool exists; /* false: there was no file; the rest says nothing */
	struct slice bytes;
	mode_t mode; /* permission bits */
	uid_t uid;
	gid_t gid;
};

/* What is at path, links followed; an absent file is an image too. *ret_real: the path with links resolved (of a dangling
 * link: where it points to), in the arena. -EINVAL: no regular file; -EFBIG: more than IMAGE_MAX_BYTES; else -errno. */
int image_read(struct arena *arena, const char *path, struct image *ret, const char **ret_real,
               struct err *err);

/* Same existence, bytes, mode and owner? */
bool image_same(const struct image *a, const struct image *b);

#endif
