/* SPDX-License-Identifier: MIT */
#include "gostack/memory_rights.h"

#include "base/fd.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define STATUS_MAX ((size_t)8192)

static size_t read_text(int dir_fd, const char *name, char *text, size_t size) {
	CLEANUP(fd_closep) int fd = openat(dir_fd, name, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd >= 0 ? read(fd, text, size - 1) : -1;
	text[n > 0 ? n : 0] = '\0';
	return n > 0 ? (size_t)n : 0;
}

/* The number behind "Name:" in /proc/PID/status, -1 when there is none. */
static long status_number(const char *status, const char *name) {
	const char *at = strstr(status, name);
	return at ? strtol(at + strlen(name), NULL, 10) : -1;
}

int memory_rights_explain(int dir_fd, int pid, int code, struct err *err) {
	char status[STATUS_MAX];
	char scope[16];
	struct stat owner = {0};
	read_text(dir_fd, "status", status, sizeof(status));
	read_text(AT_FDCWD, "/proc/sys/kernel/yama/ptrace_scope", scope, sizeof(scope));
	long uid = status_number(status, "\nUid:");
	if (uid >= 0 && (uid_t)uid != geteuid()) {
		return err_set(err, code,
		               "process %d belongs to user id %ld and may not be read as user id "
		               "%u; it takes that user, root, or CAP_SYS_PTRACE: sudo dialtone "
		               "stacks %d",
		               pid, uid, (unsigned)geteuid(), pid);
	}
	if (fstat(dir_fd, &owner) == 0 && owner.st_uid != geteuid()) {
		return err_set(
			err, code,
			"process %d is marked as not to be dumped (it has or had more "
			"rights, or its file may not be read); it takes CAP_SYS_PTRACE: sudo "
			"dialtone stacks %d",
			pid, pid);
	}
	if (scope[0] >= '1' && scope[0] <= '3') {
		static const char *const words[] = {
			"only a descendant may be; it takes CAP_SYS_PTRACE: sudo dialtone stacks",
			"it takes CAP_SYS_PTRACE: sudo dialtone stacks",
			"nobody may read another process until the next boot; this was about",
		};
		return err_set(err, code,
		               "process %d may not be read because kernel.yama.ptrace_scope is %c: "
		               "%s %d",
		               pid, scope[0], words[scope[0] - '1'], pid);
	}
	return err_set(err, code,
	               "process %d may not be read (%s), though it belongs to the same user: a "
	               "container or sandbox around one of the two forbids it; it takes "
	               "CAP_SYS_PTRACE",
	               pid, strerror(-code));
}
