/* SPDX-License-Identifier: MIT */
#include "apply/modes.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX 200

struct listing {
	struct arena *arena;
	struct strbuf out;
	size_t count;
	mode_t on, off;
	bool directories; /* only these count */
	bool alone;       /* nothing below */
	dev_t dev;
	struct err *err;
};

mode_t modes_changed(mode_t mode, mode_t on, mode_t off) {
	if (!S_ISDIR(mode) && !(mode & 0111)) {
		on &= ~(mode_t)0111;
	}
	return ((mode | on) & ~off) & 07777;
}

static int list(struct listing *l, int dir_fd, const char *name, const char *path, int depth);

static int list_below(struct listing *l, int dir_fd, const char *name, const char *path,
                      int depth) {
	int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	int r = 0;
	while (dir && r == 0 && (entry = readdir(dir))) {
		if (!streq(entry->d_name, ".") && !streq(entry->d_name, "..")) {
			r = list(l, dirfd(dir), entry->d_name,
			         path_join(l->arena, path, entry->d_name), depth + 1);
		}
	}
	if (dir) {
		closedir(dir);
	}
	return r;
}

static int list(struct listing *l, int dir_fd, const char *name, const char *path, int depth) {
	struct stat st;
	if (fstatat(dir_fd, name, &st, AT_SYMLINK_NOFOLLOW) < 0 || S_ISLNK(st.st_mode) ||
	    st.st_dev != l->dev) {
		return 0;
	}
	mode_t mode = modes_changed(st.st_mode, l->on, l->off);
	bool counts = S_ISDIR(st.st_mode) || !l->directories;
	if (counts && mode != (st.st_mode & 07777) && (geteuid() == 0 || st.st_uid == geteuid())) {
		if (++l->count > MODES_MAX || depth > DEPTH_MAX) {
			return err_set(l->err, -E2BIG, "there are too many files below '%s'", path);
		}
		strbuf_printf(&l->out, "%o %o %s", (unsigned)(st.st_mode & 07777), (unsigned)mode,
		              path);
		strbuf_add_char(&l->out, '\0');
	}
	return S_ISDIR(st.st_mode) && !l->alone && depth <= DEPTH_MAX
	               ? list_below(l, dir_fd, name, path, depth)
	               : 0;
}

static int list_all(struct listing *l, const char *path) {
	struct stat st;
	strbuf_init(&l->out, l->arena);
	if (lstat(path, &st) < 0) {
		return err_set(l->err, -errno, "cannot look at '%s': %s", path, strerror(errno));
	}
	l->dev = st.st_dev;
	return list(l, AT_FDCWD, path, path, 0);
}

int modes_list(struct arena *arena, const char *path, bool below, mode_t on, mode_t off,
               struct slice *ret, size_t *ret_count, struct err *err) {
	struct listing l = {.arena = arena, .on = on, .off = off, .alone = !below, .err = err};
	int r = list_all(&l, path);
	*ret = slice_of(l.out.data, l.out.len);
	*ret_count = l.count;
	return r;
}

bool modes_any_directory(struct arena *arena, const char *path, mode_t on) {
	struct err ignored;
	struct listing l = {.arena = arena, .on = on, .directories = true, .err = &ignored};
	return list_all(&l, path) == 0 && l.count > 0;
}
