/* SPDX-License-Identifier: MIT
 * Who of this user watches a directory. Source: proc(5), /proc/PID/fdinfo of an inotify descriptor:
 * "inotify wd:W ino:HEX sdev:HEX mask:…", the device as the kernel counts it (major << 20 | minor).
 */
#include "base/fd.h"
#include "world/editors.h"
#include "world/proc_scan.h"
#include "world/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#define FDINFO_CAP     ((size_t)8 * 1024 * 1024) /* a large tree has a line for each directory */
#define PROCESSES_MAX  256
#define DESCRIPTOR_MAX 4096

struct hunt {
	struct arena *arena;
	struct look_reply *reply;
	int proc_fd;
	char needle[64]; /* " ino:HEX sdev:HEX " */
	size_t looked, denied;
};

/* What keeps a language server informed: itself, its editor, or a helper of the editor. */
static bool may_watch(const char *name) {
	return editor_kind_of_comm(name) || str_starts(name, "gopls") ||
	       str_has(name, "notifywait") || str_starts(name, "watch") || str_starts(name, "entr");
}

static bool is_inotify(int dir_fd, const char *name) {
	static const char inotify[] = "anon_inode:inotify";
	char target[sizeof inotify + 1];
	ssize_t n = readlinkat(dir_fd, name, target, sizeof target);

	return n == (ssize_t)strlen(inotify) && memcmp(target, inotify, (size_t)n) == 0;
}

static bool watches(struct hunt *h, int64_t pid, DIR *dir) {
	size_t count = 0;

	for (const struct dirent *e = readdir(dir); e && count < DESCRIPTOR_MAX;
	     e = readdir(dir), count++) {
		struct slice text;

		if (e->d_name[0] != '.' && is_inotify(dirfd(dir), e->d_name) &&
		    proc_read(h->arena, h->proc_fd, pid,
		              arena_printf(h->arena, "fdinfo/%s", e->d_name), FDINFO_CAP,
		              &text) == 0 &&
		    memmem(text.data, text.len, h->needle, strlen(h->needle))) {
			return true;
		}
	}
	return false;
}

static bool process_seen(void *data, int64_t pid, const char *name) {
	struct hunt *h = data;
	char path[32];

	if (!may_watch(name)) {
		return true;
	}
	snprintf(path, sizeof path, "%" PRId64 "/fd", pid);
	int fd = openat(h->proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		h->denied += errno == EACCES || errno == EPERM;
		return true;
	}
	h->looked++;
	if (watches(h, pid, dir)) {
		strbuf_printf(&h->reply->bytes, "%" PRId64 " %s\n", pid,
		              keyline_escape(h->arena, name));
	}
	closedir(dir);
	return h->looked < PROCESSES_MAX;
}

void look_watches(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct hunt h = {.arena = request->arena, .reply = reply, .proc_fd = proc_fd};
	struct stat st;

	if (proc_fd < 0 || stat(request->arg, &st) < 0) {
		look_reply_errno(reply, proc_fd < 0 ? ENOSYS : errno);
		return;
	}
	snprintf(h.needle, sizeof h.needle, " ino:%" PRIx64 " sdev:%x ", (uint64_t)st.st_ino,
	         major(st.st_dev) << 20 | minor(st.st_dev));
	look_reply_errno(reply, proc_scan(looker->names, proc_fd, looker->uid, process_seen, &h));
	strbuf_printf(&reply->bytes, "looked %zu\ndenied %zu\n", h.looked, h.denied);
}
