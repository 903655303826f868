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

/* comm of /proc/PID when it is a process of uid. One lookup for both: lookups are what costs here.
 */
static bool comm_read(int proc_fd, const char *pid, uid_t uid, char *buf, size_t size) {
	char path[32];
	CLEANUP(fd_closep) int fd = -1;
	struct stat st;
	ssize_t n;

	if ((size_t)snprintf(path, sizeof path, "%s/comm", pid) >= sizeof path) {
		return false;
	}
	fd = openat(proc_fd, path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || fstat(fd, &st) < 0 || st.st_uid != uid) {
		return false;
	}
	n = read(fd, buf, size - 1);
	if (n <= 0) {
		return false; /* it has gone */
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
		int64_t pid;

		if (str_to_int64(entry->d_name, &pid) == 0 &&
		    comm_read(proc_fd, entry->d_name, uid, comm, sizeof comm)) {
			go_on = seen_fn(data, pid, comm);
		}
	}
	closedir(dir);
	return 0;
}
