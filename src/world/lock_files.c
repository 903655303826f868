/* SPDX-License-Identifier: MIT
 * Files that are made for locking, below a directory: go and git never remove them all.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "world/looks.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define DEPTH_MAX        24
#define ENTRIES_MAX      ((size_t)400000)
#define FILES_MAX        ((size_t)2000) /* named; all are counted */
#define TIME_CHECK_EVERY 256

struct hunt {
	const struct look_request *request;
	struct look_reply *reply;
	size_t entries, files;
	bool cut;
};

static bool is_lock_name(const char *name) {
	return str_ends(name, ".lock") || streq(name, "lock") || streq(name, "lock-frontend");
}

static bool may_go_on(struct hunt *h) {
	h->entries++;
	h->cut = h->cut || h->entries > ENTRIES_MAX || h->reply->bytes.len > h->request->cap ||
	         (h->entries % TIME_CHECK_EVERY == 0 && clock_now_ns() > h->request->until_ns);
	return !h->cut;
}

static void list(struct hunt *h, int parent_fd, const char *name, const char *path, unsigned depth);

static void take_entry(struct hunt *h, int dir_fd, const struct dirent *e, const char *path,
                       unsigned depth) {
	struct arena *arena = h->request->arena;

	if (e->d_type == DT_DIR) {
		/* git's objects, and the hashes of the checksum database: many, and no locks among
		 * them. */
		if (depth < DEPTH_MAX && !streq(e->d_name, "objects") &&
		    !streq(e->d_name, "tile")) {
			list(h, dir_fd, e->d_name, path_join(arena, path, e->d_name), depth + 1);
		}
	} else if (e->d_type == DT_REG && is_lock_name(e->d_name)) {
		if (h->files++ < FILES_MAX) {
			strbuf_printf(&h->reply->bytes, "f %s\n",
			              keyline_escape(arena, path_join(arena, path, e->d_name)));
		}
	}
}

static void list(struct hunt *h, int parent_fd, const char *name, const char *path,
                 unsigned depth) {
	int fd = openat(parent_fd, name,
	                O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC |
	                        (depth > 0 ? O_NOFOLLOW : 0));
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (!dir) {
		if (depth == 0) {
			look_reply_errno(h->reply, errno);
		}
		return;
	}
	if (depth == 0) {
		look_reply_errno(h->reply, 0);
	}
	for (const struct dirent *e = readdir(dir); e && may_go_on(h); e = readdir(dir)) {
		if (!streq(e->d_name, ".") && !streq(e->d_name, "..")) {
			take_entry(h, dirfd(dir), e, path, depth);
		}
	}
	closedir(dir);
}

void look_lock_files(const struct looker *looker, const struct look_request *request,
                     struct look_reply *reply) {
	struct hunt h = {.request = request, .reply = reply};

	(void)looker;
	list(&h, AT_FDCWD, request->arg, request->arg, 0);
	strbuf_printf(&reply->bytes, "files %zu\nentries %zu\n", h.files, h.entries);
	if (h.cut && reply->state == EV_READ) {
		reply->state = EV_TRUNCATED;
	}
}
