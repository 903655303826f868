/* SPDX-License-Identifier: MIT */
#include "apply/image.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define XATTR_NAMES_MAX ((size_t)64 * 1024) /* xattr(7): what the kernel gives at most */
#define COMPARE_BYTES   ((size_t)64 * 1024)

static int64_t ns_of(struct timespec t) {
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

static enum image_kind kind_of(mode_t mode) {
	return S_ISREG(mode)    ? IMAGE_FILE
	       : S_ISLNK(mode)  ? IMAGE_LINK
	       : S_ISFIFO(mode) ? IMAGE_FIFO
	       : S_ISSOCK(mode) ? IMAGE_SOCKET
	       : S_ISDIR(mode)  ? IMAGE_DIRECTORY
	                        : IMAGE_OTHER;
}

static int read_all(int fd, struct arena *arena, size_t size, struct slice *ret) {
	/* One byte more than expected, to notice a file that grows. */
	char *data = arena_alloc(arena, size + 2);
	size_t len = 0;
	while (len < size + 1) {
		ssize_t n = read(fd, data + len, size + 1 - len);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			return -errno;
		}
		if (n == 0) {
			break;
		}
		len += (size_t)n;
	}
	*ret = slice_of(data, len);
	return len != size ? -EBUSY : 0;
}

/* What the system puts on by itself and may refuse to be told is not a file's own; its capabilities are. */
static bool is_own_attribute(const char *name) {
	return !str_starts(name, "security.") || streq(name, "security.capability");
}

static int read_xattrs(int fd, struct arena *arena, struct image *ret) {
	char *names = arena_alloc(arena, XATTR_NAMES_MAX);
	ssize_t len = flistxattr(fd, names, XATTR_NAMES_MAX);
	struct strbuf out;
	if (len < 0) {
		/* A filesystem without any: none are known, none are missed. */
		return errno == ENOTSUP || errno == EBADF ? 0 : -errno;
	}
	strbuf_init(&out, arena);
	for (const char *name = names; name < names + len; name += strlen(name) + 1) {
		if (!is_own_attribute(name)) {
			continue;
		}
		ssize_t size = fgetxattr(fd, name, NULL, 0);
		char *value = arena_alloc(arena, size > 0 ? (size_t)size : 1);
		size = size < 0 ? -1 : fgetxattr(fd, name, value, (size_t)size);
		if (size < 0 && errno != ENODATA && errno != EPERM) {
			return -errno;
		}
		if (size >= 0) {
			strbuf_add_n(&out, name, strlen(name) + 1);
			strbuf_printf(&out, "%zd", size);
			strbuf_add_char(&out, '\0');
			strbuf_add_n(&out, value, (size_t)size);
		}
	}
	ret->has_xattrs = true;
	ret->xattrs = slice_of(out.data, out.len);
	return 0;
}

int image_open_file(int dir_fd, const char *name) {
	int flags = O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC;
	/* Reading it must not count as a use, if we may say so. */
	int fd = openat(dir_fd, name, flags | O_NOATIME);
	if (fd < 0 && errno == EPERM) {
		fd = openat(dir_fd, name, flags);
	}
	return fd < 0 ? -errno : fd;
}

static int read_link(struct arena *arena, const struct place *place, struct image *ret) {
	char target[PATH_MAX];
	ssize_t len = readlinkat(place->dir_fd, place->name, target, sizeof(target));
	if (len < 0 || (size_t)len == sizeof(target)) {
		return len < 0 ? -errno : -ENAMETOOLONG;
	}
	ret->bytes = slice_of(arena_strndup(arena, target, (size_t)len), (size_t)len);
	return 0;
}

/* Files and directories that may be opened; of others bytes and attributes stay unknown. */
static int read_inside(struct arena *arena, const struct place *place, size_t cap,
                       struct image *ret) {
	bool is_dir = ret->kind == IMAGE_DIRECTORY;
	int opened = is_dir ? openat(place->dir_fd, place->name,
	                             O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
	                    : image_open_file(place->dir_fd, place->name);
	if (opened < 0) {
		/* Of what may not be read mode and owner can be changed all the same. */
		ret->kept = is_dir ? NULL : place->path;
		return is_dir || opened == -EACCES ? 0 : opened;
	}
	CLEANUP(fd_closep) int fd = opened;
	struct stat st;
	if (fstat(fd, &st) < 0) {
		return -errno;
	}
	if (st.st_ino != ret->ino || st.st_dev != ret->dev || kind_of(st.st_mode) != ret->kind) {
		return -EBUSY;
	}
	int r = read_xattrs(fd, arena, ret);
	if (r < 0 || is_dir) {
		return r;
	}
	if (st.st_size > (off_t)cap) {
		ret->kept = place->path;
		return 0;
	}
	return read_all(fd, arena, (size_t)st.st_size, &ret->bytes);
}

int image_at(struct arena *arena, const struct place *place, size_t cap, struct image *ret,
             struct err *err) {
	struct stat st;
	*ret = (struct image){.kind = IMAGE_ABSENT};
	int r = place_stat(place, &st);
	if (r == -ENOENT) {
		return 0;
	}
	if (r == 0) {
		*ret = (struct image){
			.kind = kind_of(st.st_mode),
			.size = st.st_size,
			.mode = st.st_mode & 07777,
			.uid = st.st_uid,
			.gid = st.st_gid,
			.mtime_ns = ns_of(st.st_mtim),
			.atime_ns = ns_of(st.st_atim),
			.ctime_ns = ns_of(st.st_ctim),
			.dev = st.st_dev,
			.ino = st.st_ino,
			.nlink = st.st_nlink,
		};
		if (ret->kind == IMAGE_LINK) {
			r = read_link(arena, place, ret);
		} else if (ret->kind == IMAGE_FILE || ret->kind == IMAGE_DIRECTORY) {
			r = read_inside(arena, place, cap, ret);
		}
	}
	return r < 0 ? err_set(err, r, "cannot read '%s': %s", place->path, strerror(-r)) : 0;
}

int image_read(struct arena *arena, const char *path, struct image *ret, const char **ret_real,
               struct err *err) {
	CLEANUP(place_closep) struct place place = {.dir_fd = -1};
	*ret = (struct image){.kind = IMAGE_ABSENT};
	int r = place_resolve(arena, path, NULL, true, ret_real, err);
	if (r == 0) {
		r = place_open(arena, *ret_real, &place, err);
		if (r == -ENOENT) {
			return 0;
		}
	}
	if (r == 0) {
		r = image_at(arena, &place, IMAGE_MAX_BYTES, ret, err);
	}
	if (r < 0) {
		return r;
	}
	if (image_exists(ret) && ret->kind != IMAGE_FILE) {
		return err_set(err, -EINVAL, "'%s' is no regular file", path);
	}
	if (ret->kept) {
		return err_set(err, -EFBIG, "'%s' is larger than %zu MiB", path,
		               IMAGE_MAX_BYTES >> 20);
	}
	return 0;
}

/* One of the two is a path; the other too, or bytes. */
static bool same_as_kept(const struct image *a, const struct image *b) {
	if (!a->kept) {
		const struct image *t = a;
		a = b;
		b = t;
	}
	if (b->kept && streq(a->kept, b->kept)) {
		return true;
	}
	CLEANUP(fd_closep) int one = image_open_file(AT_FDCWD, a->kept);
	CLEANUP(fd_closep) int two = b->kept ? image_open_file(AT_FDCWD, b->kept) : -1;
	struct arena *arena = arena_new();
	char *x = arena_alloc(arena, COMPARE_BYTES);
	char *y = arena_alloc(arena, COMPARE_BYTES);
	bool same = one >= 0 && (two >= 0 || !b->kept);
	for (int64_t at = 0; same && at < a->size;) {
		size_t want = a->size - at < (int64_t)COMPARE_BYTES ? (size_t)(a->size - at)
		                                                    : COMPARE_BYTES;
		ssize_t n = pread(one, x, want, at);
		const char *other = b->kept ? y : b->bytes.data + at;
		same = n == (ssize_t)want && (!b->kept || pread(two, y, want, at) == n) &&
		       memcmp(x, other, want) == 0;
		at += (int64_t)want;
	}
	arena_free(arena);
	return same;
}

bool image_same_bytes(const struct image *a, const struct image *b) {
	if (a->kind != b->kind) {
		return false;
	}
	if (a->kind == IMAGE_FILE && (a->kept || b->kept)) {
		return a->size == b->size && same_as_kept(a, b);
	}
	return (a->kind != IMAGE_FILE && a->kind != IMAGE_LINK) ||
	       (a->bytes.len == b->bytes.len &&
	        (a->bytes.len == 0 || memcmp(a->bytes.data, b->bytes.data, a->bytes.len) == 0));
}

bool image_same(const struct image *a, const struct image *b) {
	if (a->kind != b->kind || a->kind == IMAGE_ABSENT) {
		return a->kind == b->kind;
	}
	/* The mode of a link says nothing: symlink(7). */
	if (a->uid != b->uid || a->gid != b->gid || (a->kind != IMAGE_LINK && a->mode != b->mode)) {
		return false;
	}
	if (a->has_xattrs && b->has_xattrs &&
	    (a->xattrs.len != b->xattrs.len ||
	     (a->xattrs.len > 0 && memcmp(a->xattrs.data, b->xattrs.data, a->xattrs.len) != 0))) {
		return false;
	}
	return image_same_bytes(a, b);
}

struct image image_new_file(const struct place *place, struct slice bytes) {
	mode_t mask = umask(0);
	umask(mask);
	struct image image = {
		.kind = IMAGE_FILE,
		.bytes = bytes,
		.size = (int64_t)bytes.len,
		.mode = 0666 & ~mask,
		.uid = geteuid(),
		.gid = getegid(),
	};
	struct stat st;
	if (place->dir_fd >= 0 && fstat(place->dir_fd, &st) == 0) {
		if (geteuid() == 0) {
			image.uid = st.st_uid;
			image.gid = st.st_gid;
		}
		if (st.st_mode & S_ISGID) {
			image.gid = st.st_gid;
		}
	}
	return image;
}

const char *image_kind_name(enum image_kind kind) {
	static const char *const names[] = {"nothing",  "a file",      "a link",  "a FIFO",
	                                    "a socket", "a directory", "a device"};
	return names[kind];
}
