/* SPDX-License-Identifier: MIT
 * Where the guard keeps what it knows: in the state directory, and when nothing can be written there (a full disk is one of
 * the things it is to tell of) in the directory of the session, which is memory.
 */
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"
#include "cmd/guard.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATE_NAME   "guard.state"
#define SESSION_NAME "dialtone-guard.state"
#define LOCK_NAME    "guard.lock"

static const char *state_path(const struct guard *g) {
	return path_join(g->arena, g->state_dir, STATE_NAME);
}

/* NULL without one. */
static const char *session_path(const struct guard *g) {
	const char *dir = envset_get(&g->own, "XDG_RUNTIME_DIR");
	return dir && dir[0] == '/' ? path_join(g->arena, dir, SESSION_NAME) : NULL;
}

/* "" for what cannot be read, is no file of ours, or is too large. */
static struct slice read_own(struct arena *arena, const char *path) {
	struct stat st;
	CLEANUP(fd_closep)
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_uid != geteuid() ||
	    st.st_size > (off_t)MEMORY_MAX_BYTES) {
		return slice_of("", 0);
	}
	char *bytes = arena_alloc_array(arena, (size_t)st.st_size + 1, 1);
	size_t len = 0;
	while (len < (size_t)st.st_size) {
		ssize_t n = read(fd, bytes + len, (size_t)st.st_size - len);
		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n <= 0) {
			break;
		}
		len += (size_t)n;
	}
	return slice_of(bytes, len);
}

void guard_recall(const struct guard *g, struct guard_memory *ret) {
	const char *session = session_path(g);
	struct guard_memory other;
	guard_memory_read(g->arena, read_own(g->arena, state_path(g)), ret);
	if (!session) {
		return;
	}
	guard_memory_read(g->arena, read_own(g->arena, session), &other);
	if (guard_memory_latest_ns(&other) > guard_memory_latest_ns(ret)) {
		*ret = other;
	}
}

int guard_keep(const struct guard *g, const struct guard_memory *memory, struct err *err) {
	const char *session = session_path(g);
	struct slice text = guard_memory_write(g->arena, memory);
	int r = file_replace(state_path(g), text, err);
	if (r == 0) {
		if (session) {
			(void)unlink(session);
		}
		return 0;
	}
	struct err second;
	return session && file_replace(session, text, &second) == 0 ? 0 : r;
}

int guard_lock(const struct guard *g) {
	const char *path = path_join(g->arena, g->state_dir, LOCK_NAME);
	CLEANUP(fd_closep)
	int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0600);
	if (fd < 0) {
		return -errno;
	}
	if (flock(fd, LOCK_EX | LOCK_NB) < 0) {
		return errno == EWOULDBLOCK ? -EBUSY : -errno;
	}
	return fd_take(&fd);
}
