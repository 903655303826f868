/* SPDX-License-Identifier: MIT
 */
#include "base/file.h"

#include "base/arena.h"
#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* Writes and syncs the temporary file; removes it again when that fails. */
static int temporary_write(const char *temporary, struct slice bytes, struct err *err) {
	int fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r;

	if (fd < 0) {
		return err_set(err, -errno, "cannot write '%s': %s", temporary, strerror(errno));
	}
	r = fd_write_all(fd, bytes.data, bytes.len);
	if (r == 0 && fsync(fd) < 0) {
		r = -errno;
	}
	if (close(fd) < 0 && r == 0) {
		r = -errno;
	}
	if (r < 0) {
		unlink(temporary);
		return err_set(err, r, "cannot write '%s': %s", temporary, strerror(-r));
	}
	return 0;
}

/* Makes the rename last; a filesystem that cannot do that is no reason to fail. */
static void directory_sync(struct arena *arena, const char *path) {
	CLEANUP(fd_closep)
	int fd = open(path_parent(arena, path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd >= 0) {
		(void)fsync(fd);
	}
}

int file_replace(const char *path, struct slice bytes, struct err *err) {
	struct arena *arena = arena_new();
	const char *temporary = arena_printf(arena, "%s/.%s.%d.tmp", path_parent(arena, path),
	                                     path_base(path), (int)getpid());
	int r = temporary_write(temporary, bytes, err);

	if (r == 0 && rename(temporary, path) < 0) {
		r = err_set(err, -errno, "cannot write '%s': %s", path, strerror(errno));
		unlink(temporary);
	}
	if (r == 0) {
		directory_sync(arena, path);
	}
	arena_free(arena);
	return r;
}
