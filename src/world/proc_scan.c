/* SPDX-License-Identifier: MIT
 */
#include "world/proc_scan.h"

#include "base/clock.h"
#include "base/fd.h"
#include "world/proc_numbers.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
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

/* Without memory the list is as long as it is: false. */
static bool names_add(struct proc_names *names, int64_t pid, const char *name) {
	if (names->count == names->size) {
		size_t size = names->size ? names->size * 2 : 256;
		struct proc_name *grown = reallocarray(names->list, size, sizeof *grown);

		if (!grown) {
			return false;
		}
		names->list = grown;
		names->size = size;
	}
	struct proc_name *entry = &names->list[names->count++];

	entry->pid = pid;
	snprintf(entry->name, sizeof entry->name, "%s", name);
	return true;
}

static int names_read(struct proc_names *names, int proc_fd, uid_t uid) {
	struct proc_numbers pids;
	bool go_on = true;
	int error = proc_pids_open(&pids, proc_fd);

	if (error) {
		return error;
	}
	names->count = 0;
	while (go_on && proc_numbers_next(&pids)) {
		char comm[sizeof names->list->name];

		if (comm_read(proc_fd, pids.name, uid, comm, sizeof comm)) {
			go_on = names_add(names, pids.number, comm);
		}
	}
	proc_numbers_close(&pids);
	names->seen_ns = clock_now_ns();
	return 0;
}

int proc_scan(struct proc_names *names, int proc_fd, uid_t uid, proc_seen_fn *seen_fn, void *data) {
	int error = 0;

	if (names->seen_ns == 0 || clock_now_ns() - names->seen_ns > PROC_NAMES_FRESH_NS) {
		error = names_read(names, proc_fd, uid);
	}
	for (size_t i = 0; !error && i < names->count; i++) {
		if (!seen_fn(data, names->list[i].pid, names->list[i].name)) {
			break;
		}
	}
	return error;
}
