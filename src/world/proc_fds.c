/* SPDX-License-Identifier: MIT */
#include "world/proc_fds.h"

#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

/* getdents64(2): what precedes the name. */
struct entry {
	uint64_t ino;
	int64_t off;
	uint16_t len;
	uint8_t type;
	char name[];
};

#define ENTRY_ROOM 64 /* more than an entry for any number takes */

int proc_fds_open(struct proc_fds *fds, int proc_fd, int64_t pid) {
	char path[40];

	snprintf(path, sizeof path, "%" PRId64 "/fd", pid);
	fds->dir_fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fds->at = fds->have = 0;
	fds->last = false;
	return fds->dir_fd < 0 ? errno : 0;
}

static bool fill(struct proc_fds *fds) {
	long n = fds->last ? 0
	                   : syscall(SYS_getdents64, fds->dir_fd, fds->buffer, sizeof fds->buffer);

	fds->at = 0;
	fds->have = n > 0 ? (size_t)n : 0;
	fds->last = fds->have + ENTRY_ROOM <= sizeof fds->buffer;
	return fds->have > 0;
}

bool proc_fds_next(struct proc_fds *fds) {
	while (fds->at < fds->have || fill(fds)) {
		const struct entry *e = (const struct entry *)(fds->buffer + fds->at);
		int64_t number;

		fds->at += e->len;
		if (str_to_int64(e->name, &number) == 0 && number >= 0 && number <= INT_MAX) {
			fds->number = (int)number;
			fds->name = e->name;
			return true;
		}
	}
	return false;
}

bool proc_fds_link(const struct proc_fds *fds, char *ret, size_t size) {
	ssize_t n = readlinkat(fds->dir_fd, fds->name, ret, size - 1);

	ret[n > 0 ? n : 0] = '\0';
	return n > 0;
}

void proc_fds_close(struct proc_fds *fds) {
	close(fds->dir_fd);
	fds->dir_fd = -1;
}
