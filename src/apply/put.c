/* SPDX-License-Identifier: MIT */
#include "apply/put.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/fs.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define XATTR_NAMES_MAX ((size_t)64 * 1024) /* xattr(7) */
#define COPY_BYTES      ((size_t)128 * 1024)

struct put {
	struct arena *arena;
	const struct place *place;
	const char *temporary;
	struct err *err;
};

static int fail(struct put *p, const char *what, int error) {
	return err_set(p->err, -error, "cannot %s '%s': %s", what, p->place->path, strerror(error));
}

static struct timespec time_of(int64_t ns) {
	if (ns == 0) {
		/* What is not known is left as it is. */
		return (struct timespec){.tv_nsec = UTIME_OMIT};
	}
	return (struct timespec){.tv_sec = ns / NS_PER_S, .tv_nsec = ns % NS_PER_S};
}

int put_copy(int from, int to) {
	if (ioctl(to, FICLONE, from) == 0) {
		return 0;
	}
	struct arena *arena = arena_new();
	char *buffer = arena_alloc(arena, COPY_BYTES);
	int r = 0;
	for (;;) {
		ssize_t n = read(from, buffer, COPY_BYTES);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		r = n < 0 ? -errno : n > 0 ? fd_write_all(to, buffer, (size_t)n) : 0;
		if (n <= 0 || r < 0) {
			break;
		}
	}
	arena_free(arena);
	return r;
}

/* ---- what belongs to a file beside its bytes ---- */

static bool has_attribute(const struct image *image, const char *name) {
	struct slice rest = image->xattrs;
	struct image_attribute a;
	while (image_next_attribute(&rest, &a)) {
		if (streq(a.name, name)) {
			return true;
		}
	}
	return false;
}

/* Those it inherited from the directory and should not have. */
static void remove_attributes(struct put *p, int fd, const struct image *after) {
	char *names = arena_alloc(p->arena, XATTR_NAMES_MAX);
	ssize_t len = flistxattr(fd, names, XATTR_NAMES_MAX);
	for (const char *name = names; len > 0 && name < names + len; name += strlen(name) + 1) {
		if (!str_starts(name, "security.") && !has_attribute(after, name)) {
			(void)fremovexattr(fd, name);
		}
	}
}

static int set_attributes(struct put *p, int fd, const struct image *after) {
	if (!after->has_xattrs) {
		return 0;
	}
	remove_attributes(p, fd, after);
	struct slice rest = after->xattrs;
	struct image_attribute a;
	while (image_next_attribute(&rest, &a)) {
		bool ours = !str_starts(a.name, "security.") && !str_starts(a.name, "trusted.");
		if (fsetxattr(fd, a.name, a.value.data, a.value.len, 0) < 0 && ours) {
			return fail(p, "keep the attributes of", errno);
		}
	}
	return 0;
}

static int set_owner(struct put *p, int fd, const struct image *after) {
	struct stat st;
	if (fstat(fd, &st) < 0) {
		return fail(p, "look at", errno);
	}
	if ((st.st_uid != after->uid || st.st_gid != after->gid) &&
	    fchownat(fd, "", after->uid, after->gid, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW) < 0) {
		return err_set(p->err, -errno,
		               "'%s' belongs to uid %u, gid %u, which cannot be kept: %s",
		               p->place->path, after->uid, after->gid, strerror(errno));
	}
	return 0;
}

/* fd may be one of O_PATH, which fchmod(2) does not take. */
static int set_mode(struct put *p, int fd, const struct image *after) {
	char path[64];
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fchmod(fd, after->mode) < 0 && (errno != EBADF || chmod(path, after->mode) < 0)) {
		return fail(p, "set the mode of", errno);
	}
	return 0;
}

/* Only what is not in the bytes differs. */
static int change_nature(struct put *p, const struct image *now, const struct image *after) {
	CLEANUP(fd_closep)
	int fd = openat(p->place->dir_fd, p->place->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0) {
		return fail(p, "look at", errno);
	}
	if (st.st_ino != now->ino || st.st_dev != now->dev) {
		return fail(p, "change", EBUSY);
	}
	int r = set_owner(p, fd, after);
	bool differ = now->has_xattrs && after->has_xattrs &&
	              (now->xattrs.len != after->xattrs.len ||
	               memcmp(now->xattrs.data, after->xattrs.data, now->xattrs.len) != 0);
	if (r == 0 && differ) {
		CLEANUP(fd_closep)
		int open_fd = openat(p->place->dir_fd, p->place->name,
		                     O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		r = open_fd < 0 ? fail(p, "open", errno) : set_attributes(p, open_fd, after);
	}
	/* Behind the access control list, whose mask is the mode's group bits. */
	if (r == 0 && after->kind != IMAGE_LINK) {
		r = set_mode(p, fd, after);
	}
	const struct timespec times[] = {time_of(after->atime_ns), time_of(after->mtime_ns)};
	if (r == 0 && after->mtime_ns != 0 && after->mtime_ns != now->mtime_ns &&
	    utimensat(p->place->dir_fd, p->place->name, times, AT_SYMLINK_NOFOLLOW) < 0) {
		r = fail(p, "set the times of", errno);
	}
	return r;
}

static int set_times(struct put *p, int fd, const struct image *after) {
	const struct timespec times[] = {time_of(after->atime_ns), time_of(after->mtime_ns)};
	if (after->mtime_ns == 0 || futimens(fd, times) == 0) {
		return 0;
	}
	return fail(p, "set the times of", errno);
}

/* ---- making and removing ---- */

static int fill_file(struct put *p, int fd, const struct image *after) {
	int r;
	if (after->kept) {
		int opened = image_open_file(AT_FDCWD, after->kept);
		CLEANUP(fd_closep) int from = opened;
		r = opened < 0 ? opened : put_copy(from, fd);
	} else {
		r = fd_write_all(fd, after->bytes.data, after->bytes.len);
	}
	if (r < 0) {
		return fail(p, "write", -r);
	}
	r = set_owner(p, fd, after);
	r = r < 0 ? r : set_attributes(p, fd, after);
	r = r < 0 ? r : set_mode(p, fd, after);
	r = r < 0 ? r : set_times(p, fd, after);
	return r == 0 && fsync(fd) < 0 ? fail(p, "write", errno) : r;
}

static int make_file(struct put *p, const struct image *after) {
	CLEANUP(fd_closep)
	int fd = openat(p->place->dir_fd, p->temporary,
	                O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	return fd < 0 ? fail(p, "write beside", errno) : fill_file(p, fd, after);
}

static int make_special(struct put *p, const struct image *after) {
	int dir = p->place->dir_fd;
	mode_t type = after->kind == IMAGE_FIFO     ? S_IFIFO
	              : after->kind == IMAGE_SOCKET ? S_IFSOCK
	                                            : S_IFLNK;
	const char *target = arena_slicedup(p->arena, after->bytes);
	int r = type == S_IFLNK ? symlinkat(target, dir, p->temporary)
	                        : mknodat(dir, p->temporary, type | 0600, 0);
	CLEANUP(fd_closep)
	int fd = r < 0 ? -1 : openat(dir, p->temporary, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		return fail(p, "write beside", errno);
	}
	r = set_owner(p, fd, after);
	if (r == 0 && type != S_IFLNK) {
		r = set_mode(p, fd, after);
	}
	const struct timespec times[] = {time_of(after->atime_ns), time_of(after->mtime_ns)};
	if (r == 0 && after->mtime_ns != 0 &&
	    utimensat(dir, p->temporary, times, AT_SYMLINK_NOFOLLOW) < 0) {
		r = fail(p, "set the times of", errno);
	}
	return r;
}

static int make_directory(struct put *p, const struct image *after) {
	mode_t mask = umask(0);
	int r = mkdirat(p->place->dir_fd, p->place->name, after->mode);
	umask(mask);
	if (r < 0) {
		return fail(p, "make", errno);
	}
	CLEANUP(fd_closep)
	int fd = openat(p->place->dir_fd, p->place->name,
	                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0) {
		return 0; /* made as it should be, and not readable for us */
	}
	r = set_owner(p, fd, after);
	r = r < 0 ? r : set_attributes(p, fd, after);
	r = r < 0 ? r : set_mode(p, fd, after);
	r = r < 0 ? r : set_times(p, fd, after);
	return r;
}

static int unchanged(struct put *p, const struct image *now) {
	struct stat st;
	int r = place_stat(p->place, &st);
	bool same =
		r == 0 ? image_exists(now) && st.st_ino == now->ino && st.st_dev == now->dev &&
				 st.st_ctim.tv_sec * NS_PER_S + st.st_ctim.tv_nsec == now->ctime_ns
		       : r == -ENOENT && !image_exists(now);
	return same ? 0
	            : err_set(p->err, -EBUSY,
	                      "'%s' was changed by somebody else meanwhile; it is left as it is",
	                      p->place->path);
}

static int rename_over(struct put *p, const struct image *now) {
	int dir = p->place->dir_fd;
	int r = renameat2(dir, p->temporary, dir, p->place->name,
	                  image_exists(now) ? 0 : RENAME_NOREPLACE);
	if (r < 0 && !image_exists(now) && (errno == EINVAL || errno == ENOSYS)) {
		r = renameat(dir, p->temporary, dir, p->place->name);
	}
	return r < 0 ? fail(p, "replace", errno) : 0;
}

static int replace(struct put *p, const struct image *now, const struct image *after) {
	int r = after->kind == IMAGE_FILE ? make_file(p, after) : make_special(p, after);
	if (r == -EEXIST) {
		return r; /* somebody else's name */
	}
	if (r == 0) {
		r = unchanged(p, now);
	}
	if (r == 0) {
		r = rename_over(p, now);
	}
	if (r < 0) {
		(void)unlinkat(p->place->dir_fd, p->temporary, 0);
	}
	return r;
}

/* go unpacks modules into directories that are write-protected: what a repair has put there has to come out again. */
static int remove_name(const struct put *p, int flags) {
	int dir_fd = p->place->dir_fd;
	char self[32]; /* fchmod(2) takes no descriptor of O_PATH */
	struct stat dir;
	(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", dir_fd);
	if (unlinkat(dir_fd, p->place->name, flags) == 0) {
		return 0;
	}
	if (errno != EACCES || fstat(dir_fd, &dir) < 0 || dir.st_uid != geteuid() ||
	    (dir.st_mode & 0300) == 0300 || chmod(self, (dir.st_mode & 07777) | 0300) < 0) {
		return -errno;
	}
	int r = unlinkat(dir_fd, p->place->name, flags) < 0 ? -errno : 0;
	return chmod(self, dir.st_mode & 07777) < 0 && r == 0 ? -errno : r;
}

static int put(struct put *p, const struct image *now, const struct image *after) {
	int r = unchanged(p, now);
	if (r < 0) {
		return r;
	}
	if (image_exists(now) && image_same_bytes(now, after)) {
		return change_nature(p, now, after);
	}
	/* A directory and something else cannot be exchanged in one step. */
	bool first = now->kind != after->kind &&
	             (now->kind == IMAGE_DIRECTORY || after->kind == IMAGE_DIRECTORY);
	if (image_exists(now) && (first || !image_exists(after))) {
		int flags = now->kind == IMAGE_DIRECTORY ? AT_REMOVEDIR : 0;
		r = remove_name(p, flags);
		if (r < 0) {
			return fail(p, "remove", -r);
		}
	}
	if (!image_exists(after)) {
		return 0;
	}
	static const struct image nothing = {.kind = IMAGE_ABSENT};
	now = first ? &nothing : now;
	if (after->kind == IMAGE_DIRECTORY) {
		return make_directory(p, after);
	}
	if (after->kind == IMAGE_OTHER) {
		return fail(p, "make a device of", EPERM);
	}
	return replace(p, now, after);
}

int put_image(struct arena *arena, const struct place *place, const struct image *now,
              const struct image *after, const char *temporary, struct err *err) {
	struct put p = {.arena = arena, .place = place, .temporary = temporary, .err = err};
	int r = put(&p, now, after);
	if (r == 0) {
		r = place_sync(place);
		if (r < 0) {
			r = fail(&p, "sync the directory of", -r);
		}
	}
	return r;
}

int put_may_replace(const struct place *place, const struct image *now, struct err *err) {
	if (now->kind != IMAGE_FILE) {
		return 0;
	}
	if ((now->mode & 0222) == 0) {
		return err_set(err, -EPERM,
		               "'%s' is write-protected (mode %04o); `chmod u+w` it first",
		               place->path, (unsigned)now->mode);
	}
	if (now->nlink > 1) {
		return err_set(
			err, -EMLINK,
			"'%s' has %llu hard links; a new file would take only this one's place",
			place->path, (unsigned long long)now->nlink);
	}
	return 0;
}
