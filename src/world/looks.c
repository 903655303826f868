/* SPDX-License-Identifier: MIT
 */
#include "world/looks.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "gofile/binary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define READ_STEP ((size_t)65536)

void look_reply_errno(struct look_reply *reply, int error) {
	reply->state = ev_state_of_errno(error);
	reply->error = error;
}

int look_read_fd(int fd, size_t cap, struct look_reply *reply) {
	/* Not from the arena: a look at all processes reads thousands of small files. */
	char chunk[READ_STEP];

	for (;;) {
		/* One byte more than the cap tells whether there is more. */
		size_t want = cap + 1 - reply->bytes.len;
		ssize_t n = read(fd, chunk, want < READ_STEP ? want : READ_STEP);

		if (n < 0 && errno == EINTR) {
			continue;
		}
		if (n < 0) {
			look_reply_errno(reply, errno);
			return errno;
		}
		strbuf_add_n(&reply->bytes, chunk, (size_t)n);
		if (n == 0 || reply->bytes.len > cap) {
			break;
		}
	}
	reply->state = EV_READ;
	reply->error = 0;
	if (reply->bytes.len > cap) {
		reply->bytes.len = cap;
		reply->bytes.data[cap] = '\0';
		reply->state = EV_TRUNCATED;
	}
	return 0;
}

int look_open_regular(int dir_fd, const char *path, int *ret_error) {
	int fd = openat(dir_fd, path, O_RDONLY | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	struct stat st;

	*ret_error = 0;
	if (fd < 0 || fstat(fd, &st) < 0) {
		*ret_error = errno;
	} else if (!S_ISREG(st.st_mode)) {
		*ret_error = S_ISDIR(st.st_mode) ? EISDIR : EINVAL;
	}
	if (*ret_error && fd >= 0) {
		close(fd);
		fd = -1;
	}
	return fd;
}

int look_read_file(int dir_fd, const char *path, size_t cap, struct look_reply *reply) {
	int error;
	CLEANUP(fd_closep) int fd = look_open_regular(dir_fd, path, &error);

	if (fd < 0) {
		look_reply_errno(reply, error);
		return error;
	}
	return look_read_fd(fd, cap, reply);
}

void look_file(const struct looker *looker, const struct look_request *request,
               struct look_reply *reply) {
	(void)looker;
	look_read_file(AT_FDCWD, request->arg, request->cap, reply);
}

void look_tail(const struct looker *looker, const struct look_request *request,
               struct look_reply *reply) {
	(void)looker;
	int error;
	CLEANUP(fd_closep) int fd = look_open_regular(AT_FDCWD, request->arg, &error);
	struct stat st;
	const char *end;

	if (fd < 0) {
		look_reply_errno(reply, error);
		return;
	}
	bool cut = fstat(fd, &st) == 0 && st.st_size > (off_t)request->cap &&
	           lseek(fd, st.st_size - (off_t)request->cap, SEEK_SET) >= 0;
	/* A log that grows meanwhile is read up to where it ended when we looked. */
	if (look_read_fd(fd, request->cap, reply) != 0 || !cut) {
		return;
	}
	end = memchr(reply->bytes.data, '\n', reply->bytes.len);
	if (end) {
		size_t skip = (size_t)(end + 1 - reply->bytes.data);

		memmove(reply->bytes.data, end + 1, reply->bytes.len - skip + 1);
		reply->bytes.len -= skip;
	}
	reply->state = EV_TRUNCATED;
}

void look_binary(const struct looker *looker, const struct look_request *request,
                 struct look_reply *reply) {
	(void)looker;
	int error;
	CLEANUP(fd_closep) int fd = look_open_regular(AT_FDCWD, request->arg, &error);
	struct binary bin;

	if (fd >= 0) {
		bin = binary_read(request->arena, fd);
		error = bin.kind == BINARY_UNREADABLE ? bin.read_error : 0;
		strbuf_add(&reply->bytes, binary_to_text(request->arena, &bin));
	}
	look_reply_errno(reply, error);
}

static const char *type_name(mode_t mode) {
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "dir";
	case S_IFIFO:
		return "fifo";
	case S_IFSOCK:
		return "socket";
	case S_IFCHR:
		return "char";
	case S_IFBLK:
		return "block";
	default:
		return "other";
	}
}

static int may(const char *path, int how) {
	return faccessat(AT_FDCWD, path, how, AT_EACCESS) == 0;
}

static int64_t time_ns(struct timespec t) {
	return (int64_t)t.tv_sec * NS_PER_S + t.tv_nsec;
}

/* Directories and the like change with what is put into them; when a file was made tells it from one that was given
 * another owner. */
static void put_birth(struct strbuf *out, const char *path, const struct stat *st) {
	struct statx stx;

	if (S_ISREG(st->st_mode) &&
	    statx(AT_FDCWD, path, AT_STATX_DONT_SYNC, STATX_BTIME, &stx) == 0 &&
	    (stx.stx_mask & STATX_BTIME)) {
		strbuf_printf(out, "btime_ns=%" PRId64 "\n",
		              (int64_t)stx.stx_btime.tv_sec * NS_PER_S + stx.stx_btime.tv_nsec);
	}
}

void look_stat(const struct looker *looker, const struct look_request *request,
               struct look_reply *reply) {
	(void)looker;
	const char *path = request->arg;
	struct strbuf *out = &reply->bytes;
	char real[PATH_MAX];
	struct stat st, link;

	if (lstat(path, &link) < 0 || (S_ISLNK(link.st_mode) && stat(path, &st) < 0)) {
		look_reply_errno(reply, errno);
		return;
	}
	if (!S_ISLNK(link.st_mode)) {
		st = link;
	}
	keyline_put(out, "type", type_name(st.st_mode));
	strbuf_printf(out, "mode=%o\nuid=%u\ngid=%u\n", st.st_mode & 07777, st.st_uid, st.st_gid);
	strbuf_printf(out, "size=%" PRId64 "\nmtime_ns=%" PRId64 "\n", (int64_t)st.st_size,
	              time_ns(st.st_mtim));
	strbuf_printf(out, "ctime_ns=%" PRId64 "\n", time_ns(st.st_ctim));
	put_birth(out, path, &st);
	if (S_ISLNK(link.st_mode)) {
		strbuf_printf(out, "link_ctime_ns=%" PRId64 "\n", time_ns(link.st_ctim));
	}
	strbuf_printf(out, "dev=%" PRIu64 "\nino=%" PRIu64 "\nnlink=%" PRIu64 "\n",
	              (uint64_t)st.st_dev, (uint64_t)st.st_ino, (uint64_t)st.st_nlink);
	strbuf_printf(out, "read=%d\nwrite=%d\nexec=%d\n", may(path, R_OK), may(path, W_OK),
	              may(path, X_OK));
	keyline_put(out, "real", realpath(path, real) ? real : "");
	reply->state = EV_READ;
	reply->error = 0;
}

void look_link(const struct looker *looker, const struct look_request *request,
               struct look_reply *reply) {
	(void)looker;
	char target[PATH_MAX];
	ssize_t n = readlink(request->arg, target, sizeof target);

	if (n < 0) {
		look_reply_errno(reply, errno);
		return;
	}
	strbuf_add_n(&reply->bytes, target, (size_t)n);
	reply->state = EV_READ;
	reply->error = 0;
}

static char dir_letter(int dir_fd, const struct dirent *entry) {
	unsigned char type = entry->d_type;
	struct stat st;

	if (type == DT_UNKNOWN && fstatat(dir_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) == 0) {
		type = (unsigned char)IFTODT(st.st_mode);
	}
	switch (type) {
	case DT_REG:
		return 'f';
	case DT_DIR:
		return 'd';
	case DT_LNK:
		return 'l';
	default:
		return 'o';
	}
}

static int compare_names(const void *a, const void *b) {
	const char *const *left = a, *const *right = b;

	return strcmp(*left + 2, *right + 2);
}

/* The lines in readdir's order into *ret_lines, until they would be longer than cap; *ret_cut
 * tells. */
static size_t dir_lines(const struct look_request *request, DIR *dir, const char ***ret_lines,
                        bool *ret_cut) {
	size_t size = 64, count = 0, bytes = 0;
	const char **lines = arena_array_of(request->arena, const char *, size);
	const struct dirent *entry;

	*ret_cut = false;
	while ((entry = readdir(dir))) {
		struct strbuf line;

		if (streq(entry->d_name, ".") || streq(entry->d_name, "..")) {
			continue;
		}
		strbuf_init(&line, request->arena);
		strbuf_printf(&line, "%c %s", dir_letter(dirfd(dir), entry),
		              keyline_escape(request->arena, entry->d_name));
		bytes += line.len + 1;
		if (bytes > request->cap || clock_now_ns() > request->until_ns) {
			*ret_cut = true;
			break;
		}
		if (count == size) {
			const char **grown = arena_array_of(request->arena, const char *, size * 2);

			for (size_t i = 0; i < count; i++) {
				grown[i] = lines[i];
			}
			lines = grown;
			size *= 2;
		}
		lines[count++] = line.data;
	}
	*ret_lines = lines;
	return count;
}

void look_dir(const struct looker *looker, const struct look_request *request,
              struct look_reply *reply) {
	(void)looker;
	int fd = open(request->arg, O_RDONLY | O_DIRECTORY | O_NONBLOCK | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	const char **lines;
	size_t count;
	bool cut;

	if (!dir) {
		look_reply_errno(reply, errno);
		return;
	}
	count = dir_lines(request, dir, &lines, &cut);
	closedir(dir);
	qsort(lines, count, sizeof *lines, compare_names);
	for (size_t i = 0; i < count; i++) {
		strbuf_add(&reply->bytes, lines[i]);
		strbuf_add_char(&reply->bytes, '\n');
	}
	reply->state = cut ? EV_TRUNCATED : EV_READ;
	reply->error = 0;
}

/* Looks each directory above path up, one after the other, so that our parent sees which one does
 * not answer. */
static void approach(struct looker *looker, struct arena *arena, const char *path) {
	const char *dir = path_parent(arena, path);
	struct stat st;

	if (looker->verified_dir && path_below(looker->verified_dir, dir)) {
		looker->progress->reached_len = (uint32_t)strlen(path);
		return;
	}
	for (size_t len = 1; path[len]; len++) {
		if (path[len] != '/' || path[len - 1] == '/') {
			continue;
		}
		looker->progress->reached_len = (uint32_t)len;
		if (stat(arena_strndup(arena, path, len), &st) < 0) {
			break;
		}
	}
	looker->progress->reached_len = (uint32_t)strlen(path);
	free(looker->verified_dir);
	looker->verified_dir = strdup(dir);
}

static const struct {
	void (*look)(const struct looker *looker, const struct look_request *request,
	             struct look_reply *reply);
	enum look_argument argument;
} kinds[] = {
#define LOOK(kind_, function_, prefix_, suffix_, argument_)                                        \
	[LOOK_##kind_] = {function_, LOOK_ARGUMENT_##argument_},
#include "core/look.def"
#undef LOOK
};

void look_answer(struct looker *looker, const struct look_request *request,
                 struct look_reply *reply) {
	looker->progress->reached_len = 0;
	if (kinds[request->what].argument != LOOK_ARGUMENT_OTHER) {
		approach(looker, request->arena, request->arg);
	}
	kinds[request->what].look(looker, request, reply);
}

enum look_argument look_argument(enum look what) {
	return kinds[what].argument;
}
