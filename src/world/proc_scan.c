/* SPDX-License-Identifier: MIT
 */
#include "world/proc_scan.h"

#include "base/fd.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

/* comm of /proc/PID; false when the process has gone. */
static bool comm_read(int proc_fd, const char *pid, char *buf, size_t size) {
	char path[32];
	CLEANUP(fd_closep) int fd = -1;
	ssize_t n;

	if ((size_t)snprintf(path, sizeof path, "%s/comm", pid) >= sizeof path) {
		return false;
	}
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, size - 1);
	if (n <= 0) {
		return false;
	}
	buf[n - (buf[n - 1] == '\n')] = '\0';
	return true;
}

int proc_scan(int proc_fd, uid_t uid, proc_seen_fn *seen_fn, void *data) {
	int fd = openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *entry;
	bool go_on = true;

	if (!dir) {
		return errno;
	}
	while (go_on && (entry = readdir(dir))) {
		char comm[64];
		struct stat st;
		int64_t pid;

		if (str_to_int64(entry->d_name, &pid) < 0 ||
		    fstatat(proc_fd, entry->d_name, &st, 0) < 0 || st.st_uid != uid ||
		    !comm_read(proc_fd, entry->d_name, comm, sizeof comm)) {
			continue;
		}
		go_on = seen_fn(data, pid, comm);
	}
	closedir(dir);
	return 0;
}
