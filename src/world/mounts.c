/* SPDX-License-Identifier: MIT
 */
#include "world/mounts.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "world/looks.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>
#include <unistd.h>

#define MOUNTINFO_CAP ((size_t)4 * 1024 * 1024)

/* Blanks, tabs, newlines and backslashes are written as three octal digits. */
static const char *unescape(struct arena *arena, struct slice text) {
	char *out = arena_alloc(arena, text.len + 1);
	size_t len = 0;

	for (size_t i = 0; i < text.len; i++) {
		const char *at = text.data + i;

		if (*at == '\\' && i + 3 < text.len && at[1] >= '0' && at[1] <= '3' &&
		    at[2] >= '0' && at[2] <= '7' && at[3] >= '0' && at[3] <= '7') {
			out[len++] = (char)((at[1] - '0') * 64 + (at[2] - '0') * 8 + (at[3] - '0'));
			i += 3;
		} else {
			out[len++] = *at;
		}
	}
	out[len] = '\0';
	return out;
}

bool mount_options_ro(struct slice options) {
	return slice_eq(options, "ro") || slice_starts(options, "ro,");
}

bool mount_fields_cut(struct slice line, struct mount_fields *ret) {
	struct slice field;

	*ret = (struct mount_fields){0};
	while (ret->count < sizeof ret->at / sizeof *ret->at && slice_cut(&line, ' ', &field)) {
		if (ret->count >= 6 && !ret->dash && slice_eq(field, "-")) {
			ret->dash = ret->count;
		}
		ret->at[ret->count++] = field;
	}
	return ret->dash && ret->dash + 2 < ret->count && slice_starts(ret->at[4], "/");
}

bool mount_line_parse(struct arena *arena, struct slice line, struct mount_line *ret) {
	struct mount_fields cut;

	if (!mount_fields_cut(line, &cut)) {
		return false;
	}
	const struct slice *fields = cut.at;
	size_t dash = cut.dash;
	bool is_ro = mount_options_ro(fields[5]);
	bool fs_ro = dash + 3 < cut.count && mount_options_ro(fields[dash + 3]);
	if (str_to_int64(arena_slicedup(arena, fields[0]), &ret->id) < 0) {
		return false;
	}
	ret->root = unescape(arena, fields[3]);
	ret->point = unescape(arena, fields[4]);
	ret->fstype = unescape(arena, fields[dash + 1]);
	ret->source = unescape(arena, fields[dash + 2]);
	ret->options = arena_slicedup(arena, fields[5]);
	ret->read_only = is_ro || fs_ro;
	ret->bound_ro = is_ro && dash + 3 < cut.count && !fs_ro;
	return true;
}

bool mounts_find(struct arena *arena, struct slice text, int64_t id, const char *path,
                 struct mount_line *ret) {
	struct slice line;
	struct mount_line mount;
	size_t best_len = 0;
	bool found = false;

	while (slice_line(&text, &line)) {
		if (!mount_line_parse(arena, line, &mount)) {
			continue;
		}
		if (id >= 0 && mount.id == id) {
			*ret = mount;
			return true;
		}
		if (path_below(path, mount.point) && strlen(mount.point) >= best_len) {
			best_len = strlen(mount.point);
			*ret = mount;
			found = true;
		}
	}
	return found;
}

/* The text of mountinfo, empty without /proc. */
static struct slice mountinfo_read(struct arena *arena) {
	struct look_reply reply = {.state = EV_FAILED};

	strbuf_init(&reply.bytes, arena);
	if (look_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_CAP, &reply) != 0) {
		return slice_of("", 0);
	}
	return slice_of(reply.bytes.data, reply.bytes.len);
}

static bool fstype_is_remote(const char *fstype) {
	static const char *const types[] = {
		"nfs",  "nfs4",  "cifs",     "smb3",   "smbfs", "9p",    "afs",    "ceph",
		"coda", "ncpfs", "virtiofs", "autofs", "gfs2",  "ocfs2", "lustre", "glusterfs"};

	if (str_starts(fstype, "fuse")) {
		return true;
	}
	for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
		if (streq(fstype, types[i])) {
			return true;
		}
	}
	return false;
}

size_t mounts_remote_prefix(const char *path) {
	struct arena *arena = arena_new();
	struct mount_line mount;
	size_t len = 0;

	if (mounts_find(arena, mountinfo_read(arena), -1, path, &mount) &&
	    fstype_is_remote(mount.fstype)) {
		len = strlen(mount.point);
	}
	arena_free(arena);
	return len;
}

/* For machines without /proc: the names the kernel would give, from statfs(2). */
static const char *fstype_of_magic(uint64_t magic) {
	static const struct {
		uint64_t magic;
		const char *name;
	} names[] = {
		{EXT4_SUPER_MAGIC, "ext4"},
		{XFS_SUPER_MAGIC, "xfs"},
		{BTRFS_SUPER_MAGIC, "btrfs"},
		{TMPFS_MAGIC, "tmpfs"},
		{OVERLAYFS_SUPER_MAGIC, "overlay"},
		{NFS_SUPER_MAGIC, "nfs"},
		{FUSE_SUPER_MAGIC, "fuse"},
		{SQUASHFS_MAGIC, "squashfs"},
		{RAMFS_MAGIC, "ramfs"},
		{MSDOS_SUPER_MAGIC, "vfat"},
		{V9FS_MAGIC, "9p"},
		{F2FS_SUPER_MAGIC, "f2fs"},
		{0xff534d42U, "cifs"},
		{0xfe534d42U, "smb3"},
	};

	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		if (names[i].magic == magic) {
			return names[i].name;
		}
	}
	return "";
}

/* The topmost directory above path on the same device: the mount point, unless a bind mount hides
 * it. */
static const char *mount_point_by_device(struct arena *arena, const char *path) {
	struct stat st, above;
	const char *point = path;

	if (stat(point, &st) < 0) {
		return path;
	}
	while (!streq(point, "/")) {
		const char *parent = path_parent(arena, point);

		if (stat(parent, &above) < 0 || above.st_dev != st.st_dev) {
			break;
		}
		point = parent;
	}
	return point;
}

/* arg or its nearest parent that exists, links resolved; NULL with *ret_error. */
static const char *nearest_existing(struct arena *arena, const char *arg, int *ret_error) {
	char real[PATH_MAX];
	const char *path = path_clean(arena, arg);

	for (;;) {
		if (realpath(path, real)) {
			return arena_strdup(arena, real);
		}
		if ((errno != ENOENT && errno != ENOTDIR) || streq(path, "/")) {
			*ret_error = errno;
			return NULL;
		}
		path = path_parent(arena, path);
	}
}

static void put_number(struct strbuf *out, const char *key, uint64_t value) {
	strbuf_printf(out, "%s=%" PRIu64 "\n", key, value);
}

void look_mount(const struct looker *looker, const struct look_request *request,
                struct look_reply *reply) {
	(void)looker;
	struct arena *arena = request->arena;
	int error = 0;
	const char *nearest = nearest_existing(arena, request->arg, &error);
	struct statvfs vfs;
	struct statfs fs;
	struct statx stx;
	struct mount_line mount = {.point = ""};
	int64_t id = -1;

	if (!nearest || statvfs(nearest, &vfs) < 0 || statfs(nearest, &fs) < 0) {
		look_reply_errno(reply, nearest ? errno : error);
		return;
	}
	if (statx(AT_FDCWD, nearest, AT_STATX_DONT_SYNC, STATX_MNT_ID, &stx) == 0 &&
	    (stx.stx_mask & STATX_MNT_ID)) {
		id = (int64_t)stx.stx_mnt_id;
	}
	if (!mounts_find(arena, mountinfo_read(arena), id, nearest, &mount)) {
		mount.point = mount_point_by_device(arena, nearest);
		mount.fstype = fstype_of_magic((uint64_t)fs.f_type & 0xffffffffU);
		mount.source = "";
	}
	keyline_put(&reply->bytes, "nearest", nearest);
	keyline_put(&reply->bytes, "mount", mount.point);
	keyline_put(&reply->bytes, "fstype", mount.fstype);
	keyline_put(&reply->bytes, "source", mount.source);
	put_number(&reply->bytes, "ro", (vfs.f_flag & ST_RDONLY) != 0);
	put_number(&reply->bytes, "bound_ro", mount.bound_ro);
	put_number(&reply->bytes, "noexec", (vfs.f_flag & ST_NOEXEC) != 0);
	put_number(&reply->bytes, "block_bytes", vfs.f_frsize);
	put_number(&reply->bytes, "free_blocks", vfs.f_bavail);
	put_number(&reply->bytes, "free_blocks_root", vfs.f_bfree);
	put_number(&reply->bytes, "total_blocks", vfs.f_blocks);
	put_number(&reply->bytes, "free_inodes", vfs.f_favail);
	put_number(&reply->bytes, "total_inodes", vfs.f_files);
	reply->state = EV_READ;
	reply->error = 0;
}
