/* SPDX-License-Identifier: MIT
 * What stands under a name: its kind, its bytes and what belongs to them. Before and after of every change are images.
 */
#ifndef APPLY_IMAGE_H
#define APPLY_IMAGE_H

#include "apply/place.h"

#include <stdint.h>
#include <sys/types.h>

#define IMAGE_MAX_BYTES                                                                            \
	((size_t)2 * 1024 * 1024) /* the settings files an editor reads are far smaller */

enum image_kind { /* the numbers stand in journals */
	          IMAGE_ABSENT = 0,
	          IMAGE_FILE = 1,
	          IMAGE_LINK = 2,
	          IMAGE_FIFO = 3,
	          IMAGE_SOCKET = 4,
	          IMAGE_DIRECTORY = 5, /* itself, without what is in it */
	          IMAGE_OTHER = 6,     /* a device: never changed */
};

struct image {
	enum image_kind kind; /* of IMAGE_ABSENT the rest says nothing */
	struct slice bytes;   /* of a file; what a link says */
	const char *kept; /* a file too large for memory: a path that holds its bytes; else NULL */
	int64_t size;     /* of a file, in bytes */
	mode_t mode;      /* permission bits */
	uid_t uid;
	gid_t gid;
	int64_t mtime_ns, atime_ns; /* 0: not known */
	bool has_xattrs;            /* they are known */
	struct slice xattrs;        /* name, NUL, length as decimal, NUL, bytes; and so on */
	/* of the moment; not compared */
	int64_t ctime_ns;
	uint64_t dev, ino, nlink;
};

static inline bool image_exists(const struct image *image) {
	return image->kind != IMAGE_ABSENT;
}

/* What is at the place, nothing followed and no FIFO waited for. A file of more than cap bytes, or one that may not be
 * read, gets no bytes: its kept is its own path. -EBUSY when a file changes meanwhile, else -errno, with a sentence. */
int image_at(struct arena *arena, const struct place *place, size_t cap, struct image *ret,
             struct err *err);

/* What is at path, links followed as place_resolve without a workspace does; an absent file is an image too. *ret_real:
 * where it leads. -EINVAL: no regular file; -EFBIG: more than IMAGE_MAX_BYTES; else -errno. */
int image_read(struct arena *arena, const char *path, struct image *ret, const char **ret_real,
               struct err *err);

/* Same kind, bytes, mode, owner and (where both are known) extended attributes? Times are not compared: a file that was
 * only touched is still what it was. */
bool image_same(const struct image *a, const struct image *b);
/* Same bytes, or same target of a link? */
bool image_same_bytes(const struct image *a, const struct image *b);

/* A file with these bytes for a place where there is none: mode as the umask has it; in a directory of somebody else
 * root gives it to that one. */
struct image image_new_file(const struct place *place, struct slice bytes);

struct image_attribute {
	const char *name;
	struct slice value; /* inside of the list */
};

/* Walks image->xattrs, of which *rest begins as a copy; false at the end. */
bool image_next_attribute(struct slice *rest, struct image_attribute *ret);

/* What chmod(2) makes of it: the permission bits and, where there is an access control list, its entries of the owner,
 * the others, and the mask or the group (acl(5)). */
void image_set_mode(struct arena *arena, struct image *image, mode_t mode);

/* "a file", "a link", "nothing" ... */
const char *image_kind_name(enum image_kind kind);

/* Opens a file that must be a regular one, for reading, without following a link or waiting for a FIFO; -errno. */
int image_open_file(int dir_fd, const char *name);

#endif
