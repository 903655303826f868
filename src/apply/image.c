/* SPDX-License-Identifier: MIT */
#include "apply/image.h"

#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Where a path leads whose last element may be a dangling link or absent. */
static const char *resolve(struct arena *arena, const char *path) {
	char *real = realpath(path, NULL);
	if (real) {
		const char *copy = arena_strdup(arena, real);
		free(real);
		return copy;
	}
	char target[PATH_MAX];
	ssize_t len = readlink(path, target, sizeof(target) - 1);
	if (len <= 0) {
		return path;
	}
	target[len] = '\0';
	return path_clean(arena, path_join(arena, path_parent(arena, path), target));
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
	return len > size ? -EBUSY : 0;
}

int image_read(struct arena *arena, const char *path, struct image *ret, const char **ret_real,
               struct err *err) {
	*ret = (struct image){.exists = false};
	*ret_real = resolve(arena, path);
	CLEANUP(fd_closep)
	int fd = open(*ret_real, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_NOFOLLOW | O_CLOEXEC);
	struct stat st;
	if (fd < 0 && errno == ENOENT) {
		return 0;
	}
	if (fd < 0 || fstat(fd, &st) < 0) {
		return err_set(err, -errno, "cannot read '%s': %s", path, strerror(errno));
	}
	if (!S_ISREG(st.st_mode)) {
		return err_set(err, -EINVAL, "'%s' is no regular file", path);
	}
	if (st.st_size > (off_t)IMAGE_MAX_BYTES) {
		return err_set(err, -EFBIG, "'%s' is larger than %zu MiB", path,
		               IMAGE_MAX_BYTES >> 20);
	}
	int r = read_all(fd, arena, (size_t)st.st_size, &ret->bytes);
	if (r < 0) {
		return err_set(err, r, "cannot read '%s': %s", path, strerror(-r));
	}
	ret->exists = true;
	ret->mode = st.st_mode & 07777;
	ret->uid = st.st_uid;
	ret->gid = st.st_gid;
	return 0;
}

bool image_same(const struct image *a, const struct image *b) {
	if (!a->exists || !b->exists) {
		return a->exists == b->exists;
	}
	return a->mode == b->mode && a->uid == b->uid && a->gid == b->gid &&
	       a->bytes.len == b->bytes.len &&
	       (a->bytes.len == 0 || memcmp(a->bytes.data, b->bytes.data, a->bytes.len) == 0);
}
