/* SPDX-License-Identifier: MIT */
#include "apply/states.h"

#include "apply/journal.h"
#include "base/ascii.h"
#include "base/fd.h"
#include "base/file.h"
#include "base/path.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER        "good"
#define SUFFIX        ".states"
#define NAME_LEN_MAX  ((size_t)40) /* of the folder's own name in that of the file */
#define SEARCH_MAX    ((size_t)4096)
#define DIGITS_FORMAT "%020lld"

/* The name of the folder, for people, and a hash that tells it from others of that name. */
const char *states_file(struct arena *arena, const char *workspace) {
	static const uint8_t no_key[SIPHASH_KEY_BYTES];
	const char *dir = journal_dir(arena);
	char *name = arena_strdup(arena, path_base(workspace));
	if (!dir) {
		return NULL;
	}
	for (char *p = name; *p; p++) {
		bool letter = (*p >= 'a' && *p <= 'z') || (*p >= 'A' && *p <= 'Z');
		if (!letter && !ascii_is_digit(*p)) {
			*p = '_';
		}
	}
	return arena_printf(arena, "%s/" FOLDER "/%.*s-%016llx" SUFFIX, dir, (int)NAME_LEN_MAX,
	                    name, (unsigned long long)siphash(no_key, slice_str(workspace)));
}

static bool is_own_dir(const char *path) {
	struct stat st;
	return stat(path, &st) == 0 && S_ISDIR(st.st_mode) && st.st_uid == geteuid();
}

static bool has_own_home(void) {
	const char *home = getenv("HOME");
	return home && home[0] == '/' && is_own_dir(home);
}

static bool is_own(struct world *world, const char *path) {
	struct file_stat st = world_stat(world, path);
	return st.is_dir && st.uid == (int64_t)geteuid();
}

bool states_may_write(struct arena *arena, struct world *world) {
	const char *home = getenv("HOME");
	const char *dir = home && home[0] == '/' && is_own(world, home) ? journal_dir(arena) : NULL;
	return dir && is_own(world, dir);
}

int states_allow(struct arena *arena, struct err *err) {
	const char *dir = journal_dir(arena);
	if (!dir || !has_own_home()) {
		return err_set(err, -EPERM, "%s",
		               !getenv("HOME") ? "there is no HOME"
		                               : "HOME is not a directory of this user");
	}
	int r = journal_make_path(arena, dir);
	if (r < 0) {
		return err_set(err, r, "cannot make '%s': %s", dir, strerror(-r));
	}
	return is_own_dir(dir) ? 0 : err_set(err, -EPERM, "'%s' is another user's", dir);
}

static struct slice read_all(struct arena *arena, const char *file) {
	CLEANUP(fd_closep)
	int fd = open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) || st.st_size <= 0 ||
	    (size_t)st.st_size > KNOWN_GOOD_FILE_BYTES_MAX) {
		return slice_of("", 0);
	}
	char *bytes = arena_alloc(arena, (size_t)st.st_size + 1);
	ssize_t len = pread(fd, bytes, (size_t)st.st_size, 0);
	return slice_of(bytes, len > 0 ? (size_t)len : 0);
}

int states_load(struct arena *arena, const char *file, const char *workspace,
                struct known_good *ret, struct err *err) {
	struct err why = {0};
	int r = known_good_parse(arena, read_all(arena, file), ret, &why);
	if (r == -EPROTO) {
		return err_set(err, r, "'%s': %s", file, why.msg);
	}
	if (r == 0 && streq(ret->workspace, workspace)) {
		return 0;
	}
	*ret = (struct known_good){.workspace = workspace};
	if (getrandom(ret->key, sizeof(ret->key), GRND_NONBLOCK) != (ssize_t)sizeof(ret->key)) {
		return err_set(err, -EIO, "the kernel has no random numbers yet");
	}
	return 0;
}

/* Twenty digits in place, if the old ones are there: another dialtone may have put a new file there meanwhile. A crash in
 * the middle of them leaves a time that the reader holds against the others. */
static int overwrite_time(const char *file, size_t offset, int64_t old_ns, int64_t until_ns) {
	char digits[24];
	char there[24] = "";
	CLEANUP(fd_closep)
	int fd = open(file, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	if (fd < 0 || fstat(fd, &st) < 0) {
		return -errno;
	}
	if (!S_ISREG(st.st_mode) || st.st_uid != geteuid() || st.st_nlink != 1) {
		return -EPERM;
	}
	int len = snprintf(digits, sizeof(digits), DIGITS_FORMAT, (long long)old_ns);
	if (pread(fd, there, (size_t)len, (off_t)offset) != len || !streq(there, digits)) {
		return -EAGAIN;
	}
	len = snprintf(digits, sizeof(digits), DIGITS_FORMAT, (long long)until_ns);
	ssize_t n = pwrite(fd, digits, (size_t)len, (off_t)offset);
	return n == len ? 0 : n < 0 ? -errno : -EIO;
}

/* One file too many: the one that was not written for longest. */
static void give_up_oldest(struct arena *arena, const char *dir) {
	DIR *d = opendir(dir);
	const char *oldest = NULL;
	struct timespec oldest_at = {0};
	size_t count = 0;
	for (size_t i = 0; d && i < SEARCH_MAX; i++) {
		struct dirent *entry = readdir(d);
		struct stat st;
		if (!entry) {
			break;
		}
		if (!str_ends(entry->d_name, SUFFIX) ||
		    fstatat(dirfd(d), entry->d_name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
			continue;
		}
		bool older = st.st_mtim.tv_sec < oldest_at.tv_sec ||
		             (st.st_mtim.tv_sec == oldest_at.tv_sec &&
		              st.st_mtim.tv_nsec < oldest_at.tv_nsec);
		count++;
		if (!oldest || older) {
			oldest = arena_strdup(arena, entry->d_name);
			oldest_at = st.st_mtim;
		}
	}
	if (count > STATES_WORKSPACES_MAX) {
		(void)unlinkat(dirfd(d), oldest, 0);
	}
	if (d) {
		closedir(d);
	}
}

int states_keep(struct arena *arena, const char *file, struct known_good *store, struct setup *now,
                struct err *err) {
	size_t index = 0;
	int64_t until_ns[KNOWN_GOOD_MAX + 1] = {0};
	struct strbuf out;
	bool is_new = store->count == 0;
	for (size_t i = 0; i < store->count; i++) {
		until_ns[i] = store->states[i]->until_ns;
	}
	if (known_good_keep(store, now, &index) == KNOWN_GOOD_SAME) {
		int r = overwrite_time(file, store->until_offset[index], until_ns[index],
		                       now->until_ns);
		return r < 0 ? err_set(err, r, "cannot write '%s': %s", file, strerror(-r)) : 0;
	}
	const char *dir = path_parent(arena, file);
	if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
		return err_set(err, -errno, "cannot make '%s': %s", dir, strerror(errno));
	}
	strbuf_init(&out, arena);
	known_good_write(&out, store);
	int r = file_replace(file, slice_of(out.data, out.len), err);
	if (r == 0 && is_new) {
		give_up_oldest(arena, dir);
	}
	return r;
}
