/* SPDX-License-Identifier: MIT
 * File systems that a process serves, and which process that is. Sources: proc_pid_mountinfo(5); fs/fuse/dev.c
 * (fuse_dev_show_fdinfo, Linux 6.12: the connection is the number of the device that mountinfo shows).
 */
#include "base/fd.h"
#include "base/path.h"
#include "world/waits.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <unistd.h>

#define MOUNTS_MAX 64
#define WORDS_MAX  64

struct served {
	const char *points[MOUNTS_MAX];
	size_t count;
};

bool waits_on_fuse(struct waits *w, const struct waits_process *p) {
	for (size_t i = 0; i < p->thread_count; i++) {
		struct slice text;

		if (proc_read(w->arena, w->proc_fd, p->pid,
		              arena_printf(w->arena, "task/%" PRId64 "/wchan", p->threads[i].tid),
		              WAITS_TEXT_CAP, &text) == 0 &&
		    (slice_has(text, "fuse") || slice_has(text, "request_wait_answer"))) {
			return true;
		}
	}
	return false;
}

/* "36 35 0:45 / /mnt/share rw,nosuid - fuse.sshfs host: rw": device and mount point of those that are FUSE. */
static void put_mount(struct waits *w, struct served *s, struct slice line) {
	struct slice fields[5], word, type = {0};
	int64_t minor;

	for (size_t i = 0; i < 5; i++) {
		if (!slice_cut(&line, ' ', &fields[i])) {
			return;
		}
	}
	while (slice_cut(&line, ' ', &word) && !slice_eq(word, "-")) {
	}
	if (!slice_cut(&line, ' ', &type) || !slice_starts(type, "fuse") ||
	    slice_eq(type, "fusectl") || s->count >= MOUNTS_MAX) {
		return;
	}
	struct slice device = fields[2];

	if (!slice_cut(&device, ':', &word) || !slice_eq(word, "0") ||
	    str_to_int64(arena_slicedup(w->arena, device), &minor) < 0) {
		minor = 0;
	}
	const char *point = arena_slicedup(w->arena, fields[4]);

	s->points[s->count++] = point;
	strbuf_printf(w->out, "record=mount\nconnection=%" PRId64 "\n", minor);
	keyline_put(w->out, "point", point);
	/* That of a share may name a user and a host, and leads to no process. */
	if (slice_cut(&line, ' ', &word) && slice_starts(word, "/")) {
		keyline_put(w->out, "source", arena_slicedup(w->arena, word));
	}
	strbuf_add_char(w->out, '\n');
}

static bool has_fuse_open(struct waits *w, int64_t pid, bool *ret_hidden) {
	int fd = openat(w->proc_fd, arena_printf(w->arena, "%" PRId64 "/fd", pid),
	                O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	bool found = false;

	*ret_hidden = fd < 0 && (errno == EACCES || errno == EPERM);
	for (const struct dirent *e = dir ? readdir(dir) : NULL; e && !found; e = readdir(dir)) {
		char link[32];
		ssize_t n = readlinkat(dirfd(dir), e->d_name, link, sizeof link - 1);

		link[n > 0 ? n : 0] = '\0';
		found = streq(link, "/dev/fuse");
	}
	if (dir) {
		closedir(dir);
	}
	return found;
}

/* Is a mount point among its words, as of sshfs, rclone and the like? Root's own show that much. */
static bool names_point(struct waits *w, const struct served *s, int64_t pid) {
	struct slice text, word;

	if (proc_read(w->arena, w->proc_fd, pid, "cmdline", WAITS_TEXT_CAP, &text) != 0 ||
	    !slice_cut(&text, '\0', &word)) {
		return false;
	}
	for (size_t n = 0; n < WORDS_MAX && slice_cut(&text, '\0', &word); n++) {
		for (size_t i = 0; i < s->count; i++) {
			if (slice_eq(word, s->points[i])) {
				return true;
			}
		}
	}
	return false;
}

void waits_find_file_servers(struct waits *w) {
	struct served *s = arena_new_of(w->arena, struct served);
	struct slice text, line;
	int fd = openat(w->proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (proc_read(w->arena, w->proc_fd, getpid(), "mountinfo", WAITS_TEXT_CAP, &text) == 0) {
		while (slice_line(&text, &line)) {
			put_mount(w, s, line);
		}
	}
	for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		int64_t pid;
		bool hidden;

		if (str_to_int64(e->d_name, &pid) == 0 && !waits_find(w, pid) &&
		    (has_fuse_open(w, pid, &hidden) || (hidden && names_point(w, s, pid)))) {
			waits_add(w, pid, WAITS_SERVES);
		}
	}
	if (dir) {
		closedir(dir);
	}
}
