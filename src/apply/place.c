/* SPDX-License-Identifier: MIT */
#include "apply/place.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

#define LINKS_MAX 40 /* as the kernel: path_resolution(7) */

struct walk {
	struct arena *arena;
	const char *path;      /* as it was asked for, for sentences */
	const char *workspace; /* without links, or NULL */
	struct strbuf real;    /* so far, without a slash at its end; "" is the root */
	const char *rest;      /* still to go */
	int fd;                /* of real; -1: it is not there */
	int links;
	bool confined; /* it was below the workspace once */
	struct err *err;
};

static int fail(struct walk *w, int error) {
	return err_set(w->err, -error, "cannot look at '%s': %s", w->path, strerror(error));
}

static int move_to(struct walk *w, int fd) {
	if (w->fd >= 0) {
		close(w->fd);
	}
	w->fd = fd;
	return 0;
}

static int to_root(struct walk *w) {
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return fail(w, errno);
	}
	strbuf_init(&w->real, w->arena);
	return move_to(w, fd);
}

static int to_parent(struct walk *w) {
	if (w->fd < 0) {
		return err_set(w->err, -ENOENT, "'%s' leads back out of '%s', which is not there",
		               w->path, w->real.data);
	}
	int fd = openat(w->fd, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0) {
		return fail(w, errno);
	}
	char *slash = strrchr(w->real.data, '/');
	if (slash) {
		*slash = '\0';
		w->real.len = (size_t)(slash - w->real.data);
	}
	return move_to(w, fd);
}

static int follow(struct walk *w, int link_fd, const struct stat *st) {
	char target[PATH_MAX];
	ssize_t len = readlinkat(link_fd, "", target, sizeof(target) - 1);
	if (len <= 0) {
		return fail(w, len < 0 ? errno : ENOENT);
	}
	target[len] = '\0';
	bool inside =
		w->workspace && path_below(w->real.len > 0 ? w->real.data : "/", w->workspace);
	if (!inside && st->st_uid != 0 && st->st_uid != geteuid()) {
		return err_set(w->err, -EPERM,
		               "'%s' goes over a link in '%s' that belongs to uid %u; links of "
		               "others are not followed",
		               w->path, w->real.len > 0 ? w->real.data : "/", st->st_uid);
	}
	if (++w->links > LINKS_MAX) {
		return fail(w, ELOOP);
	}
	w->confined = w->confined || inside;
	w->rest = arena_printf(w->arena, "%s/%s", target, w->rest);
	return target[0] == '/' ? to_root(w) : 0;
}

static int enter(struct walk *w, const char *name, bool last, bool follow_last) {
	CLEANUP(fd_closep)
	int fd = w->fd < 0 ? -1 : openat(w->fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat st = {0};
	if (fd < 0 && w->fd >= 0 && errno != ENOENT) {
		return fail(w, errno);
	}
	if (fd >= 0 && fstat(fd, &st) < 0) {
		return fail(w, errno);
	}
	if (fd >= 0 && S_ISLNK(st.st_mode) && (!last || follow_last)) {
		return follow(w, fd, &st);
	}
	strbuf_printf(&w->real, "/%s", name);
	if (fd >= 0 && !last && !S_ISDIR(st.st_mode)) {
		return fail(w, ENOTDIR);
	}
	return move_to(w, fd_take(&fd));
}

static int walk(struct walk *w, bool follow_last) {
	int r = to_root(w);
	while (r == 0) {
		while (*w->rest == '/') {
			w->rest++;
		}
		size_t len = strcspn(w->rest, "/");
		if (len == 0) {
			return 0;
		}
		const char *name = arena_strndup(w->arena, w->rest, len);
		w->rest += len;
		bool last = w->rest[strspn(w->rest, "/")] == '\0';
		if (streq(name, "..")) {
			r = to_parent(w);
		} else if (!streq(name, ".")) {
			r = enter(w, name, last, follow_last);
		}
	}
	return r;
}

/* The workspace itself is the user's word: its own links may be of anybody who could put them there. */
static const char *real_workspace(struct arena *arena, const char *workspace) {
	if (!workspace) {
		return NULL;
	}
	char resolved[PATH_MAX];
	return realpath(workspace, resolved) ? arena_strdup(arena, resolved) : workspace;
}

int place_resolve(struct arena *arena, const char *path, const char *workspace, bool follow_last,
                  const char **ret_real, struct err *err) {
	struct walk w = {.arena = arena, .path = path, .fd = -1, .err = err};
	if (path[0] != '/') {
		return err_set(err, -EINVAL, "'%s' is no absolute path", path);
	}
	w.workspace = real_workspace(arena, workspace);
	w.rest = path_clean(arena, path);
	w.confined = workspace && path_below(w.rest, workspace);
	int r = walk(&w, follow_last);
	const char *real = w.real.len > 0 ? w.real.data : "/";
	if (w.fd >= 0) {
		close(w.fd);
	}
	if (r < 0) {
		return r;
	}
	if (w.confined && !path_below(real, w.workspace)) {
		return err_set(err, -EXDEV,
		               "'%s' leads out of the workspace, to '%s'; that is left alone", path,
		               real);
	}
	*ret_real = real;
	return 0;
}

int place_open(struct arena *arena, const char *real, struct place *ret, struct err *err) {
	*ret = (struct place){.dir_fd = -1, .path = real, .name = path_base(real)};
	if (*ret->name == '\0') {
		return err_set(err, -EINVAL, "'%s' has no name", real);
	}
	int fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct slice rest = slice_str(path_parent(arena, real) + 1);
	struct slice part;
	while (fd >= 0 && slice_cut(&rest, '/', &part)) {
		int next = openat(fd, arena_slicedup(arena, part),
		                  O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int error = errno;
		close(fd);
		errno = error;
		fd = next;
	}
	if (fd < 0) {
		return err_set(err, -errno, "cannot get to '%s': %s", real, strerror(errno));
	}
	ret->dir_fd = fd;
	return 0;
}

void place_closep(struct place *place) {
	fd_closep(&place->dir_fd);
	place->dir_fd = -1;
}

int place_stat(const struct place *place, struct stat *ret) {
	if (place->dir_fd < 0) {
		return -ENOENT;
	}
	return fstatat(place->dir_fd, place->name, ret, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
}

int place_sync(const struct place *place) {
	CLEANUP(fd_closep)
	int fd = openat(place->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd >= 0 && fsync(fd) < 0 && errno != EINVAL && errno != EROFS) {
		return -errno;
	}
	return 0;
}
