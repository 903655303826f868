/* SPDX-License-Identifier: MIT */
#include "apply/tree.h"

#include "apply/put.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/statvfs.h>
#include <unistd.h>

#define DEPTH_MAX 200
/* Left free on the filesystem of the copies. */
#define SPARE_BYTES ((int64_t)64 * 1024 * 1024)

struct take {
	struct arena *arena;
	const char *keep;
	struct tree *tree;
	struct err *err;
};

static int copy_aside(struct take *t, const struct place *place, struct image *image) {
	const char *copy = arena_printf(t->arena, "%s/%zu", t->keep, t->tree->count);
	int opened = image_open_file(place->dir_fd, place->name);
	CLEANUP(fd_closep) int from = opened;
	CLEANUP(fd_closep) int to = open(copy, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	int r = opened < 0 ? opened : to < 0 ? -errno : put_copy(from, to);
	if (r < 0) {
		return err_set(t->err, r, "cannot copy '%s' aside: %s", place->path, strerror(-r));
	}
	image->kept = copy;
	return 0;
}

static int take(struct take *t, const char *path, int depth);

static int take_below(struct take *t, const struct place *place, int depth) {
	int fd =
		openat(place->dir_fd, place->name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir) {
		return err_set(t->err, -errno, "cannot look into '%s': %s", place->path,
		               strerror(errno));
	}
	int r = 0;
	const struct dirent *entry;
	while (r == 0 && (entry = readdir(dir))) {
		if (!streq(entry->d_name, ".") && !streq(entry->d_name, "..")) {
			r = take(t, path_join(t->arena, place->path, entry->d_name), depth + 1);
		}
	}
	closedir(dir);
	return r;
}

static int take(struct take *t, const char *path, int depth) {
	CLEANUP(place_closep) struct place place = {.dir_fd = -1};
	struct image image;
	int r = place_open(t->arena, path, &place, t->err);
	if (r == -ENOENT) {
		return 0; /* nothing is there, which is known by its not being in the tree */
	}
	r = r < 0 ? r : image_at(t->arena, &place, 0, &image, t->err);
	if (r < 0 || !image_exists(&image)) {
		return r;
	}
	if (t->tree->count == TREE_ENTRIES_MAX || depth > DEPTH_MAX) {
		return err_set(t->err, -EFBIG,
		               "'%s' and what else may change are too many files to keep aside "
		               "(more than %zu)",
		               path, TREE_ENTRIES_MAX);
	}
	t->tree->bytes += image.kind == IMAGE_FILE ? image.size : 0;
	if (t->tree->bytes > TREE_BYTES_MAX) {
		return err_set(t->err, -EFBIG,
		               "'%s' and what else may change are more than %lld MiB, too much to "
		               "keep aside",
		               path, (long long)(TREE_BYTES_MAX >> 20));
	}
	if (image.kind == IMAGE_FILE && image.size == 0) {
		image.kept = NULL;
		image.bytes = slice_of("", 0);
	} else if (image.kind == IMAGE_FILE && t->keep) {
		r = copy_aside(t, &place, &image);
	}
	if (r < 0) {
		return r;
	}
	VEC_ROOM(t->arena, t->tree->entries, t->tree->count, &t->tree->slots);
	t->tree->entries[t->tree->count++] =
		(struct tree_entry){.path = arena_strdup(t->arena, path), .image = image};
	return image.kind == IMAGE_DIRECTORY ? take_below(t, &place, depth) : 0;
}

static int by_path(const void *a, const void *b) {
	const struct tree_entry *x = a;
	const struct tree_entry *y = b;
	return strcmp(x->path, y->path);
}

/* Measured first: nothing is copied of what would not fit. */
static int check_room(struct arena *arena, const char *const *roots, const char *keep,
                      struct err *err) {
	struct tree tree = {0};
	struct statvfs fs;
	int r = tree_take(arena, roots, NULL, &tree, err);
	if (r < 0 || statvfs(keep, &fs) < 0) {
		return r;
	}
	int64_t room = (int64_t)fs.f_bavail * (int64_t)fs.f_frsize;
	if (tree.bytes > 0 && tree.bytes + SPARE_BYTES > room) {
		return err_set(err, -EFBIG,
		               "%lld MiB would have to be kept aside in '%s', where %lld MiB are "
		               "free",
		               (long long)(tree.bytes >> 20), keep, (long long)(room >> 20));
	}
	return 0;
}

int tree_take(struct arena *arena, const char *const *roots, const char *keep, struct tree *ret,
              struct err *err) {
	struct take t = {.arena = arena, .keep = keep, .tree = ret, .err = err};
	*ret = (struct tree){0};
	int r = keep ? check_room(arena, roots, keep, err) : 0;
	for (size_t i = 0; r == 0 && roots[i]; i++) {
		r = take(&t, roots[i], 0);
	}
	if (r < 0) {
		return r;
	}
	if (ret->count > 0) {
		qsort(ret->entries, ret->count, sizeof(*ret->entries), by_path);
	}
	/* A path that was announced twice is one. */
	size_t kept = 0;
	for (size_t i = 0; i < ret->count; i++) {
		if (i == 0 || !streq(ret->entries[i].path, ret->entries[kept - 1].path)) {
			ret->entries[kept++] = ret->entries[i];
		}
	}
	ret->count = kept;
	CLEANUP(fd_closep) int fd = keep ? open(keep, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;
	if (fd >= 0 && syncfs(fd) < 0) {
		return err_set(err, -errno, "cannot write to '%s': %s", keep, strerror(errno));
	}
	return 0;
}

const struct tree_entry *tree_find(const struct tree *tree, const char *path) {
	const struct tree_entry key = {.path = path};
	return tree->count == 0
	               ? NULL
	               : bsearch(&key, tree->entries, tree->count, sizeof(*tree->entries), by_path);
}

/* A number each up to its NUL, then path, copy, target of a link and attributes with their lengths. */
struct slice tree_encode(struct arena *arena, const struct tree *tree) {
	struct strbuf out;
	strbuf_init(&out, arena);
	for (size_t i = 0; i < tree->count; i++) {
		const struct tree_entry *e = &tree->entries[i];
		const struct image *m = &e->image;
		const struct slice target = m->kind == IMAGE_LINK ? m->bytes : slice_of("", 0);
		const struct slice texts[] = {slice_str(e->path), slice_str(m->kept), target,
		                              m->xattrs};
		strbuf_printf(&out, "%d %u %u %u %lld %lld %lld %lld %lld %d", (int)m->kind,
		              (unsigned)m->mode, m->uid, m->gid, (long long)m->size,
		              (long long)m->mtime_ns, (long long)m->atime_ns,
		              (long long)m->ctime_ns, (long long)m->ino, (int)m->has_xattrs);
		for (size_t k = 0; k < 4; k++) {
			strbuf_printf(&out, " %zu", texts[k].len);
		}
		strbuf_add_char(&out, '\0');
		for (size_t k = 0; k < 4; k++) {
			strbuf_add_n(&out, texts[k].data ? texts[k].data : "", texts[k].len);
		}
	}
	return slice_of(out.data, out.len);
}

static bool next_number(struct slice *rest, int64_t *ret) {
	struct slice word;
	char text[32];
	if (!slice_cut(rest, ' ', &word) || word.len >= sizeof(text)) {
		return false;
	}
	memcpy(text, word.data, word.len);
	text[word.len] = '\0';
	return str_to_int64(text, ret) == 0;
}

static bool next_text(struct arena *arena, struct slice *rest, int64_t len, struct slice *ret) {
	if (len < 0 || (size_t)len > rest->len) {
		return false;
	}
	*ret = slice_of(arena_strndup(arena, rest->data, (size_t)len), (size_t)len);
	*rest = slice_of(rest->data + len, rest->len - (size_t)len);
	return true;
}

int tree_decode(struct arena *arena, struct slice bytes, struct tree *ret) {
	*ret = (struct tree){0};
	struct slice head;
	while (slice_cut(&bytes, '\0', &head)) {
		int64_t n[14];
		struct slice texts[4];
		for (size_t i = 0; i < 14; i++) {
			if (!next_number(&head, &n[i])) {
				return -EBADMSG;
			}
		}
		for (size_t i = 0; i < 4; i++) {
			if (!next_text(arena, &bytes, n[10 + i], &texts[i])) {
				return -EBADMSG;
			}
		}
		VEC_ROOM(arena, ret->entries, ret->count, &ret->slots);
		ret->entries[ret->count++] = (struct tree_entry){
			.path = texts[0].data,
			.image = {.kind = (enum image_kind)n[0],
		                  .mode = (mode_t)n[1],
		                  .uid = (uid_t)n[2],
		                  .gid = (gid_t)n[3],
		                  .size = n[4],
		                  .mtime_ns = n[5],
		                  .atime_ns = n[6],
		                  .ctime_ns = n[7],
		                  .ino = (uint64_t)n[8],
		                  .has_xattrs = n[9] != 0,
		                  .kept = texts[1].len > 0 ? texts[1].data : NULL,
		                  .bytes = n[0] == IMAGE_LINK ? texts[2] : slice_of("", 0),
		                  .xattrs = texts[3]},
		};
	}
	return 0;
}
