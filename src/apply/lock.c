/* SPDX-License-Identifier: MIT */
#include "apply/lock.h"

#include "apply/journal.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"

#include <errno.h>
#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#define PAUSE_NS (50 * NS_PER_MS) /* a POSIX lock cannot be waited for with a deadline */

static struct flock whole(void) {
	return (struct flock){.l_type = F_WRLCK, .l_whence = SEEK_SET};
}

static int holder_of(int fd) {
	struct flock lock = whole();
	return fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? (int)lock.l_pid : 0;
}

int lock_take(struct arena *arena, int64_t wait_ns, struct err *err) {
	const char *dir = journal_dir(arena);
	if (!dir) {
		return err_set(err, -ENOENT,
		               "neither HOME nor XDG_STATE_HOME says where the journal is");
	}
	const char *file = path_join(arena, dir, "lock");
	CLEANUP(fd_closep) int fd = open(file, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0) {
		return err_set(err, -errno, "cannot open '%s': %s", file, strerror(errno));
	}
	int64_t deadline = clock_now_ns() + wait_ns;
	struct flock lock = whole();
	while (fcntl(fd, F_SETLK, &lock) < 0) {
		if (errno == EINTR) {
			continue;
		}
		if (errno != EAGAIN && errno != EACCES) {
			return err_set(err, -errno, "cannot lock '%s': %s", file, strerror(errno));
		}
		if (clock_now_ns() >= deadline) {
			return err_set(err, -EBUSY,
			               "another dialtone (process %d) is changing things; waited "
			               "%lld s for it",
			               holder_of(fd), (long long)(wait_ns / NS_PER_S));
		}
		(void)nanosleep(&(struct timespec){.tv_nsec = PAUSE_NS}, NULL);
	}
	return fd_take(&fd);
}

int lock_holder(struct arena *arena) {
	const char *dir = journal_dir(arena);
	CLEANUP(fd_closep)
	int fd = dir ? open(path_join(arena, dir, "lock"), O_RDWR | O_CLOEXEC | O_NOFOLLOW) : -1;
	return fd < 0 ? 0 : holder_of(fd);
}
