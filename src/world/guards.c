/* SPDX-License-Identifier: MIT
 * Who may refuse what modes allow, and how quick and how whole a file system answers. Sources: fanotify(7) (fdinfo of a
 * group: "fanotify … mask:"), proc(5); FAN_OPEN_PERM 0x10000, FAN_ACCESS_PERM 0x20000, FAN_OPEN_EXEC_PERM 0x40000.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "world/procfs.h"

#include <dirent.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <linux/capability.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/xattr.h>
#include <unistd.h>

#define TEXT_CAP        ((size_t)16 * 1024)
#define PERMISSION_MASK 0x70000ULL
#define SAMPLES_MAX     64
#define SAMPLE_TIME_NS  (60 * NS_PER_MS)
#define READ_STEP       ((size_t)256 * 1024)
#define READ_TIME_NS    (200 * NS_PER_MS)

/* Daemons that answer fanotify permission events, by the name of their process. */
static const char *const daemons[][2] = {
	{"fapolicyd", "fapolicyd"},    {"clamonacc", "antivirus"},   {"falcon-sensor", "antivirus"},
	{"wdavdaemon", "antivirus"},   {"mdatp", "antivirus"},       {"savd", "antivirus"},
	{"savscand", "antivirus"},     {"sophos", "antivirus"},      {"sedlauncherd", "antivirus"},
	{"cbagentd", "antivirus"},     {"sentinelone", "antivirus"}, {"s1-agent", "antivirus"},
	{"ds_agent", "antivirus"},     {"ds_am", "antivirus"},       {"oaeventd", "antivirus"},
	{"esets_daemon", "antivirus"}, {"kesl", "antivirus"},        {"fsoasd", "antivirus"},
	{"bdsecd", "antivirus"},       {"cyserver", "antivirus"},    {"isectpd", "antivirus"},
	{"xagt", "antivirus"},         {"nxtsvc", "antivirus"},
};

static void put_fanotify(struct look_reply *reply, struct arena *arena, int proc_fd, int64_t pid) {
	char path[64];

	snprintf(path, sizeof path, "%" PRId64 "/fdinfo", pid);
	int fd = openat(proc_fd, path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	uint64_t mask = 0;

	if (!dir) {
		return;
	}
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		struct slice text, line;
		if (e->d_name[0] == '.' ||
		    proc_read(arena, proc_fd, pid, arena_printf(arena, "fdinfo/%s", e->d_name),
		              TEXT_CAP, &text) != 0) {
			continue;
		}
		while (slice_line(&text, &line)) {
			const char *l = arena_slicedup(arena, line);
			const char *at = str_starts(l, "fanotify ") ? strstr(l, " mask:") : NULL;
			mask |= at ? strtoull(at + 6, NULL, 16) : 0;
		}
	}
	closedir(dir);
	if (mask & PERMISSION_MASK) {
		strbuf_printf(&reply->bytes, "fanotify %" PRId64 " %" PRIx64 "\n", pid, mask);
	}
}

static void put_process(struct look_reply *reply, struct arena *arena, int proc_fd, int64_t pid) {
	struct slice text;

	if (proc_read(arena, proc_fd, pid, "comm", 64, &text) != 0) {
		return;
	}
	text = slice_trim(text);
	for (size_t i = 0; i < sizeof daemons / sizeof *daemons; i++) {
		if (slice_starts(text, daemons[i][0])) {
			strbuf_printf(&reply->bytes, "%s %" PRId64 " %.*s\n", daemons[i][1], pid,
			              (int)text.len, text.data);
		}
	}
	put_fanotify(reply, arena, proc_fd, pid);
}

static void put_file(struct look_reply *reply, struct arena *arena, const char *word,
                     const char *path) {
	struct look_reply part = {.state = EV_FAILED};

	strbuf_init(&part.bytes, arena);
	if (look_read_file(AT_FDCWD, path, TEXT_CAP, &part) == 0) {
		struct slice text = slice_trim(slice_of(part.bytes.data, part.bytes.len));
		strbuf_printf(&reply->bytes, "%s 0 %.*s\n", word, (int)text.len, text.data);
	}
}

/* Calls that can do nothing, because their arguments are wrong: a kernel says EINVAL, EFAULT, EBADF or
 * ENOSYS, a filter that refuses them EPERM. Those that go and gopls cannot do without, and newer ones that an old
 * filter does not know. */
static void put_calls(struct look_reply *reply) {
	static const struct {
		const char *name;
		long number, args[4];
	} calls[] = {
		{"clone3", SYS_clone3, {0, 0}},
		{"faccessat2", SYS_faccessat2, {-1, 0, 0, ~0L}},
		{"openat2", SYS_openat2, {-1, 0, 0, 0}},
		{"pidfd_open", SYS_pidfd_open, {-1, 0}},
		{"pidfd_send_signal", SYS_pidfd_send_signal, {-1, 0, 0, 0}},
		{"close_range", SYS_close_range, {2, 1, 0}},
		{"getrandom", SYS_getrandom, {0, 0, ~0L}},
		{"epoll_create1", SYS_epoll_create1, {~0L}},
		{"epoll_pwait", SYS_epoll_pwait, {-1, 0, 1, 0}},
		{"eventfd2", SYS_eventfd2, {0, ~0L}},
		{"pipe2", SYS_pipe2, {0, 0}},
		{"waitid", SYS_waitid, {~0L, 0, 0, 0}},
		{"flock", SYS_flock, {-1, 0}},
		{"mkdirat", SYS_mkdirat, {-1, 0, 0}},
		{"unlinkat", SYS_unlinkat, {-1, 0, ~0L}},
		{"renameat2", SYS_renameat2, {-1, 0, -1, 0}},
		{"readlinkat", SYS_readlinkat, {-1, 0, 0, 0}},
		{"utimensat", SYS_utimensat, {-1, 0, 0, ~0L}},
		{"fchmodat", SYS_fchmodat, {-1, 0, 0}},
		{"getdents64", SYS_getdents64, {-1, 0, 0}},
		{"statx", SYS_statx, {-1, 0, ~0L, 0}},
		{"ftruncate", SYS_ftruncate, {-1, 0}},
		{"inotify_init1", SYS_inotify_init1, {~0L}},
		{"futex", SYS_futex, {0, ~0L, 0, 0}},
		{"sched_getaffinity", SYS_sched_getaffinity, {0, 0, 0}},
		{"prlimit64", SYS_prlimit64, {0, ~0L, 0, 0}},
	};

	for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
		const long *a = calls[i].args;

		if (syscall(calls[i].number, a[0], a[1], a[2], a[3]) < 0 && errno == EPERM) {
			strbuf_printf(&reply->bytes, "syscall 0 %s\n", calls[i].name);
		}
	}
}

void look_guards(const struct looker *looker, const struct look_request *request,
                 struct look_reply *reply) {
	CLEANUP(fd_closep) int proc_fd = proc_open();
	struct arena *arena = request->arena;
	int fd = proc_fd < 0 ? -1 : openat(proc_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	(void)looker;
	if (!dir) {
		look_reply_errno(reply, ENOSYS);
		return;
	}
	for (const struct dirent *e = readdir(dir); e; e = readdir(dir)) {
		int64_t pid;
		if (str_to_int64(e->d_name, &pid) == 0) {
			put_process(reply, arena, proc_fd, pid);
		}
	}
	closedir(dir);
	put_file(reply, arena, "lsm", "/sys/kernel/security/lsm");
	put_file(reply, arena, "selinux", "/sys/fs/selinux/enforce");
	put_file(reply, arena, "label", "/proc/self/attr/current");
	put_calls(reply);
	look_reply_errno(reply, 0);
}

/* ---- speed ---- */

static int by_value(const void *a, const void *b) {
	int64_t x = *(const int64_t *)a, y = *(const int64_t *)b;
	return x < y ? -1 : x > y;
}

/* Names nobody has asked for yet: no cache can answer. */
void look_latency(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply) {
	int64_t took[SAMPLES_MAX];
	int64_t begin = clock_now_ns();
	size_t n = 0;

	(void)looker;
	while (n < SAMPLES_MAX && (n == 0 || clock_now_ns() - begin < SAMPLE_TIME_NS)) {
		struct stat st;
		const char *path = arena_printf(request->arena, "%s/.dialtone-%d-%zu", request->arg,
		                                (int)getpid(), n);
		int64_t start = clock_now_ns();
		(void)lstat(path, &st);
		took[n++] = clock_now_ns() - start;
	}
	qsort(took, n, sizeof *took, by_value);
	strbuf_printf(&reply->bytes, "samples=%zu\nmedian_us=%" PRId64 "\nleast_us=%" PRId64 "\n",
	              n, took[n / 2] / 1000, took[0] / 1000);
	look_reply_errno(reply, 0);
}

/* ---- what policies allow ---- */

static int open_errno(const char *path, int flags) {
	CLEANUP(fd_closep) int fd = open(path, flags | O_CLOEXEC, 0600);

	return fd < 0 ? errno : 0;
}

void look_allowed(const struct looker *looker, const struct look_request *request,
                  struct look_reply *reply) {
	(void)looker;
	strbuf_printf(&reply->bytes, "list=%d\nwrite=%d\n",
	              open_errno(request->arg, O_RDONLY | O_DIRECTORY),
	              open_errno(request->arg, O_TMPFILE | O_RDWR));
	look_reply_errno(reply, 0);
}

/* struct vfs_cap_data (<linux/capability.h>): a word with the revision and the bit that makes them effective, then
 * permitted and inheritable, 32 bits each, twice; all little-endian. */
void look_filecaps(const struct looker *looker, const struct look_request *request,
                   struct look_reply *reply) {
	struct vfs_ns_cap_data data = {0};
	ssize_t n = getxattr(request->arg, "security.capability", &data, sizeof data);
	uint64_t lacking = 0;

	(void)looker;
	if (n >= (ssize_t)XATTR_CAPS_SZ_2 && (le32toh(data.magic_etc) & VFS_CAP_FLAGS_EFFECTIVE)) {
		uint64_t permitted = le32toh(data.data[0].permitted) |
		                     (uint64_t)le32toh(data.data[1].permitted) << 32;

		for (int bit = 0; bit < 64; bit++) {
			bool given = permitted >> bit & 1;
			lacking |= given && prctl(PR_CAPBSET_READ, bit, 0, 0, 0) != 1 ? 1ULL << bit
			                                                              : 0;
		}
	}
	strbuf_printf(&reply->bytes, "lacking=%" PRIx64 "\n", lacking);
	look_reply_errno(reply, 0);
}

/* ---- wholeness ---- */

void look_readable(const struct looker *looker, const struct look_request *request,
                   struct look_reply *reply) {
	(void)looker;
	CLEANUP(fd_closep)
	int fd = open(request->arg, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	char *buffer = arena_alloc(request->arena, READ_STEP);
	int64_t begin = clock_now_ns();
	int64_t at = 0;
	struct stat st;
	ssize_t n = 1;

	if (fd < 0 || fstat(fd, &st) != 0 || !S_ISREG(st.st_mode)) {
		look_reply_errno(reply, fd < 0 ? errno : EINVAL);
		return;
	}
	while (n > 0 && clock_now_ns() - begin < READ_TIME_NS) {
		n = pread(fd, buffer, READ_STEP, at);
		at += n > 0 ? n : 0;
	}
	strbuf_printf(&reply->bytes, "size=%" PRId64 "\nread=%" PRId64 "\nerror=%d\n",
	              (int64_t)st.st_size, at, n < 0 ? errno : 0);
	look_reply_errno(reply, 0);
}
