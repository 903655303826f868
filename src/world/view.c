/* SPDX-License-Identifier: MIT
 */
#include "world/view.h"

#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/vec.h"
#include "world/looks.h"
#include "world/mounts.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/mount.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#ifndef MOUNT_ATTR_RDONLY
#define MOUNT_ATTR_RDONLY 0x00000001
#endif
#ifndef SYS_mount_setattr
#define SYS_mount_setattr 442 /* the same number on every architecture */
#endif

#define MOUNTINFO_BYTES_MAX ((size_t)4 << 20)
#define OVERLAYS_MAX        512
#define ENTRIES_MAX         8192
#define COPY_BYTES_MAX      ((off_t)256 << 10)

struct attributes { /* struct mount_attr, linux/mount.h */
	uint64_t set, clear, propagation, userns_fd;
};

struct view_mount {
	const char *point;
	unsigned long flags; /* those a view of it needs as well: MS_NOEXEC ... */
	bool read_only;
};

struct view_mounts {
	struct view_mount *items;
	size_t count;
	size_t slots;
};

/* ---- the mounts there are ---- */

static unsigned long flags_of(const char *options) {
	return (str_has(options, "noexec") ? MS_NOEXEC : 0) |
	       (str_has(options, "nosuid") ? MS_NOSUID : 0) |
	       (str_has(options, "nodev") ? MS_NODEV : 0);
}

static int read_mounts(struct view *view) {
	struct look_reply text = {.state = EV_FAILED};
	struct view_mounts *mounts = arena_new_of(view->arena, struct view_mounts);
	struct mount_line line;
	struct slice rest, next;

	strbuf_init(&text.bytes, view->arena);
	if (look_read_file(AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_BYTES_MAX, &text) != 0) {
		return -EIO;
	}
	rest = slice_of(text.bytes.data, text.bytes.len);
	while (slice_line(&rest, &next)) {
		if (mount_line_parse(view->arena, next, &line)) {
			VEC_ROOM(view->arena, mounts->items, mounts->count, &mounts->slots);
			mounts->items[mounts->count++] =
				(struct view_mount){.point = line.point,
			                            .flags = flags_of(line.options),
			                            .read_only = line.read_only};
		}
	}
	view->mounts = mounts;
	return 0;
}

/* The mount that dir is on: of those with the longest mount point the last one. */
static const struct view_mount *mount_of(const struct view *view, const char *dir) {
	const struct view_mount *best = NULL;

	for (size_t i = 0; i < view->mounts->count; i++) {
		const struct view_mount *m = &view->mounts->items[i];

		if (path_below(dir, m->point) &&
		    (!best || strlen(m->point) >= strlen(best->point))) {
			best = m;
		}
	}
	return best;
}

/* Is anything mounted strictly below dir? */
static bool has_mounts_below(const struct view *view, const char *dir) {
	for (size_t i = 0; i < view->mounts->count; i++) {
		const char *point = view->mounts->items[i].point;

		if (path_below(point, dir) && !streq(point, dir)) {
			return true;
		}
	}
	return false;
}

/* ---- everything read-only, and a place in memory ---- */

/* A directory that hides nothing anybody needs while the view is made. */
static const char *choose_base(const char *const *apart) {
	static const char *const candidates[] = {"/mnt", "/media", "/srv", "/var/tmp",
	                                         "/opt", "/boot",  "/sys", "/usr"};

	for (size_t i = 0; i < sizeof candidates / sizeof *candidates; i++) {
		struct stat st;
		bool free = stat(candidates[i], &st) == 0 && S_ISDIR(st.st_mode);

		for (size_t k = 0; free && apart[k]; k++) {
			free = !path_below(apart[k], candidates[i]) &&
			       !path_below(candidates[i], apart[k]);
		}
		if (free) {
			return candidates[i];
		}
	}
	return NULL;
}

static const char *size_option(const struct view *view, mode_t mode) {
	return arena_printf(view->arena, "mode=%04o,size=%zu", (unsigned)mode, view->cap_bytes);
}

int view_begin(struct view *view, size_t cap_bytes, const char *const *apart, struct err *err) {
	struct attributes read_only = {.set = MOUNT_ATTR_RDONLY};

	view->cap_bytes = cap_bytes;
	if (read_mounts(view) < 0) {
		return err_set(err, -EIO, "what is mounted here cannot be read");
	}
	if (mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		return err_set(err, -errno, "no mounts of our own can be made: %s",
		               strerror(errno));
	}
	if (syscall(SYS_mount_setattr, AT_FDCWD, "/", AT_RECURSIVE, &read_only, sizeof read_only) <
	    0) {
		return err_set(err, -errno, "nothing could be made read-only: %s", strerror(errno));
	}
	view->base = choose_base(apart);
	if (!view->base) {
		return err_set(err, -ENOENT, "there is no place for a directory in memory");
	}
	if (mount("tmpfs", view->base, "tmpfs", MS_NOSUID | MS_NODEV, size_option(view, 0700)) <
	    0) {
		return err_set(err, -errno, "no directory in memory can be made: %s",
		               strerror(errno));
	}
	return 0;
}

void view_end(struct view *view) {
	umount2(view->base, MNT_DETACH);
	view->base = NULL;
}

int view_fresh(const char *dir, const char *options) {
	return mount("tmpfs", dir, "tmpfs", MS_NOSUID | MS_NODEV, options) == 0 ? 0 : -errno;
}

/* ---- copy-on-write ---- */

/* Characters that separate the options of a mount. */
static const char *escaped(struct arena *arena, const char *path) {
	struct strbuf out;

	strbuf_init(&out, arena);
	for (; *path; path++) {
		strbuf_printf(&out, strchr(":,\\", *path) ? "\\%c" : "%c", *path);
	}
	return out.data;
}

static int bind_tree(const char *from, const char *to) {
	return mount(from, to, NULL, MS_BIND | MS_REC, NULL) == 0 ? 0 : -errno;
}

/* One overlay over what is not mounted anew below `from`, seen at `to`. */
static int overlay(struct view *view, const char *from, const char *to, unsigned long flags) {
	const char *up = arena_printf(view->arena, "%s/up-%u", view->base, view->overlays);
	const char *work = arena_printf(view->arena, "%s/work-%u", view->base, view->overlays);
	struct stat st;

	view->overlays++;
	if (view->spare_overlays == 0) {
		return -EMFILE;
	}
	view->spare_overlays--;
	if (stat(from, &st) < 0 || mkdir(up, 0700) < 0 || chmod(up, st.st_mode & 07777) < 0 ||
	    mkdir(work, 0700) < 0) {
		return -errno;
	}
	(void)!lchown(up, st.st_uid, st.st_gid);
	/* xino: one device number for all of it, as on the file system itself */
	const char *options = arena_printf(
		view->arena, "lowerdir=%s,upperdir=%s,workdir=%s,xino=on%s",
		escaped(view->arena, from), up, work, view->user_namespace ? ",userxattr" : "");
	return mount("overlay", to, "overlay", flags, options) == 0 ? 0 : -errno;
}

/* What belongs to a file that was made anew. */
static void take_over(const char *path, const struct stat *st) {
	const struct timespec times[] = {st->st_atim, st->st_mtim};

	(void)!lchown(path, st->st_uid, st->st_gid);
	if (!S_ISLNK(st->st_mode)) {
		chmod(path, st->st_mode & 07777);
	}
	utimensat(AT_FDCWD, path, times, AT_SYMLINK_NOFOLLOW);
}

static int copy_file(const char *from, const char *to, const struct stat *st) {
	CLEANUP(fd_closep) int in = open(from, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	CLEANUP(fd_closep) int out = open(to, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	off_t left = st->st_size;

	if (in < 0 || out < 0) {
		return -errno;
	}
	while (left > 0) {
		ssize_t n = sendfile(out, in, NULL, (size_t)left);
		if (n <= 0) {
			return n < 0 ? -errno : 0;
		}
		left -= n;
	}
	return 0;
}

/* A file of a skeleton: small ones are copies, others can be read. */
static int place_file(const char *from, const char *to, const struct stat *st) {
	if (S_ISREG(st->st_mode) && st->st_size <= COPY_BYTES_MAX && copy_file(from, to, st) == 0) {
		take_over(to, st);
		return 0;
	}
	unlink(to);
	CLEANUP(fd_closep) int fd = open(to, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	return fd < 0 ? -errno : bind_tree(from, to);
}

static int place_link(struct arena *arena, const char *from, const char *to,
                      const struct stat *st) {
	char target[PATH_MAX];
	ssize_t n = readlink(from, target, sizeof target - 1);

	if (n < 0 || symlink(arena_strndup(arena, target, (size_t)n), to) < 0) {
		return -errno;
	}
	take_over(to, st);
	return 0;
}

static int place_dir(struct view *view, const char *from, const char *to);

static int place_entry(struct view *view, const char *from, const char *to) {
	struct stat st;

	if (lstat(from, &st) < 0) {
		return errno == ENOENT || errno == EACCES ? 0 : -errno;
	}
	if (S_ISLNK(st.st_mode)) {
		return place_link(view->arena, from, to, &st);
	}
	if (!S_ISDIR(st.st_mode)) {
		return place_file(from, to, &st);
	}
	return mkdir(to, 0700) < 0 ? -errno : place_dir(view, from, to);
}

/* A directory of ours that holds what `from` holds, entry by entry: what is mounted below `from`
 * cannot be left out, and an overlay does not see it. */
static int fill(struct view *view, const char *from, const char *to) {
	DIR *dir = opendir(from);
	const struct dirent *entry;
	struct stat st;
	int r = dir ? 0 : -errno;

	while (dir && r == 0 && (entry = readdir(dir))) {
		if (streq(entry->d_name, ".") || streq(entry->d_name, "..")) {
			continue;
		}
		view->entries++;
		r = view->entries > ENTRIES_MAX
		            ? -EMFILE
		            : place_entry(view, path_join(view->arena, from, entry->d_name),
		                          path_join(view->arena, to, entry->d_name));
	}
	if (dir) {
		closedir(dir);
	}
	if (r == 0 && stat(from, &st) == 0) {
		take_over(to, &st);
	}
	return r;
}

/* What `from` shows, at the empty directory `to` of a skeleton. */
static int place_dir(struct view *view, const char *from, const char *to) {
	const struct view_mount *m = mount_of(view, from);

	if (has_mounts_below(view, from)) {
		return fill(view, from, to);
	}
	if (m && m->read_only) {
		return bind_tree(from, to);
	}
	int r = overlay(view, from, to, m ? m->flags : 0);
	return r == 0 || r == -EMFILE ? r : bind_tree(from, to);
}

static int skeleton(struct view *view, const char *dir, const char *stage,
                    const struct view_mount *m) {
	if (mount("tmpfs", stage, "tmpfs", m ? m->flags : 0, size_option(view, 0700)) < 0) {
		return -errno;
	}
	int r = fill(view, dir, stage);
	if (r < 0) {
		umount2(stage, MNT_DETACH);
	}
	return r;
}

/* What has an owner that is unknown here cannot be copied up, nor can anything below it. */
static bool can_copy_up(const struct view *view, const char *dir, const char *outer) {
	struct stat st;

	for (; !streq(dir, outer) && view->partial; dir = path_parent(view->arena, dir)) {
		if (stat(dir, &st) < 0 || st.st_uid != geteuid() || st.st_gid != getegid()) {
			return false;
		}
	}
	return true;
}

/* Is dir writable through the view of a directory above it? A skeleton holds what is mounted below
 * it, an overlay does not. */
static bool is_covered(const struct view *view, const char *dir) {
	for (size_t i = 0; i < view->staged_count; i++) {
		const struct staged *s = &view->staged[i];

		if (!s->bare && path_below(dir, s->dir) && can_copy_up(view, dir, s->dir) &&
		    (s->whole || mount_of(view, dir) == mount_of(view, s->dir))) {
			return true;
		}
	}
	return false;
}

/* Is dir out of sight because of an empty directory above it? */
static bool is_bared(const struct view *view, const char *dir) {
	for (size_t i = 0; i < view->staged_count; i++) {
		if (view->staged[i].bare && path_below(dir, view->staged[i].dir)) {
			return true;
		}
	}
	return false;
}

/* A directory for one more; NULL when there are too many. */
static struct staged *stage(struct view *view, const char *dir) {
	struct staged *s = &view->staged[view->staged_count];

	if (view->staged_count == VIEW_OVERLAYS_MAX) {
		return NULL;
	}
	*s = (struct staged){
		.dir = dir,
		.stage = arena_printf(view->arena, "%s/stage-%zu", view->base, view->staged_count)};
	return mkdir(s->stage, 0700) < 0 && errno != EEXIST ? NULL : s;
}

/* What is mounted below dir, which is an overlay: each gets a view of its own. */
static int stage_mounts_below(struct view *view, const char *dir) {
	int r = 0;

	for (size_t i = 0; i < view->mounts->count && r == 0; i++) {
		const struct view_mount *m = &view->mounts->items[i];
		struct staged *s;

		if (!path_below(m->point, dir) || streq(m->point, dir) ||
		    mount_of(view, m->point) != m) {
			continue;
		}
		s = stage(view, m->point);
		if (!s) {
			return -EMFILE;
		}
		if (m->read_only || overlay(view, m->point, s->stage, m->flags) < 0) {
			r = mount(m->point, s->stage, NULL, MS_BIND, NULL) == 0 ? 0 : -errno;
			s->bare = true;
		}
		view->staged_count += r == 0;
	}
	return r;
}

int view_overlay(struct view *view, const char *dir, struct err *err) {
	const struct view_mount *m = mount_of(view, dir);
	bool below = has_mounts_below(view, dir);
	size_t before = view->staged_count;
	int r = -EMFILE;

	if (m && m->read_only && !is_bared(view, dir)) {
		return 1;
	}
	if (is_covered(view, dir)) {
		return 0;
	}
	view->entries = 0;
	view->spare_overlays = OVERLAYS_MAX;
	struct staged *s = stage(view, dir);
	if (s && m && m->read_only) {
		s->bare = true;
		below = false;
		r = bind_tree(dir, s->stage);
	} else if (s) {
		s->whole = below && view->user_namespace;
		r = s->whole ? skeleton(view, dir, s->stage, m)
		             : overlay(view, dir, s->stage, m ? m->flags : 0);
	}
	if (r == 0) {
		view->staged_count++;
		r = below && !s->whole ? stage_mounts_below(view, dir) : 0;
	}
	if (r < 0) {
		view->staged_count = before;
		return err_set(err, r, "no copy-on-write view of '%s' can be made: %s", dir,
		               r == -EMFILE ? "too much is mounted below it" : strerror(-r));
	}
	return 0;
}

/* The directories of path below dir, as they are but empty, below to. */
static void make_way(struct view *view, const char *dir, const char *to, const char *path) {
	struct stat st;

	if (streq(path, dir)) {
		return;
	}
	const char *made = path_join(view->arena, to, path + strlen(dir) + 1);
	make_way(view, dir, to, path_parent(view->arena, path));
	if (stat(path, &st) == 0 && mkdir(made, 0700) == 0) {
		take_over(made, &st);
	}
}

int view_bare(struct view *view, const char *dir, const char *const *ways, struct err *err) {
	struct staged *s = stage(view, dir);
	struct stat st;

	if (!s || stat(dir, &st) < 0 ||
	    mount("tmpfs", s->stage, "tmpfs", MS_NOSUID | MS_NODEV,
	          size_option(view, st.st_mode & 07777)) < 0) {
		return err_set(err, -errno, "no fresh '%s' can be made", dir);
	}
	s->bare = true;
	view->staged_count++;
	for (; *ways; ways++) {
		if (path_below(*ways, dir)) {
			make_way(view, dir, s->stage, *ways);
		}
	}
	return 0;
}

int view_show(struct view *view, struct err *err) {
	for (size_t i = 0; i < view->staged_count; i++) {
		const struct staged *s = &view->staged[i];

		if (mount(s->stage, s->dir, NULL, MS_MOVE, NULL) < 0) {
			return err_set(err, -errno, "no view can be put in the place of '%s': %s",
			               s->dir, strerror(errno));
		}
	}
	view->staged_count = 0;
	return 0;
}
