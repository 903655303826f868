/* SPDX-License-Identifier: MIT
 * Extended attributes of an image, and the one of them that is a part of the mode: an access control list. Its layout is
 * include/uapi/linux/posix_acl_xattr.h: a version of four bytes, then entries of tag (2), permissions (2) and id (4),
 * all little-endian.
 */
#include "apply/image.h"
#include "base/str.h"

#include <string.h>

#define ACL_NAME      "system.posix_acl_access"
#define ACL_HEAD      4
#define ACL_ENTRY     8
#define ACL_USER_OBJ  0x01
#define ACL_GROUP_OBJ 0x04
#define ACL_MASK      0x10
#define ACL_OTHER     0x20

bool image_next_attribute(struct slice *rest, struct image_attribute *ret) {
	struct slice name;
	struct slice size;
	int64_t len = 0;
	if (!slice_cut(rest, '\0', &name) || !slice_cut(rest, '\0', &size) ||
	    str_to_int64(size.data, &len) < 0 || len < 0 || (size_t)len > rest->len) {
		return false;
	}
	*ret = (struct image_attribute){name.data, slice_of(rest->data, (size_t)len)};
	*rest = slice_of(rest->data + len, rest->len - (size_t)len);
	return true;
}

static bool has_mask(const char *acl, size_t len) {
	for (size_t at = ACL_HEAD; at + ACL_ENTRY <= len; at += ACL_ENTRY) {
		if (acl[at] == ACL_MASK) {
			return true;
		}
	}
	return false;
}

static void put_mode(char *acl, size_t len, mode_t mode) {
	char group = has_mask(acl, len) ? ACL_MASK : ACL_GROUP_OBJ;
	for (size_t at = ACL_HEAD; at + ACL_ENTRY <= len; at += ACL_ENTRY) {
		if (acl[at] == ACL_USER_OBJ) {
			acl[at + 2] = (char)(mode >> 6 & 7);
		} else if (acl[at] == group) {
			acl[at + 2] = (char)(mode >> 3 & 7);
		} else if (acl[at] == ACL_OTHER) {
			acl[at + 2] = (char)(mode & 7);
		}
	}
}

void image_set_mode(struct arena *arena, struct image *image, mode_t mode) {
	struct image_attribute a;
	image->mode = mode;
	if (image->xattrs.len == 0) {
		return;
	}
	char *own = arena_alloc(arena, image->xattrs.len);
	memcpy(own, image->xattrs.data, image->xattrs.len);
	struct slice rest = slice_of(own, image->xattrs.len);
	image->xattrs = rest;
	while (image_next_attribute(&rest, &a)) {
		if (streq(a.name, ACL_NAME)) {
			put_mode(own + (a.value.data - own), a.value.len, mode);
		}
	}
}
