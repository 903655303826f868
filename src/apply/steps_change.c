/* SPDX-License-Identifier: MIT
 * One change forward and back.
 */
#include "apply/litter.h"
#include "apply/program.h"
#include "apply/put.h"
#include "apply/steps_private.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/start_ticks.h"
#include "base/str.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <unistd.h>

#define SIGNAL_WAIT_MS 3000

static int conflict(struct work *w, const struct journal_change *change, const struct image *now,
                    const char *fmt, ...) __attribute__((format(printf, 4, 5)));

static int conflict(struct work *w, const struct journal_change *change, const struct image *now,
                    const char *fmt, ...) {
	va_list args;
	va_start(args, fmt);
	const char *text = arena_vprintf(w->arena, fmt, args);
	va_end(args);
	w->steps->conflict = true;
	w->steps->change = *change;
	w->steps->theirs = *now;
	return err_set(w->err, -EBUSY, "%s", text);
}

/* ---- directories made on the way ---- */

static int make_dirs(struct work *w, const char *dirs) {
	struct slice rest = slice_str(dirs);
	struct slice line;
	while (slice_line(&rest, &line)) {
		CLEANUP(place_closep) struct place place = {.dir_fd = -1};
		const char *dir = arena_slicedup(w->arena, line);
		int r = line.len == 0 ? 0 : place_open(w->arena, dir, &place, w->err);
		if (r == 0 && line.len > 0 && mkdirat(place.dir_fd, place.name, 0755) < 0 &&
		    errno != EEXIST) {
			r = err_set(w->err, -errno, "cannot make the directory '%s': %s", dir,
			            strerror(errno));
		}
		if (r == 0 && line.len > 0) {
			r = place_sync(&place);
		}
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

/* One that holds something else stays, and it is said. */
static int remove_dir(struct work *w, const char *dir) {
	CLEANUP(place_closep) struct place place = {.dir_fd = -1};
	int r = place_open(w->arena, dir, &place, w->err);
	if (r == -ENOENT) {
		return 0;
	}
	if (r < 0 || unlinkat(place.dir_fd, place.name, AT_REMOVEDIR) == 0 || errno == ENOENT) {
		return r;
	}
	if (errno != ENOTEMPTY) {
		return err_set(w->err, -errno, "cannot remove the directory '%s': %s", dir,
		               strerror(errno));
	}
	if (litter_clear(&place) && unlinkat(place.dir_fd, place.name, AT_REMOVEDIR) == 0) {
		strbuf_printf(&w->steps->notes, "what go has put into %s since is gone with it\n",
		              dir);
		return 0;
	}
	strbuf_printf(&w->steps->notes,
	              "the directory %s was made and stays: it holds other things now\n", dir);
	return 0;
}

/* Innermost first. */
static int remove_dirs(struct work *w, const char *dirs) {
	struct slice rest = slice_str(dirs);
	struct slice line;
	if (!slice_line(&rest, &line)) {
		return 0;
	}
	int r = remove_dirs(w, arena_slicedup(w->arena, rest));
	return r < 0 || line.len == 0 ? r : remove_dir(w, arena_slicedup(w->arena, line));
}

/* ---- CHANGE_FILE ---- */

static const char *temporary_name(struct work *w, const struct journal_change *c) {
	return arena_printf(w->arena, ".dialtone-%s-%lld.tmp", w->repair->nonce, (long long)c->id);
}

static int look(struct work *w, const char *path, struct place *place, struct image *ret) {
	*ret = (struct image){.kind = IMAGE_ABSENT};
	int r = place_open(w->arena, path, place, w->err);
	if (r == -ENOENT) {
		return 0;
	}
	return r < 0 ? r : image_at(w->arena, place, IMAGE_MAX_BYTES, ret, w->err);
}

/* A directory that took something in meanwhile is still the one that was made. */
static int check_file(struct work *w, const struct journal_change *c, const struct image *now,
                      const struct image *from, const struct image *to) {
	if (image_same(now, from) || image_same(now, to)) {
		return 0;
	}
	return conflict(w, c, now,
	                from == &c->after
	                        ? "'%s' is no longer what repair %lld wrote; it is left as it is"
	                        : "'%s' was changed by somebody else meanwhile; it is left as it "
	                          "is (repair %lld)",
	                c->path, (long long)w->repair->id);
}

static int turn_file(struct work *w, const struct journal_change *c, const struct image *from,
                     const struct image *to) {
	CLEANUP(place_closep) struct place place = {.dir_fd = -1};
	struct image now;
	int r = look(w, c->path, &place, &now);
	if (r == 0 && w->resumed && place.dir_fd >= 0) {
		(void)unlinkat(place.dir_fd, temporary_name(w, c), 0);
	}
	r = r < 0 ? r : check_file(w, c, &now, from, to);
	if (r < 0) {
		return r;
	}
	if (image_same(&now, to) && (to->mtime_ns == 0 || to->mtime_ns == now.mtime_ns)) {
		return 0;
	}
	if (place.dir_fd < 0) {
		return err_set(w->err, -ENOENT, "the directory of '%s' is not there", c->path);
	}
	if (now.kind == IMAGE_DIRECTORY && !image_exists(to) && from == &c->after) {
		r = remove_dir(w, c->path);
		return r < 0 ? r : place_sync(&place);
	}
	return put_image(w->arena, &place, &now, to, temporary_name(w, c), w->err);
}

/* ---- CHANGE_MOVE ---- */

static bool is_the_thing(const struct journal_change *c, const struct image *now) {
	return image_exists(now) && now->kind == c->before.kind && now->ino == c->before.ino;
}

/* What a program has made there anew since, and what is not worth to be kept. */
static bool gives_way(const struct journal_change *c, const struct image *there, const char *to) {
	return streq(to, c->path) && there->kind == IMAGE_FILE && there->uid == geteuid() &&
	       slice_eq(c->detail, CHANGE_MOVE_REMADE);
}

static int turn_move(struct work *w, const struct journal_change *c, const char *from,
                     const char *to) {
	CLEANUP(place_closep) struct place source = {.dir_fd = -1};
	CLEANUP(place_closep) struct place target = {.dir_fd = -1};
	struct image here;
	struct image there;
	int r = look(w, from, &source, &here);
	r = r < 0 ? r : look(w, to, &target, &there);
	if (r < 0 || (!image_exists(&here) && is_the_thing(c, &there))) {
		return r;
	}
	if (!is_the_thing(c, &here)) {
		return conflict(w, c, &here, "'%s' is not what was to be moved to '%s'", from, to);
	}
	bool over = gives_way(c, &there, to);
	if (image_exists(&there) && !over) {
		return conflict(w, c, &there, "'%s' cannot be moved: there is already a '%s'", from,
		                to);
	}
	if (target.dir_fd < 0) {
		return err_set(w->err, -ENOENT, "the directory of '%s' is not there", to);
	}
	r = renameat2(source.dir_fd, source.name, target.dir_fd, target.name,
	              over ? 0 : RENAME_NOREPLACE);
	if (r < 0 && (errno == EINVAL || errno == ENOSYS)) {
		r = renameat(source.dir_fd, source.name, target.dir_fd, target.name);
	}
	if (r < 0) {
		return err_set(w->err, -errno, "cannot move '%s' to '%s': %s", from, to,
		               strerror(errno));
	}
	r = place_sync(&target);
	return r < 0 ? r : place_sync(&source);
}

/* ---- CHANGE_MODES ---- */

static bool next_mode(struct work *w, struct slice *rest, unsigned *before, unsigned *after,
                      const char **ret_path) {
	struct slice item;
	int used = 0;
	if (!slice_cut(rest, '\0', &item) ||
	    sscanf(item.data, "%o %o %n", before, after, &used) != 2 || used == 0) {
		return false;
	}
	*ret_path = arena_strndup(w->arena, item.data + used, item.len - (size_t)used);
	return true;
}

/* What later changes of modes have made of what this one made. */
static struct image left_behind(struct work *w, size_t index) {
	const struct journal_change *c = &w->repair->changes[index];
	struct image image = c->after;
	for (size_t i = index + 1; image_exists(&image) && i < w->repair->change_count; i++) {
		const struct journal_change *later = &w->repair->changes[i];
		struct slice rest = later->detail;
		unsigned before;
		unsigned after;
		const char *path;
		bool made = later->state == CHANGE_DONE || later->state == CHANGE_UNDOING ||
		            later->state == CHANGE_INTENDED;
		if (later->kind != CHANGE_MODES || !made || !path_below(c->path, later->path)) {
			continue;
		}
		while (next_mode(w, &rest, &before, &after, &path)) {
			if (streq(path, c->path) && before == image.mode) {
				image_set_mode(w->arena, &image, after);
			}
		}
	}
	return image;
}

/* Of many; one that is gone or has yet another mode meanwhile is left alone, and it is said. */
static int turn_modes(struct work *w, const struct journal_change *c, bool back) {
	struct slice rest = c->detail;
	unsigned before;
	unsigned after;
	const char *path;
	size_t left = 0;
	while (next_mode(w, &rest, &before, &after, &path)) {
		CLEANUP(place_closep) struct place place = {.dir_fd = -1};
		struct stat st;
		struct err ignored;
		unsigned from = back ? after : before;
		unsigned to = back ? before : after;
		int r = place_open(w->arena, path, &place, &ignored);
		CLEANUP(fd_closep)
		int fd = r < 0 ? -1
		               : openat(place.dir_fd, place.name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0 || fstat(fd, &st) < 0 || S_ISLNK(st.st_mode)) {
			left++;
			continue;
		}
		char self[64];
		(void)snprintf(self, sizeof(self), "/proc/self/fd/%d", fd);
		if ((st.st_mode & 07777) == from && chmod(self, to) < 0) {
			return err_set(w->err, -errno, "cannot set the mode of '%s': %s", path,
			               strerror(errno));
		}
		left += (st.st_mode & 07777) != from && (st.st_mode & 07777) != to;
	}
	if (left > 0) {
		strbuf_printf(&w->steps->notes,
		              "%zu files below %s were changed by somebody else meanwhile and "
		              "keep their modes\n",
		              left, c->path);
	}
	return 0;
}

/* ---- CHANGE_RUN ---- */

static int do_run(struct work *w, size_t index) {
	struct journal_change *c = &w->repair->changes[index];
	struct arena *arena = w->arena;
	struct program p;
	struct tree before;
	struct neighbours around;
	const char *keep = work_keep_dir(w, arena_printf(arena, "%zu", index));
	if (!w->steps->world) {
		return err_set(w->err, -ENOSYS, "no program can be run here");
	}
	if (!keep || program_decode(arena, c->detail, &p) < 0) {
		return keep ? err_set(w->err, -EBADMSG, "the journal does not say what to run")
		            : w->err->code;
	}
	int r = tree_take(arena, p.announces, keep, &before, w->err);
	if (r < 0) {
		return r;
	}
	for (size_t i = 0; i < before.count; i++) {
		if (before.entries[i].image.kind == IMAGE_DIRECTORY) {
			work_remember_dir(w, before.entries[i].path);
		}
	}
	for (size_t i = 0; p.announces[i]; i++) {
		work_remember_dir(w, path_parent(arena, p.announces[i]));
	}
	c->tree = tree_encode(arena, &before);
	r = journal_update_change(w->steps->journal, c, w->err);
	if (r < 0) {
		return r;
	}
	(void)neighbours_take(arena, &p, &around);
	r = program_run(arena, w->steps->world, w->steps->env, &p,
	                arena_printf(arena, "fix:%s:%zu", w->repair->nonce, index), w->err);
	const char *more = neighbours_changed(arena, &p, &around);
	if (*more) {
		strbuf_printf(&w->steps->notes,
		              "%s also changed what it had not been expected to: %s; that is not "
		              "taken back by undo\n",
		              path_base(p.argv[0]), more);
	}
	/* What it did is written down even when it failed half-way: then it is taken back. */
	struct err own = {0};
	struct work collecting = *w;
	collecting.err = r < 0 ? &own : w->err;
	int collected = change_collect(&collecting, index);
	return r < 0 ? r : collected;
}

int change_collect(struct work *w, size_t index) {
	struct arena *arena = w->arena;
	struct repair *repair = w->repair;
	struct program p;
	struct tree before;
	struct journal_change *c = &repair->changes[index];
	const char *keep = work_keep_dir(w, arena_printf(arena, "%zu", index));
	if (c->tree.len == 0 && c->state != CHANGE_INTENDED) {
		return 0;
	}
	if (!keep || program_decode(arena, c->detail, &p) < 0 ||
	    tree_decode(arena, c->tree, &before) < 0) {
		return keep ? err_set(w->err, -EBADMSG, "the journal does not say what was run")
		            : w->err->code;
	}
	size_t first = repair->change_count;
	int r = program_collect(arena, &p, &before, keep, repair, w->err);
	r = r < 0 ? r : journal_begin(w->steps->journal, w->err);
	if (r < 0) {
		repair->change_count = first;
		return r;
	}
	for (size_t i = first; r == 0 && i < repair->change_count; i++) {
		r = journal_add_change(w->steps->journal, repair, &repair->changes[i], w->err);
	}
	/* From here on those changes stand for what the program did. */
	struct journal_change collected = repair->changes[index];
	collected.state = CHANGE_DONE;
	collected.tree = slice_of("", 0);
	r = r < 0 ? r : journal_update_change(w->steps->journal, &collected, w->err);
	r = r < 0 ? r : journal_commit(w->steps->journal, w->err);
	if (r < 0) {
		journal_rollback(w->steps->journal);
		repair->change_count = first;
		return r;
	}
	repair->changes[index] = collected;
	return 0;
}

/* ---- CHANGE_SIGNAL ---- */

static int do_signal(struct work *w, const struct journal_change *c) {
	long pid = 0;
	unsigned long long start = 0;
	int number = 0;
	if (!w->steps->disruptive) {
		return err_set(w->err, -EPERM, "%s: that needs --disruptive", c->what);
	}
	if (sscanf(arena_slicedup(w->arena, c->detail), "%ld %llu %d", &pid, &start, &number) !=
	            3 ||
	    pid <= 1) {
		return err_set(w->err, -EBADMSG, "the journal does not say whom to signal");
	}
	CLEANUP(fd_closep) int fd = pidfd_open((pid_t)pid, 0);
	/* Looked at behind the pidfd: if it is the one now, the pidfd is its. */
	if (fd < 0 || start_ticks(pid) != start) {
		strbuf_printf(&w->steps->notes, "process %ld had ended already\n", pid);
		return 0;
	}
	if (pidfd_send_signal(fd, number, NULL, 0) < 0 && errno != ESRCH) {
		return err_set(w->err, -errno, "cannot signal process %ld: %s", pid,
		               strerror(errno));
	}
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	if (poll(&poll_fd, 1, SIGNAL_WAIT_MS) == 0) {
		strbuf_printf(&w->steps->notes, "process %ld got the signal and still runs\n", pid);
	}
	return 0;
}

/* ---- any kind ---- */

int change_forward(struct work *w, size_t index) {
	struct journal_change *c = &w->repair->changes[index];
	int r = 0;
	switch (c->kind) {
	case CHANGE_FILE:
		r = make_dirs(w, c->made_dirs);
		return r < 0 ? r : turn_file(w, c, &c->before, &c->after);
	case CHANGE_MOVE:
		return turn_move(w, c, c->path, c->to);
	case CHANGE_MODES:
		return turn_modes(w, c, false);
	case CHANGE_RUN:
		return do_run(w, index);
	case CHANGE_SIGNAL:
		return do_signal(w, c);
	}
	return err_set(w->err, -EBADMSG, "the journal names a change of an unknown kind");
}

int change_back(struct work *w, size_t index) {
	struct journal_change *c = &w->repair->changes[index];
	int r;
	switch (c->kind) {
	case CHANGE_FILE:
		r = turn_file(w, c, &c->after, &c->before);
		return r < 0 ? r : remove_dirs(w, c->made_dirs);
	case CHANGE_MOVE:
		return turn_move(w, c, c->to, c->path);
	case CHANGE_MODES:
		return turn_modes(w, c, true);
	case CHANGE_RUN:
		return 0;
	case CHANGE_SIGNAL:
		strbuf_printf(&w->steps->notes, "not to be taken back: %s\n", c->what);
		return 0;
	}
	return err_set(w->err, -EBADMSG, "the journal names a change of an unknown kind");
}

int change_check_back(struct work *w, size_t index) {
	const struct journal_change *c = &w->repair->changes[index];
	CLEANUP(place_closep) struct place place = {.dir_fd = -1};
	struct image now;
	if (c->kind != CHANGE_FILE && c->kind != CHANGE_MOVE) {
		return 0;
	}
	int r = look(w, c->kind == CHANGE_FILE ? c->path : c->to, &place, &now);
	if (r < 0) {
		return r;
	}
	if (c->kind == CHANGE_FILE) {
		struct image left = left_behind(w, index);
		return image_same(&now, &left) ? 0 : check_file(w, c, &now, &c->after, &c->before);
	}
	if (is_the_thing(c, &now) || c->state == CHANGE_INTENDED || c->state == CHANGE_UNDOING) {
		return 0;
	}
	return conflict(w, c, &now, "'%s' is not what repair %lld moved there", c->to,
	                (long long)w->repair->id);
}
