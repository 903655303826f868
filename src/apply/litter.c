/* SPDX-License-Identifier: MIT */
#include "apply/litter.h"

#include "base/ascii.h"
#include "base/fd.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define DEPTH_MAX 64 /* of directories in each other, each with a descriptor */

struct litter {
	uid_t uid;
	dev_t dev;
	bool remove;
};

/* How many hexadecimal digits it begins with. */
static size_t digits(const char *name) {
	size_t n = 0;
	while (ascii_hex(name[n]) >= 0) {
		n++;
	}
	return n;
}

/* At the top: the 256 directories of a build cache and its notes (cmd/go/internal/cache, Open), the directory of gopls
 * that is named by the hash of its program (internal/filecache, getCacheDir), temporary files (cmd/go/internal/work,
 * gopls's internal/cache, tempmod). */
static bool is_of_go(const char *name, bool directory) {
	static const char *const starts[] = {"gopls-tempmod", "go-build", "go-link-", "gopls."};
	static const char *const files[] = {"README", "trim.txt", "testexpire.txt"};
	size_t n = digits(name);
	bool found =
		directory && ((n == 2 && !name[2]) || (n >= 32 && !name[n]) || streq(name, "fuzz"));
	for (size_t i = 0; i < sizeof(starts) / sizeof(*starts); i++) {
		found = found || str_starts(name, starts[i]);
	}
	for (size_t i = 0; i < sizeof(files) / sizeof(*files); i++) {
		found = found || (!directory && streq(name, files[i]));
	}
	return found;
}

static bool walk(const struct litter *l, int fd, int depth);

static bool visit(const struct litter *l, int fd, const char *name, int depth) {
	struct stat st;
	if (fstatat(fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
		return errno == ENOENT;
	}
	bool directory = S_ISDIR(st.st_mode);
	if (st.st_uid != l->uid || st.st_dev != l->dev ||
	    (depth == 0 && !is_of_go(name, directory))) {
		return false;
	}
	if (directory) {
		int below =
			depth < DEPTH_MAX
				? openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)
				: -1;
		if (below < 0 || !walk(l, below, depth + 1)) {
			return false;
		}
	}
	return !l->remove || unlinkat(fd, name, directory ? AT_REMOVEDIR : 0) == 0 ||
	       errno == ENOENT;
}

/* Closes fd. */
static bool walk(const struct litter *l, int fd, int depth) {
	DIR *dir = fdopendir(fd);
	const struct dirent *entry;
	bool good = dir != NULL;
	if (!dir) {
		close(fd);
	}
	while (good && (entry = readdir(dir))) {
		bool self = streq(entry->d_name, ".") || streq(entry->d_name, "..");
		good = self || visit(l, dirfd(dir), entry->d_name, depth);
	}
	if (dir) {
		closedir(dir);
	}
	return good;
}

bool litter_clear(const struct place *place) {
	struct stat st;
	struct litter l = {.uid = geteuid()};
	for (int turn = 0; turn < 2; turn++) {
		int fd = openat(place->dir_fd, place->name,
		                O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != l.uid) {
			fd_closep(&fd);
			return false;
		}
		l.dev = st.st_dev;
		l.remove = turn == 1;
		if (!walk(&l, fd, 0)) {
			return false;
		}
	}
	return true;
}
