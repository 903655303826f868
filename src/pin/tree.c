/* SPDX-License-Identifier: MIT */
#include "pin/tree.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <stdio.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#define PIECE_BYTES ((size_t)16 * 1024 * 1024)

static int copy_bytes(int from, int to) {
	for (;;) {
		ssize_t n = copy_file_range(from, NULL, to, NULL, PIECE_BYTES, 0);
		if (n < 0 &&
		    (errno == EXDEV || errno == EINVAL || errno == ENOSYS || errno == EOPNOTSUPP)) {
			n = sendfile(to, from, NULL, PIECE_BYTES);
		}
		if (n == 0) {
			return 0;
		}
		if (n < 0 && errno != EINTR) {
			return -errno;
		}
	}
}

int tree_copy_file(const char *from, const char *to, struct err *err) {
	struct stat st;
	CLEANUP(fd_closep) int in = open(from, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (in < 0 || fstat(in, &st) < 0) {
		return err_set(err, -errno, "cannot read '%s': %s", from, strerror(errno));
	}
	if (!S_ISREG(st.st_mode) || st.st_size > TREE_COPY_MAX_BYTES) {
		return err_set(err, -EINVAL, "'%s' is no file, or a very large one", from);
	}
	CLEANUP(fd_closep)
	int out =
		open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, st.st_mode & 0111 ? 0755 : 0644);
	int r = out < 0 ? -errno : copy_bytes(in, out);
	if (r == 0 && fchmod(out, st.st_mode & 0111 ? 0755 : 0644) < 0) {
		r = -errno;
	}
	return r < 0 ? err_set(err, r, "cannot write '%s': %s", to, strerror(-r)) : 0;
}

static int copy_entry(struct arena *arena, FTSENT *entry, size_t skip, const char *to,
                      int64_t *total, struct err *err) {
	const char *rest = entry->fts_path + skip;
	const char *target = *rest ? path_join(arena, to, rest + (*rest == '/')) : to;
	switch (entry->fts_info) {
	case FTS_D:
		return mkdir(target, 0755) == 0 ? 0
		                                : err_set(err, -errno, "cannot make '%s': %s",
		                                          target, strerror(errno));
	case FTS_F:
		*total += entry->fts_statp->st_size;
		return *total > TREE_COPY_MAX_BYTES ? err_set(err, -EFBIG, "'%s' is too large", to)
		                                    : tree_copy_file(entry->fts_path, target, err);
	case FTS_DNR:
	case FTS_ERR:
	case FTS_NS:
		return err_set(err, -entry->fts_errno, "cannot read '%s': %s", entry->fts_path,
		               strerror(entry->fts_errno));
	default:
		return 0;
	}
}

int tree_copy(struct arena *arena, const char *from, const char *to, struct err *err) {
	char *roots[] = {arena_strdup(arena, from), NULL};
	FTS *walk = fts_open(roots, FTS_LOGICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;
	int64_t total = 0;
	int r = walk ? 0 : err_set(err, -errno, "cannot read '%s': %s", from, strerror(errno));
	while (r == 0 && (entry = fts_read(walk))) {
		r = copy_entry(arena, entry, strlen(from), to, &total, err);
	}
	if (walk) {
		(void)fts_close(walk);
	}
	return r;
}

static int sync_one(const char *path) {
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

int tree_sync(struct arena *arena, const char *dir) {
	char *roots[] = {arena_strdup(arena, dir), NULL};
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;
	int r = walk ? 0 : -errno;
	while (r == 0 && (entry = fts_read(walk))) {
		if (entry->fts_info == FTS_F || entry->fts_info == FTS_DP) {
			r = sync_one(entry->fts_accpath);
		} else if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR) {
			r = -entry->fts_errno;
		}
	}
	if (walk) {
		(void)fts_close(walk);
	}
	return r;
}

int tree_make_executable(struct arena *arena, const char *dir) {
	char *roots[] = {arena_strdup(arena, dir), NULL};
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;
	int r = walk ? 0 : -errno;
	while (r == 0 && (entry = fts_read(walk))) {
		if (entry->fts_info == FTS_F && chmod(entry->fts_accpath, 0755) < 0) {
			r = -errno;
		} else if (entry->fts_info == FTS_NS || entry->fts_info == FTS_DNR) {
			r = -entry->fts_errno;
		}
	}
	if (walk) {
		(void)fts_close(walk);
	}
	return r;
}

void tree_remove(struct arena *arena, const char *dir) {
	char *roots[] = {arena_strdup(arena, dir), NULL};
	FTS *walk = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
	FTSENT *entry;
	while (walk && (entry = fts_read(walk))) {
		if (entry->fts_info == FTS_D) {
			(void)chmod(entry->fts_accpath, 0700); /* those of a module cache */
		} else {
			(void)remove(entry->fts_accpath);
		}
	}
	if (walk) {
		(void)fts_close(walk);
	}
}
