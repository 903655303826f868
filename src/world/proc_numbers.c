/* SPDX-License-Identifier: MIT */
#include "world/proc_numbers.h"

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
#define PIDS_ROOM  1024

static int numbers_open(struct proc_numbers *n, int proc_fd, const char *path) {
	n->dir_fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	n->at = n->have = 0;
	n->last = false;
	return n->dir_fd < 0 ? errno : 0;
}

int proc_numbers_open(struct proc_numbers *numbers, int dir_fd, const char *name) {
	numbers->room = sizeof numbers->buffer;
	numbers->ends_short = true;
	return numbers_open(numbers, dir_fd, name);
}

int proc_fds_open(struct proc_numbers *fds, int proc_fd, int64_t pid) {
	char path[40];

	snprintf(path, sizeof path, "%" PRId64 "/fd", pid);
	return proc_numbers_open(fds, proc_fd, path);
}

int proc_pids_open(struct proc_numbers *pids, int proc_fd) {
	pids->room = PIDS_ROOM;
	pids->ends_short = false;
	return numbers_open(pids, proc_fd, ".");
}

static bool fill(struct proc_numbers *n) {
	long got = n->last ? 0 : syscall(SYS_getdents64, n->dir_fd, n->buffer, n->room);

	n->at = 0;
	n->have = got > 0 ? (size_t)got : 0;
	n->last = n->ends_short && n->have + ENTRY_ROOM <= n->room;
	return n->have > 0;
}

bool proc_numbers_next(struct proc_numbers *n) {
	while (n->at < n->have || fill(n)) {
		const struct entry *e = (const struct entry *)(n->buffer + n->at);
		int64_t number;

		n->at += e->len;
		if (str_to_int64(e->name, &number) == 0 && number >= 0 && number <= INT_MAX) {
			n->number = (int)number;
			n->name = e->name;
			return true;
		}
	}
	return false;
}

bool proc_numbers_link(const struct proc_numbers *n, char *ret, size_t size) {
	ssize_t len = readlinkat(n->dir_fd, n->name, ret, size - 1);

	ret[len > 0 ? len : 0] = '\0';
	return len > 0;
}

void proc_numbers_close(struct proc_numbers *n) {
	close(n->dir_fd);
	n->dir_fd = -1;
}
