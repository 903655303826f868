/* SPDX-License-Identifier: MIT
 * Namespaces of our own, and the rights that come with them.
 */
#include "base/fd.h"
#include "base/str.h"
#include "world/view.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

static int write_text(const char *path, const char *text) {
	CLEANUP(fd_closep) int fd = open(path, O_WRONLY | O_CLOEXEC);

	return fd < 0 ? -errno : fd_write_all(fd, text, strlen(text));
}

/* Who may give himself every number gets all of them, so that owners are seen as they are; another
 * one just his own. */
static int map_ids(struct view *view, uid_t uid, gid_t gid) {
	struct arena *arena = view->arena;

	if (write_text("/proc/self/uid_map", "0 0 4294967295") == 0 &&
	    write_text("/proc/self/gid_map", "0 0 4294967295") == 0) {
		return 0;
	}
	view->partial = true;
	write_text("/proc/self/setgroups", "deny");
	if (write_text("/proc/self/uid_map", arena_printf(arena, "%u %u 1", uid, uid)) < 0) {
		return -EPERM;
	}
	return write_text("/proc/self/gid_map", arena_printf(arena, "%u %u 1", gid, gid));
}

static bool apparmor_restricts(void) {
	CLEANUP(fd_closep)
	int fd = open("/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
	              O_RDONLY | O_CLOEXEC);
	char c = '0';

	return fd >= 0 && read(fd, &c, 1) == 1 && c == '1';
}

static int no_namespaces(int error, struct err *err) {
	if (error == EPERM && apparmor_restricts()) {
		return err_set(err, -EPERM,
		               "this system gives user namespaces to few programs "
		               "(kernel.apparmor_restrict_unprivileged_userns=1)");
	}
	if (error == ENOSPC) {
		return err_set(err, -ENOSPC,
		               "this system lets no user make namespaces "
		               "(user.max_user_namespaces)");
	}
	return err_set(err, -error, "no namespaces can be made here: %s", strerror(error));
}

/* Root of a container may be root of a user namespace only. */
static bool in_user_namespace(void) {
	static const char all[] = "0 0 4294967295";
	CLEANUP(fd_closep) int fd = open("/proc/self/uid_map", O_RDONLY | O_CLOEXEC);
	char text[128];
	char words[128];
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text);
	size_t len = 0;

	for (ssize_t i = 0; i < n; i++) {
		bool blank = text[i] == ' ' || text[i] == '\n';

		if (!blank || (len > 0 && words[len - 1] != ' ')) {
			words[len++] = blank ? ' ' : text[i];
		}
	}
	return n > 0 && (len != sizeof all || memcmp(words, all, sizeof all - 1) != 0);
}

int view_enter(struct view *view, struct arena *arena, int flags, struct err *err) {
	uid_t uid = geteuid();
	gid_t gid = getegid();

	*view = (struct view){.arena = arena};
	if (uid == 0 && unshare(flags) == 0) {
		view->user_namespace = in_user_namespace();
		view->partial = view->user_namespace;
		return 0;
	}
	if (unshare(flags | CLONE_NEWUSER) < 0) {
		return no_namespaces(errno, err);
	}
	view->user_namespace = true;
	if (map_ids(view, uid, gid) < 0) {
		return err_set(err, -EPERM, "a user namespace could not be set up");
	}
	return 0;
}

int view_drop_rights(const struct view *view) {
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct none[2] = {0};

	if (!view->user_namespace || geteuid() == 0) {
		return 0;
	}
	return syscall(SYS_capset, &header, none) == 0 ? 0 : -errno;
}
