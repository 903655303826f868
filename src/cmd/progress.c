/* SPDX-License-Identifier: MIT */
#include "cmd/progress.h"

#include "base/fd.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define ERASE "\r\033[K"

void progress_show(const char *what, size_t columns) {
	char line[256];
	int room = columns > 9 ? (int)columns - 5 : 1;
	int n = snprintf(line, sizeof(line), ERASE "%.*s ...", room, what);
	if (n > 0) {
		(void)fd_write_all(STDERR_FILENO, line, strlen(line));
	}
}

void progress_erase(void) {
	(void)fd_write_all(STDERR_FILENO, ERASE, strlen(ERASE));
}
