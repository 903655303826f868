/* SPDX-License-Identifier: MIT */
#include "apply/write.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#define XATTR_NAMES_MAX ((size_t)64 * 1024) /* xattr(7): what the kernel gives at most */

/* A file being replaced. */
struct swap {
	struct arena *arena;
	const char *path;
	const char *temporary;
	struct err *err;
};

static int fail(struct swap *s, const char *what, int error) {
	return err_set(s->err, -error, "cannot %s '%s': %s", what, s->path, strerror(error));
}

/* One attribute; those the system manages by itself may refuse to be set. */
static int copy_attribute(struct swap *s, int from, int to, const char *name) {
	ssize_t len = fgetxattr(from, name, NULL, 0);
	char *value = arena_alloc(s->arena, len > 0 ? (size_t)len : 1);
	len = len < 0 ? -1 : fgetxattr(from, name, value, (size_t)len);
	if (len < 0) {
		return errno == ENODATA ? 0 : fail(s, "read the attributes of", errno);
	}
	if (fsetxattr(to, name, value, (size_t)len, 0) == 0 || str_starts(name, "security.")) {
		return 0;
	}
	return fail(s, "keep the attributes of", errno);
}

static int copy_attributes(struct swap *s, int from, int to) {
	char *names = arena_alloc(s->arena, XATTR_NAMES_MAX);
	ssize_t len = flistxattr(from, names, XATTR_NAMES_MAX);
	if (len < 0) {
		return errno == ENOTSUP ? 0 : fail(s, "read the attributes of", errno);
	}
	for (const char *name = names; name < names + len; name += strlen(name) + 1) {
		int r = copy_attribute(s, from, to, name);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

/* Mode, owner and attributes of the old file for the new one. */
static int copy_nature(struct swap *s, int to, const struct image *after) {
	struct stat st;
	if (fstat(to, &st) < 0) {
		return fail(s, "look at", errno);
	}
	if ((st.st_uid != after->uid || st.st_gid != after->gid) &&
	    fchown(to, after->uid, after->gid) < 0) {
		return err_set(
			s->err, -errno,
			"'%s' belongs to uid %u, gid %u, which a new file cannot be given: %s",
			s->path, after->uid, after->gid, strerror(errno));
	}
	CLEANUP(fd_closep)
	int from = open(s->path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	if (from >= 0) {
		int r = copy_attributes(s, from, to);
		if (r < 0) {
			return r;
		}
	}
	/* Behind the access control list, whose mask is the mode's group bits. */
	return fchmod(to, after->mode) < 0 ? fail(s, "set the mode of", errno) : 0;
}

static int sync_directory(struct swap *s) {
	CLEANUP(fd_closep)
	int fd = open(path_parent(s->arena, s->path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	/* A filesystem that cannot sync a directory is no reason to fail. */
	if (fd >= 0) {
		(void)fsync(fd);
	}
	return 0;
}

static int still_the_same(struct swap *s, const struct image *expected) {
	struct image now;
	const char *real;
	int r = image_read(s->arena, s->path, &now, &real, s->err);
	if (r < 0) {
		return r;
	}
	if (!image_same(&now, expected)) {
		return err_set(s->err, -EBUSY,
		               "'%s' was changed by somebody else meanwhile; nothing was written",
		               s->path);
	}
	return 0;
}

static int write_temporary(struct swap *s, const struct image *after) {
	CLEANUP(fd_closep)
	int fd = open(s->temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0) {
		return fail(s, "write beside", errno);
	}
	int r = fd_write_all(fd, after->bytes.data, after->bytes.len);
	if (r < 0) {
		return fail(s, "write", -r);
	}
	r = copy_nature(s, fd, after);
	if (r == 0 && fsync(fd) < 0) {
		r = fail(s, "write", errno);
	}
	return r;
}

static int replace(struct swap *s, const struct journal_entry *entry) {
	if (!entry->after.exists) {
		int r = still_the_same(s, &entry->before);
		if (r == 0 && entry->before.exists && unlink(s->path) < 0) {
			r = fail(s, "remove", errno);
		}
		return r < 0 ? r : sync_directory(s);
	}
	int r = write_temporary(s, &entry->after);
	if (r == 0) {
		r = still_the_same(s, &entry->before);
	}
	if (r == 0 && rename(s->temporary, s->path) < 0) {
		r = fail(s, "replace", errno);
	}
	if (r < 0) {
		(void)unlink(s->temporary);
		return r;
	}
	return sync_directory(s);
}

/* The directories that must be made, outermost first, a line each. */
static const char *missing_dirs(struct arena *arena, const char *path) {
	const char *list = "";
	const char *dir = path_parent(arena, path);
	struct stat st;
	while (stat(dir, &st) < 0 && errno == ENOENT && !streq(dir, "/") && !streq(dir, ".")) {
		list = arena_printf(arena, "%s\n%s", dir, list);
		dir = path_parent(arena, dir);
	}
	return list;
}

static int make_dirs(struct swap *s, const char *dirs) {
	struct slice rest = slice_str(dirs);
	struct slice line;
	while (slice_line(&rest, &line)) {
		const char *dir = arena_slicedup(s->arena, line);
		if (line.len > 0 && mkdir(dir, 0755) < 0 && errno != EEXIST) {
			return err_set(s->err, -errno, "cannot make the directory '%s': %s", dir,
			               strerror(errno));
		}
	}
	return 0;
}

/* Innermost first; one that holds something else stays. */
static void remove_dirs(struct arena *arena, const char *dirs) {
	struct slice rest = slice_str(dirs);
	struct slice line;
	if (slice_line(&rest, &line)) {
		remove_dirs(arena, arena_slicedup(arena, rest));
		if (line.len > 0) {
			(void)rmdir(arena_slicedup(arena, line));
		}
	}
}

/* What must not be replaced by a new file behind its owner's back. */
static int check_nature(struct swap *s) {
	struct stat st;
	if (lstat(s->path, &st) < 0) {
		return errno == ENOENT ? 0 : fail(s, "look at", errno);
	}
	if ((st.st_mode & 0222) == 0) {
		return err_set(s->err, -EPERM,
		               "'%s' is write-protected (mode %04o); `chmod u+w` it first", s->path,
		               (unsigned)(st.st_mode & 07777));
	}
	if (faccessat(AT_FDCWD, s->path, W_OK, AT_EACCESS) < 0) {
		return fail(s, "write", errno);
	}
	if (st.st_nlink > 1) {
		return err_set(
			s->err, -EMLINK,
			"'%s' has %lu hard links; a new file would take only this one's place",
			s->path, (unsigned long)st.st_nlink);
	}
	return 0;
}

int apply_write(struct journal *journal, struct journal_entry *entry, struct err *err) {
	if (!entry->path) {
		return err_set(err, -EINVAL, "no file is named");
	}
	struct arena *arena = arena_new();
	struct swap s = {.arena = arena, .path = entry->path, .err = err};
	s.temporary = arena_printf(arena, "%s/.%s.dialtone-%d.tmp", path_parent(arena, entry->path),
	                           path_base(entry->path), (int)getpid());
	int r = check_nature(&s);
	if (r == 0) {
		r = still_the_same(&s, &entry->before);
	}
	const char *dirs = entry->after.exists ? missing_dirs(arena, entry->path) : "";
	entry->made_dirs = dirs;
	if (r == 0) {
		r = journal_begin(journal, entry, err);
	}
	if (r == 0) {
		r = make_dirs(&s, dirs);
		r = r < 0 ? r : replace(&s, entry);
		if (r < 0) {
			struct err ignored;
			remove_dirs(arena, dirs);
			(void)journal_set_state(journal, entry->id, JOURNAL_FAILED, &ignored);
		} else {
			r = journal_set_state(journal, entry->id, JOURNAL_DONE, err);
			entry->state = JOURNAL_DONE;
		}
	}
	entry->made_dirs = "";
	arena_free(arena);
	return r;
}

int apply_undo(struct journal *journal, struct arena *arena, const struct journal_entry *entry,
               int64_t *ret_id, struct image *ret_now, struct err *err) {
	struct image now;
	const char *real;
	if (entry->state == JOURNAL_UNDONE || entry->state == JOURNAL_FAILED) {
		return err_set(err, -EALREADY, "change %lld is %s", (long long)entry->id,
		               journal_state_name(entry->state));
	}
	int r = image_read(arena, entry->path, &now, &real, err);
	if (r < 0) {
		return r;
	}
	if (ret_now) {
		*ret_now = now;
	}
	if (entry->state == JOURNAL_INTENDED && image_same(&now, &entry->before)) {
		/* It was interrupted before it changed anything. */
		return journal_set_state(journal, entry->id, JOURNAL_FAILED, err);
	}
	if (!streq(real, entry->path) || !image_same(&now, &entry->after)) {
		return err_set(err, -EBUSY,
		               "'%s' is no longer what change %lld wrote; it is left as it is",
		               entry->path, (long long)entry->id);
	}
	struct journal_entry back = {
		.path = entry->path,
		.before = now,
		.after = entry->before,
		.cause = entry->cause,
		.why = arena_printf(arena, "undo %lld", (long long)entry->id),
		.undoes = entry->id,
	};
	r = apply_write(journal, &back, err);
	if (r < 0) {
		return r;
	}
	remove_dirs(arena, entry->made_dirs);
	*ret_id = back.id;
	return journal_set_state(journal, entry->id, JOURNAL_UNDONE, err);
}
