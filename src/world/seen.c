/* SPDX-License-Identifier: MIT
 * Places as a process sees them. Sources: proc(5) (/proc/PID/root leads into its tree of mounts), openat2(2)
 * (RESOLVE_IN_ROOT: links are followed as the process would), statx(2), statfs(2), acl(5) (the list is the attribute
 * system.posix_acl_access).
 */
#include "core/seen.h"
#include "base/fd.h"
#include "base/path.h"
#include "world/mounts.h"
#include "world/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#define MOUNTS_CAP  ((size_t)1024 * 1024)
#define ENTRIES_MAX 128 /* of a directory, that are looked at */

struct seen {
	struct arena *arena;
	struct strbuf *out;
	int root_fd;
	struct slice mounts; /* its mountinfo */
};

/* A descriptor that only names, so that nothing is opened that could wait; or a negative errno. */
static int open_in_root(const struct seen *s, const char *path) {
	struct open_how how = {.flags = O_PATH | O_CLOEXEC, .resolve = RESOLVE_IN_ROOT};
	int fd = (int)syscall(SYS_openat2, s->root_fd, path, &how, sizeof how);

	if (fd < 0 && errno == ENOSYS) {
		fd = openat(s->root_fd, path[1] ? path + 1 : ".", O_PATH | O_CLOEXEC);
	}
	return fd < 0 ? -errno : fd;
}

static void put_above(const struct seen *s, const char *path) {
	bool first = true;

	strbuf_add(s->out, "above=");
	for (const char *at = path; at; at = strchr(at + 1, '/')) {
		const char *part =
			at == path ? "/" : arena_strndup(s->arena, path, (size_t)(at - path));
		CLEANUP(fd_closep) int fd = open_in_root(s, part);
		struct stat st;

		if (fd < 0 || fstat(fd, &st) < 0) {
			break;
		}
		strbuf_printf(s->out, "%s%u:%u:%o", first ? "" : " ", st.st_uid, st.st_gid,
		              st.st_mode & 07777U);
		first = false;
	}
	strbuf_add_char(s->out, '\n');
}

static const char *type_of(mode_t mode) {
	return S_ISDIR(mode) ? "dir" : S_ISREG(mode) ? "file" : S_ISSOCK(mode) ? "socket" : "other";
}

static bool is_told(const struct stat *told, size_t count, const struct stat *st) {
	for (size_t i = 0; i < count; i++) {
		if (told[i].st_uid == st->st_uid && told[i].st_gid == st->st_gid &&
		    told[i].st_mode == st->st_mode) {
			return true;
		}
	}
	return false;
}

static void put_children(const struct seen *s, int fd) {
	struct stat told[SEEN_CHILDREN_MAX], st;
	size_t count = 0;
	int dir_fd = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	DIR *dir = dir_fd < 0 ? NULL : fdopendir(dir_fd);
	const struct dirent *e = dir ? readdir(dir) : NULL;

	for (int i = 0; e && i < ENTRIES_MAX && count < SEEN_CHILDREN_MAX; i++, e = readdir(dir)) {
		if (streq(e->d_name, ".") || streq(e->d_name, "..") ||
		    fstatat(dir_fd, e->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0 ||
		    S_ISLNK(st.st_mode) || is_told(told, count, &st)) {
			continue;
		}
		told[count++] = st;
		strbuf_printf(s->out, "child=%u:%u:%o:%s:%s\n", st.st_uid, st.st_gid,
		              st.st_mode & 07777U, type_of(st.st_mode),
		              keyline_escape(s->arena, e->d_name));
	}
	if (dir) {
		closedir(dir);
	}
}

static void put_mount(const struct seen *s, int fd, const char *path) {
	struct statx stx = {0};
	struct statvfs vfs;
	struct mount_line mount;
	bool has_id = statx(fd, "", AT_EMPTY_PATH, STATX_MNT_ID, &stx) == 0 &&
	              (stx.stx_mask & STATX_MNT_ID) != 0;

	if (mounts_find(s->arena, s->mounts, has_id ? (int64_t)stx.stx_mnt_id : -1, path, &mount)) {
		keyline_put(s->out, "fstype", mount.fstype);
	}
	if (fstatvfs(fd, &vfs) == 0) {
		strbuf_printf(s->out, "ro=%d\nnoexec=%d\n", (vfs.f_flag & ST_RDONLY) != 0,
		              (vfs.f_flag & ST_NOEXEC) != 0);
	}
}

static void put_place(const struct seen *s, int fd, const char *path) {
	char link[40];
	struct stat st;

	if (fstat(fd, &st) < 0) {
		return;
	}
	/* An O_PATH descriptor has no attributes; its name in /proc leads to what it names. */
	snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
	strbuf_printf(s->out, "type=%s\ndev=%" PRIu64 "\nino=%" PRIu64 "\n", type_of(st.st_mode),
	              (uint64_t)st.st_dev, (uint64_t)st.st_ino);
	strbuf_printf(s->out, "mode=%o\nuid=%u\ngid=%u\nacl=%d\n", st.st_mode & 07777U, st.st_uid,
	              st.st_gid, getxattr(link, "system.posix_acl_access", NULL, 0) > 0);
	put_mount(s, fd, path);
	put_above(s, path);
	if (S_ISDIR(st.st_mode)) {
		put_children(s, fd);
	}
}

/* The place, or its nearest parent that is there. */
static void take_path(const struct seen *s, const char *path) {
	const char *nearest = path;
	int fd = open_in_root(s, path), error = fd < 0 ? -fd : 0;

	keyline_put(s->out, "path", path);
	strbuf_printf(s->out, "state=%s\n",
	              !error                                ? "ok"
	              : error == ENOENT || error == ENOTDIR ? "absent"
	              : error == EACCES || error == EPERM   ? "denied"
	                                                    : "failed");
	while (fd == -ENOENT && !streq(nearest, "/")) {
		nearest = path_parent(s->arena, nearest);
		fd = open_in_root(s, nearest);
	}
	if (fd >= 0) {
		if (error) {
			size_t skip = streq(nearest, "/") ? 1 : strlen(nearest) + 1;

			keyline_put(s->out, "rest", path + skip);
		}
		put_place(s, fd, nearest);
		close(fd);
	}
	strbuf_add_char(s->out, '\n');
}

void look_seen(const struct looker *looker, const struct look_request *request,
               struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct slice rest = slice_str(request->arg), line;
	struct seen s = {.arena = request->arena, .out = &reply->bytes};
	char path[40];

	if (proc_fd < 0 || !slice_line(&rest, &line)) {
		look_reply_errno(reply, proc_fd < 0 ? ENOSYS : EINVAL);
		return;
	}
	int64_t pid = proc_pid_of(looker, arena_slicedup(s.arena, line));

	snprintf(path, sizeof path, "%" PRId64 "/root", pid);
	CLEANUP(fd_closep) int root_fd = openat(proc_fd, path, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root_fd < 0) {
		look_reply_errno(reply, errno);
		return;
	}
	s.root_fd = root_fd;
	proc_read(s.arena, proc_fd, pid, "mountinfo", MOUNTS_CAP, &s.mounts);
	while (slice_line(&rest, &line)) {
		if (line.len > 0 && line.data[0] == '/') {
			take_path(&s, arena_slicedup(s.arena, line));
		}
	}
	look_reply_errno(reply, 0);
}
