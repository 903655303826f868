/* SPDX-License-Identifier: MIT */
#include "base/start_ticks.h"

#include "base/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

unsigned long long start_ticks(long pid) {
	char path[64];
	char text[1024];
	(void)snprintf(path, sizeof(path), "/proc/%ld/stat", pid);
	CLEANUP(fd_closep) int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (n <= 0) {
		return 0;
	}
	text[n] = '\0';
	/* The name may hold anything; behind its last bracket come the fields from 3 on. */
	const char *at = strrchr(text, ')');
	for (int field = 2; at && field < 22; field++) {
		at = strchr(at + 1, ' ');
	}
	unsigned long long ticks = 0;
	return at && sscanf(at, " %llu", &ticks) == 1 ? ticks : 0;
}
