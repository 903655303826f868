/* SPDX-License-Identifier: MIT
 * What is left of this user's budget for watching files, and who holds it.
 *
 * The kernel counts instances and watches for each user (in a user namespace, of that namespace and
 * of those above it; fs/notify/inotify/inotify_user.c, ucounts). One more of each is asked for and
 * given back: only the kernel's answer is certain. ENOSPC: no watch left; EMFILE: no instance left,
 * or no descriptor, which is told apart by another descriptor.
 */
#include "base/fd.h"
#include "world/proc_scan.h"
#include "world/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/inotify.h>
#include <unistd.h>

#define FDINFO_CAP     ((size_t)32 * 1024 * 1024)
#define PROCESSES_MAX  2000
#define DESCRIPTOR_MAX 4096
#define HOLDERS_MAX    5

struct holder {
	int64_t pid, watches, instances;
	char comm[PROC_COMM_SIZE];
};

struct count {
	struct arena *arena;
	int proc_fd;
	struct holder most[HOLDERS_MAX];
	int64_t watches, instances;
	size_t looked, denied;
};

/* ---- a try ---- */

static void put_sysctl(struct strbuf *out, struct arena *arena, const char *key, const char *path) {
	struct look_reply reply = {.state = EV_FAILED};

	strbuf_init(&reply.bytes, arena);
	if (look_read_file(AT_FDCWD, path, 64, &reply) == 0) {
		struct slice text = slice_trim(slice_of(reply.bytes.data, reply.bytes.len));

		strbuf_printf(out, "%s=%.*s\n", key, (int)text.len, text.data);
	}
}

static void try_one_more(struct strbuf *out, struct arena *arena) {
	CLEANUP(fd_closep) int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	int error = fd < 0 ? errno : 0;

	if (error == EMFILE) {
		CLEANUP(fd_closep) int other = open("/dev/null", O_RDONLY | O_CLOEXEC);

		error = other < 0 ? 0 : error;
	}
	strbuf_printf(out, "instance_errno=%d\n", error);
	if (fd >= 0) {
		error = inotify_add_watch(fd, "/", IN_DELETE_SELF | IN_ONLYDIR) < 0 ? errno : 0;
		strbuf_printf(out, "watch_errno=%d\n", error);
	}
	put_sysctl(out, arena, "max_instances", "/proc/sys/fs/inotify/max_user_instances");
	put_sysctl(out, arena, "max_watches", "/proc/sys/fs/inotify/max_user_watches");
	put_sysctl(out, arena, "user_instances", "/proc/sys/user/max_inotify_instances");
	put_sysctl(out, arena, "user_watches", "/proc/sys/user/max_inotify_watches");
}

/* ---- who holds how many ---- */

static bool is_inotify(int dir_fd, const char *name) {
	static const char inotify[] = "anon_inode:inotify";
	char target[sizeof inotify + 1];
	ssize_t n = readlinkat(dir_fd, name, target, sizeof target);

	return n == (ssize_t)strlen(inotify) && memcmp(target, inotify, (size_t)n) == 0;
}

static int64_t lines_of(struct slice text) {
	struct slice line;
	int64_t count = 0;

	while (slice_line(&text, &line)) {
		count += slice_starts(line, "inotify wd:");
	}
	return count;
}

/* 0 or a positive errno. */
static int count_process(struct arena *arena, int proc_fd, int64_t pid, struct holder *h) {
	char path[32];
	size_t seen = 0;

	snprintf(path, sizeof path, "%" PRId64 "/fd", pid);
	int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	h->pid = pid;
	if (!dir) {
		return errno;
	}
	for (const struct dirent *e = readdir(dir); e && seen < DESCRIPTOR_MAX;
	     e = readdir(dir), seen++) {
		struct slice text;

		if (e->d_name[0] != '.' && is_inotify(dirfd(dir), e->d_name) &&
		    proc_read(arena, proc_fd, pid, arena_printf(arena, "fdinfo/%s", e->d_name),
		              FDINFO_CAP, &text) == 0) {
			h->instances++;
			h->watches += lines_of(text);
		}
	}
	closedir(dir);
	return 0;
}

static void keep_most(struct count *c, const struct holder *h) {
	struct holder one = *h;

	for (size_t i = 0; i < HOLDERS_MAX; i++) {
		bool more =
			one.watches > c->most[i].watches ||
			(one.watches == c->most[i].watches && one.instances > c->most[i].instances);

		if (more) {
			struct holder lesser = c->most[i];

			c->most[i] = one;
			one = lesser;
		}
	}
}

static bool process_seen(void *data, int64_t pid, const char *name) {
	struct count *c = data;
	struct holder h = {0};
	int error = count_process(c->arena, c->proc_fd, pid, &h);

	c->denied += error == EACCES || error == EPERM;
	c->watches += h.watches;
	c->instances += h.instances;
	if (h.instances > 0) {
		snprintf(h.comm, sizeof h.comm, "%s", name);
		keep_most(c, &h);
	}
	return ++c->looked < PROCESSES_MAX;
}

static void put_counts(const struct looker *looker, struct count *c, struct strbuf *out) {
	proc_scan(looker->names, c->proc_fd, looker->uid, process_seen, c);
	strbuf_printf(out, "used_watches=%" PRId64 "\nused_instances=%" PRId64 "\ndenied=%zu\n",
	              c->watches, c->instances, c->denied);
	for (size_t i = 0; i < HOLDERS_MAX && c->most[i].pid > 0; i++) {
		const struct holder *h = &c->most[i];

		strbuf_printf(out, "held=%" PRId64 " %" PRId64 " %" PRId64 " %s\n", h->watches,
		              h->instances, h->pid, keyline_escape(c->arena, h->comm));
	}
}

void look_inotify(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct count c = {.arena = request->arena, .proc_fd = proc_fd};
	int error = 0;

	if (streq(request->arg, "try")) {
		try_one_more(&reply->bytes, request->arena);
	} else if (proc_fd < 0) {
		error = ENOSYS;
	} else if (streq(request->arg, "count")) {
		put_counts(looker, &c, &reply->bytes);
	} else {
		struct holder h = {0};
		int64_t pid = proc_pid_of(looker, request->arg);

		error = pid < 0 ? EINVAL : count_process(request->arena, proc_fd, pid, &h);
		strbuf_printf(&reply->bytes, "watches=%" PRId64 "\ninstances=%" PRId64 "\n",
		              h.watches, h.instances);
	}
	look_reply_errno(reply, error);
	if (error == 0) {
		reply->state = EV_READ;
	}
}
