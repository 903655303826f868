/* SPDX-License-Identifier: MIT
 * What processes have in use. Source: proc(5): fd, fdinfo ("inotify wd:" lines), maps, status (Threads, VmRSS);
 * inotify(7): /proc/sys/fs/inotify.
 */
#include "core/usage.h"

#include "base/fd.h"
#include "world/proc_children.h"
#include "world/procfs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define TEXT_CAP        ((size_t)64 * 1024)
#define MAPS_CAP        ((size_t)32 * 1024 * 1024)
#define FDINFO_CAP      ((size_t)8 * 1024 * 1024)
#define DESCRIPTORS_MAX ((size_t)200000)
#define TEMPORARY_MAX   ((size_t)200000)
#define PATTERNS_MAX    1024
#define SHOWN_MAX       64

struct tally {
	struct arena *arena;
	int proc_fd;
	int64_t counts[USAGE_KIND_COUNT];
	struct usage_name names[PATTERNS_MAX];
	size_t name_count;
};

static void name_add(struct tally *t, enum usage_kind kind, const char *text) {
	const char *pattern = usage_pattern(t->arena, text);

	for (size_t i = 0; i < t->name_count; i++) {
		if (t->names[i].kind == kind && streq(t->names[i].pattern, pattern)) {
			t->names[i].count++;
			return;
		}
	}
	if (t->name_count < PATTERNS_MAX) {
		t->names[t->name_count++] = (struct usage_name){
			.kind = kind, .pattern = arena_strdup(t->arena, pattern), .count = 1};
	}
}

static size_t lines_with(struct slice text, const char *start) {
	struct slice line;
	size_t n = 0;

	while (slice_line(&text, &line)) {
		n += slice_starts(line, start);
	}
	return n;
}

static void take_inotify(struct tally *t, int64_t pid, const char *fd) {
	struct slice text;

	t->counts[USAGE_INOTIFY]++;
	if (proc_read(t->arena, t->proc_fd, pid, arena_printf(t->arena, "fdinfo/%s", fd),
	              FDINFO_CAP, &text) == 0) {
		t->counts[USAGE_WATCHES] += (int64_t)lines_with(text, "inotify wd:");
	}
}

static void take_descriptor(struct tally *t, int64_t pid, int dir_fd, const char *name) {
	char target[PATH_MAX];
	ssize_t n = readlinkat(dir_fd, name, target, sizeof target - 1);

	if (n <= 0) {
		return;
	}
	target[n] = '\0';
	t->counts[USAGE_DESCRIPTORS]++;
	if (target[0] == '/') {
		t->counts[USAGE_FILES]++;
		name_add(t, USAGE_FILES, target);
	} else if (str_starts(target, "pipe:")) {
		t->counts[USAGE_PIPES]++;
	} else if (str_starts(target, "socket:")) {
		t->counts[USAGE_SOCKETS]++;
	} else if (streq(target, "anon_inode:inotify")) {
		take_inotify(t, pid, name);
	} else {
		name_add(t, USAGE_DESCRIPTORS, target);
	}
}

static DIR *dir_of(int proc_fd, int64_t pid, const char *name) {
	char path[64];

	snprintf(path, sizeof path, "%" PRId64 "/%s", pid, name);
	int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	return fd < 0 ? NULL : fdopendir(fd);
}

static bool take_descriptors(struct tally *t, int64_t pid) {
	DIR *dir = dir_of(t->proc_fd, pid, "fd");
	size_t n = 0;

	for (const struct dirent *e = dir ? readdir(dir) : NULL; e && n < DESCRIPTORS_MAX;
	     e = readdir(dir), n++) {
		if (e->d_name[0] != '.') {
			take_descriptor(t, pid, dirfd(dir), e->d_name);
		}
	}
	if (dir) {
		closedir(dir);
	}
	return dir != NULL;
}

static int64_t status_number(struct arena *arena, struct slice status, const char *key) {
	struct slice line;

	while (slice_line(&status, &line)) {
		if (slice_starts(line, key)) {
			return strtoll(arena_slicedup(arena, line) + strlen(key), NULL, 10);
		}
	}
	return 0;
}

static void take_process(struct tally *t, int64_t pid) {
	struct slice text;

	if (!take_descriptors(t, pid)) {
		return;
	}
	t->counts[USAGE_PROCESSES]++;
	if (proc_read(t->arena, t->proc_fd, pid, "status", TEXT_CAP, &text) == 0) {
		t->counts[USAGE_THREADS] += status_number(t->arena, text, "Threads:");
		t->counts[USAGE_RSS_KIB] += status_number(t->arena, text, "VmRSS:");
	}
	if (proc_read(t->arena, t->proc_fd, pid, "maps", MAPS_CAP, &text) == 0) {
		t->counts[USAGE_MAPS] += (int64_t)lines_with(text, "");
	}
}

/* Others write there as well: what begins like the program, or like what go makes, is its own. */
static void take_temporary(struct tally *t, const char *path, const char *prefix, uid_t uid) {
	int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	size_t n = 0;
	struct stat st;

	for (const struct dirent *e = dir ? readdir(dir) : NULL; e && n < TEMPORARY_MAX;
	     e = readdir(dir), n++) {
		if ((str_starts(e->d_name, prefix) || str_starts(e->d_name, "go-build") ||
		     str_starts(e->d_name, "gocommand-")) &&
		    fstatat(dirfd(dir), e->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
		    st.st_uid == uid) {
			t->counts[USAGE_TEMPORARY]++;
			name_add(t, USAGE_TEMPORARY,
			         arena_printf(t->arena, "%s/%s", path, e->d_name));
		}
	}
	if (dir) {
		closedir(dir);
	}
}

static int by_count(const void *a, const void *b) {
	int64_t x = ((const struct usage_name *)a)->count,
		y = ((const struct usage_name *)b)->count;

	return x < y ? 1 : x > y ? -1 : 0;
}

static void put_tally(struct tally *t, struct strbuf *out) {
	for (int i = 0; i < USAGE_KIND_COUNT; i++) {
		strbuf_printf(out, "count %s %" PRId64 "\n", usage_kind_name((enum usage_kind)i),
		              t->counts[i]);
	}
	qsort(t->names, t->name_count, sizeof *t->names, by_count);
	for (size_t i = 0; i < t->name_count && i < SHOWN_MAX; i++) {
		strbuf_printf(out, "name %s %" PRId64 " %s\n", usage_kind_name(t->names[i].kind),
		              t->names[i].count, t->names[i].pattern);
	}
}

/* ---- the budget of the user ---- */

static bool take_user(void *data, int64_t pid, const char *name) {
	struct tally *t = data;
	DIR *dir = dir_of(t->proc_fd, pid, "fd");
	char target[32];

	(void)name;
	for (const struct dirent *e = dir ? readdir(dir) : NULL; e; e = readdir(dir)) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, target, sizeof target - 1);

		target[n > 0 ? n : 0] = '\0';
		if (streq(target, "anon_inode:inotify")) {
			take_inotify(t, pid, e->d_name);
		}
	}
	if (dir) {
		closedir(dir);
	}
	return true;
}

static int64_t limit_of(struct arena *arena, int proc_fd, const char *path) {
	struct look_reply text = {.state = EV_FAILED};
	int64_t value;

	strbuf_init(&text.bytes, arena);
	if (look_read_file(proc_fd, path, TEXT_CAP, &text) != 0 ||
	    str_to_int64(
		    arena_slicedup(arena, slice_trim(slice_of(text.bytes.data, text.bytes.len))),
		    &value) < 0) {
		return -1;
	}
	return value;
}

static void put_budget(const struct looker *looker, struct tally *t, struct strbuf *out) {
	struct tally *user = arena_new_of(t->arena, struct tally);

	user->arena = t->arena;
	user->proc_fd = t->proc_fd;
	proc_scan(looker->names, t->proc_fd, looker->uid, take_user, user);
	strbuf_printf(out,
	              "user_watches %" PRId64 "\nuser_instances %" PRId64 "\nwatches_limit %" PRId64
	              "\ninstances_limit %" PRId64 "\n",
	              user->counts[USAGE_WATCHES], user->counts[USAGE_INOTIFY],
	              limit_of(t->arena, t->proc_fd, "sys/fs/inotify/max_user_watches"),
	              limit_of(t->arena, t->proc_fd, "sys/fs/inotify/max_user_instances"));
}

void look_usage(const struct looker *looker, const struct look_request *request,
                struct look_reply *reply) {
	struct slice arg = slice_str(request->arg), head = {0}, what = {0}, word = {0};
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct tally *t = arena_new_of(request->arena, struct tally);
	int64_t pid;

	slice_line(&arg, &head);
	slice_cut(&head, ' ', &what);
	if (proc_fd < 0 || !slice_cut(&head, ' ', &word) ||
	    str_to_int64(arena_slicedup(request->arena, word), &pid) < 0) {
		look_reply_errno(reply, proc_fd < 0 ? ENOSYS : EINVAL);
		return;
	}
	t->arena = request->arena;
	t->proc_fd = proc_fd;
	if (slice_eq(what, "pid")) {
		take_process(t, pid);
	}

	const struct proc_children *below = proc_descendants(request->arena, proc_fd, pid);

	for (size_t i = 0; i < below->count && pid > 0; i++) {
		take_process(t, below->pids[i]);
	}
	struct slice dir = {0}, prefix = {0};

	slice_line(&arg, &dir);
	slice_line(&arg, &prefix);
	if (slice_starts(dir, "/") && prefix.len > 0) {
		take_temporary(t, arena_slicedup(request->arena, dir),
		               arena_slicedup(request->arena, prefix), looker->uid);
	}
	put_tally(t, &reply->bytes);
	if (slice_eq(what, "user")) {
		put_budget(looker, t, &reply->bytes);
	}
	look_reply_errno(reply, 0);
}
