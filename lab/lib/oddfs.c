/* SPDX-License-Identifier: MIT
 * oddfs SOURCE MOUNT DELAY_US LOCK BAD: shows the directory SOURCE at MOUNT. Each lookup takes so many microseconds; with
 * LOCK "hang" no flock is ever given, with "ok" each; with "one" it answers one question after the other; reads of files
 * whose name begins with BAD fail with EIO behind their first 64 KiB ("-": none).
 */
#define FUSE_USE_VERSION 31
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <fuse.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

static const char *source, *lock_word, *bad;
static unsigned delay_us;

static const char *real(const char *path, char *out, size_t size) {
	snprintf(out, size, "%s%s", source, path);
	return out;
}

#define REAL(path) real(path, (char[4096]){0}, 4096)
#define ANSWER(call) return (call) < 0 ? -errno : 0

static int odd_getattr(const char *path, struct stat *st, struct fuse_file_info *fi) {
	(void)fi;
	if (delay_us) {
		usleep(delay_us);
	}
	ANSWER(lstat(REAL(path), st));
}

static int odd_readdir(const char *path, void *buf, fuse_fill_dir_t fill, off_t off, struct fuse_file_info *fi,
                       enum fuse_readdir_flags flags) {
	DIR *dir = opendir(REAL(path));
	(void)off, (void)fi, (void)flags;
	if (!dir) {
		return -errno;
	}
	for (struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		fill(buf, e->d_name, NULL, 0, 0);
	}
	closedir(dir);
	return 0;
}

static int odd_readlink(const char *path, char *buf, size_t size) {
	ssize_t n = readlink(REAL(path), buf, size - 1);
	if (n >= 0) {
		buf[n] = '\0';
	}
	ANSWER(n);
}

static int odd_mkdir(const char *path, mode_t mode) {
	struct fuse_context *c = fuse_get_context();
	if (mkdir(REAL(path), mode) < 0) {
		return -errno;
	}
	ANSWER(lchown(REAL(path), c->uid, c->gid));
}

static int odd_unlink(const char *path) { ANSWER(unlink(REAL(path))); }
static int odd_rmdir(const char *path) { ANSWER(rmdir(REAL(path))); }
static int odd_rename(const char *from, const char *to, unsigned flags) {
	(void)flags;
	ANSWER(rename(REAL(from), REAL(to)));
}
static int odd_chmod(const char *path, mode_t mode, struct fuse_file_info *fi) {
	(void)fi;
	ANSWER(chmod(REAL(path), mode));
}
static int odd_truncate(const char *path, off_t size, struct fuse_file_info *fi) {
	(void)fi;
	ANSWER(truncate(REAL(path), size));
}
static int odd_utimens(const char *path, const struct timespec ts[2], struct fuse_file_info *fi) {
	(void)fi;
	ANSWER(utimensat(AT_FDCWD, REAL(path), ts, AT_SYMLINK_NOFOLLOW));
}

static int odd_open(const char *path, struct fuse_file_info *fi) {
	int fd = open(REAL(path), fi->flags & ~O_NOFOLLOW);
	fi->fh = (uint64_t)fd;
	ANSWER(fd);
}

static int odd_create(const char *path, mode_t mode, struct fuse_file_info *fi) {
	struct fuse_context *c = fuse_get_context();
	int fd = open(REAL(path), fi->flags | O_CREAT, mode);
	fi->fh = (uint64_t)fd;
	if (fd >= 0 && fchown(fd, c->uid, c->gid) < 0) {
		return -errno;
	}
	ANSWER(fd);
}

static int odd_read(const char *path, char *buf, size_t size, off_t off, struct fuse_file_info *fi) {
	const char *name = strrchr(path, '/');
	if (strcmp(bad, "-") != 0 && strncmp(name + 1, bad, strlen(bad)) == 0 && off + (off_t)size > 65536) {
		return -EIO;
	}
	ssize_t n = pread((int)fi->fh, buf, size, off);
	return n < 0 ? -errno : (int)n;
}

static int odd_write(const char *path, const char *buf, size_t size, off_t off, struct fuse_file_info *fi) {
	(void)path;
	ssize_t n = pwrite((int)fi->fh, buf, size, off);
	return n < 0 ? -errno : (int)n;
}

static int odd_release(const char *path, struct fuse_file_info *fi) {
	(void)path;
	close((int)fi->fh);
	return 0;
}

static int odd_flock(const char *path, struct fuse_file_info *fi, int op) {
	(void)path, (void)fi, (void)op;
	while (strcmp(lock_word, "hang") == 0) {
		if (fuse_interrupted()) {
			return -EINTR;
		}
		usleep(20000);
	}
	return 0;
}

static int odd_statfs(const char *path, struct statvfs *st) { ANSWER(statvfs(REAL(path), st)); }

int main(int argc, char **argv) {
	static const struct fuse_operations ops = {
		.getattr = odd_getattr, .readdir = odd_readdir, .readlink = odd_readlink, .mkdir = odd_mkdir,
		.unlink = odd_unlink, .rmdir = odd_rmdir, .rename = odd_rename, .chmod = odd_chmod,
		.truncate = odd_truncate, .utimens = odd_utimens, .open = odd_open, .create = odd_create,
		.read = odd_read, .write = odd_write, .release = odd_release, .flock = odd_flock, .statfs = odd_statfs,
	};
	if (argc != 6) {
		return 2;
	}
	source = argv[1];
	delay_us = (unsigned)atoi(argv[3]);
	lock_word = argv[4];
	bad = argv[5];
	char options[4352];

	snprintf(options, sizeof options, "allow_other,default_permissions,entry_timeout=0,attr_timeout=0,fsname=%s", source);
	bool alone = strcmp(lock_word, "one") == 0;
	char *args[] = {argv[0], argv[2], "-o", options, alone ? "-s" : NULL, NULL};
	return fuse_main(alone ? 5 : 4, args, &ops, NULL);
}
