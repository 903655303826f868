/* SPDX-License-Identifier: MIT */
#include "trace/ebpf/tree.h"

#include "base/fd.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* "PID (name) state ppid …": the name may hold anything. */
static bool read_stat(pid_t pid, char *ret_state, pid_t *ret_parent) {
	char path[48], text[512];

	(void)snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	int fd CLEANUP(fd_closep) = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, sizeof(text) - 1) : -1;

	if (n <= 0) {
		return false;
	}
	text[n] = '\0';
	const char *end = strrchr(text, ')');
	if (!end || end[1] != ' ' || end[2] == '\0') {
		return false;
	}
	*ret_state = end[2];
	*ret_parent = (pid_t)strtol(end + 3, NULL, 10);
	return true;
}

ssize_t tree_list(struct tree_process processes[TREE_MAX]) {
	DIR *proc = opendir("/proc");
	size_t count = 0;

	if (!proc) {
		return -errno;
	}
	for (const struct dirent *e; count < TREE_MAX && (e = readdir(proc)) != NULL;) {
		pid_t pid = (pid_t)strtol(e->d_name, NULL, 10), parent;
		char state;

		if (pid > 0 && read_stat(pid, &state, &parent)) {
			processes[count++] = (struct tree_process){.pid = pid, .parent = parent};
		}
	}
	closedir(proc);
	return (ssize_t)count;
}

bool tree_is_running(pid_t pid) {
	char state;
	pid_t parent;

	return read_stat(pid, &state, &parent) && state != 'Z' && state != 'X';
}
