/* SPDX-License-Identifier: MIT */
#include "apply/steps.h"

#include "apply/modes.h"
#include "apply/put.h"
#include "apply/steps_private.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/str.h"
#include "base/vec.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define KEPT_OPEN_MAX    16
#define MODES_ROUNDS_MAX 200

void steps_init(struct steps *steps, struct arena *arena, struct journal *journal) {
	*steps = (struct steps){.arena = arena, .journal = journal};
	strbuf_init(&steps->notes, arena);
}

/* ---- what is kept aside ---- */

const char *work_keep_dir(struct work *w, const char *name) {
	const char *state = journal_dir(w->arena);
	const char *const levels[] = {"kept", w->repair->nonce, name};
	const char *dir = state;
	for (size_t i = 0; dir && i < 3; i++) {
		dir = path_join(w->arena, dir, levels[i]);
		if (mkdir(dir, 0700) < 0 && errno != EEXIST) {
			err_set(w->err, -errno, "cannot make '%s': %s", dir, strerror(errno));
			return NULL;
		}
	}
	return dir;
}

static int forget(const char *path, const struct stat *st, int type, struct FTW *ftw) {
	(void)st;
	(void)type;
	(void)ftw;
	(void)remove(path);
	return 0;
}

void work_forget_kept(struct work *w) {
	const char *state = journal_dir(w->arena);
	if (state && *w->repair->nonce) {
		const char *dir = arena_printf(w->arena, "%s/kept/%s", state, w->repair->nonce);
		(void)nftw(dir, forget, KEPT_OPEN_MAX, FTW_DEPTH | FTW_PHYS | FTW_MOUNT);
	}
}

/* Files too large for the journal itself, before they are removed or replaced. */
static int keep_large(struct work *w) {
	for (size_t i = 0; i < w->repair->change_count; i++) {
		struct journal_change *c = &w->repair->changes[i];
		if (c->kind != CHANGE_FILE || !c->before.kept ||
		    image_same_bytes(&c->before, &c->after)) {
			continue;
		}
		const char *dir = work_keep_dir(w, arena_printf(w->arena, "%zu", i));
		if (!dir) {
			return w->err->code;
		}
		const char *copy = path_join(w->arena, dir, "before");
		int opened = image_open_file(AT_FDCWD, c->before.kept);
		CLEANUP(fd_closep) int from = opened;
		CLEANUP(fd_closep)
		int to = open(copy, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		int r = opened < 0 ? opened : to < 0 ? -errno : put_copy(from, to);
		if (r == 0 && fsync(to) < 0) {
			r = -errno;
		}
		if (r < 0) {
			return err_set(w->err, r, "cannot keep '%s' aside: %s", c->path,
			               strerror(-r));
		}
		c->before.kept = copy;
	}
	return 0;
}

/* ---- times of directories ---- */

static int64_t dir_time(struct arena *arena, const char *path) {
	CLEANUP(place_closep) struct place place = {.dir_fd = -1};
	struct err ignored;
	struct stat st;
	if (streq(path, "/") || place_open(arena, path, &place, &ignored) < 0 ||
	    place_stat(&place, &st) < 0 || !S_ISDIR(st.st_mode)) {
		return 0;
	}
	return st.st_mtim.tv_sec * NS_PER_S + st.st_mtim.tv_nsec;
}

void work_remember_dir(struct work *w, const char *dir) {
	for (size_t i = 0; i < w->dirs.count; i++) {
		if (streq(w->dirs.items[i].path, dir)) {
			return;
		}
	}
	int64_t ns = dir_time(w->arena, dir);
	if (ns != 0) {
		VEC_ROOM(w->arena, w->dirs.items, w->dirs.count, &w->dirs.slots);
		w->dirs.items[w->dirs.count++] = (struct dir_time){.path = dir, .before_ns = ns};
	}
}

static void remember_dirs_of(struct work *w, const struct journal_change *c) {
	if (c->kind == CHANGE_FILE || c->kind == CHANGE_MOVE) {
		struct slice rest = slice_str(c->made_dirs);
		struct slice outermost = {0};
		const char *at = slice_line(&rest, &outermost) && outermost.len > 0
		                         ? arena_slicedup(w->arena, outermost)
		                         : c->path;
		work_remember_dir(w, path_parent(w->arena, at));
	}
	if (c->kind == CHANGE_MOVE) {
		work_remember_dir(w, path_parent(w->arena, c->to));
	}
}

static struct slice encode_dirs(struct work *w) {
	struct strbuf out;
	strbuf_init(&out, w->arena);
	for (size_t i = 0; i < w->dirs.count; i++) {
		struct dir_time *d = &w->dirs.items[i];
		d->after_ns = dir_time(w->arena, d->path);
		strbuf_printf(&out, "%lld %lld %s", (long long)d->before_ns, (long long)d->after_ns,
		              d->path);
		strbuf_add_char(&out, '\0');
	}
	return slice_of(out.data, out.len);
}

/* Those that still have the time the repair left them with: whoever changed something there since would not like its
 * time to go back. One that is gone will be made again. */
static void decode_dirs(struct work *w) {
	struct slice rest = w->repair->dirs;
	struct slice item;
	while (slice_cut(&rest, '\0', &item)) {
		long long before = 0;
		long long after = 0;
		int used = 0;
		if (sscanf(item.data, "%lld %lld %n", &before, &after, &used) == 2 && used > 0 &&
		    dir_time(w->arena, item.data + used) == after) {
			VEC_ROOM(w->arena, w->dirs.items, w->dirs.count, &w->dirs.slots);
			w->dirs.items[w->dirs.count++] =
				(struct dir_time){.path = item.data + used, .before_ns = before};
		}
	}
}

static void restore_dirs(struct work *w) {
	for (size_t i = 0; i < w->dirs.count; i++) {
		const struct dir_time *d = &w->dirs.items[i];
		CLEANUP(place_closep) struct place place = {.dir_fd = -1};
		struct err ignored;
		const struct timespec times[] = {
			{.tv_nsec = UTIME_OMIT},
			{.tv_sec = d->before_ns / NS_PER_S, .tv_nsec = d->before_ns % NS_PER_S}};
		if (place_open(w->arena, d->path, &place, &ignored) == 0) {
			(void)utimensat(place.dir_fd, place.name, times, AT_SYMLINK_NOFOLLOW);
		}
	}
}

/* ---- back ---- */

static bool seen_before(const struct work *w, size_t index) {
	const struct journal_change *c = &w->repair->changes[index];
	for (size_t i = index + 1; i < w->repair->change_count; i++) {
		const struct journal_change *later = &w->repair->changes[i];
		if (later->state == CHANGE_PLANNED || later->state == CHANGE_UNDONE ||
		    later->state == CHANGE_FAILED || later->kind == CHANGE_MODES) {
			continue;
		}
		if (streq(later->path, c->path) ||
		    (later->kind == CHANGE_MOVE &&
		     (path_below(c->path, later->path) || path_below(c->path, later->to)))) {
			return true;
		}
	}
	return false;
}

static bool counts(const struct journal_change *c) {
	return c->state == CHANGE_DONE || c->state == CHANGE_INTENDED || c->state == CHANGE_UNDOING;
}

/* The latest change of each file must be found as it was made. */
static int check_back(struct work *w) {
	for (size_t i = w->repair->change_count; i-- > 0;) {
		struct journal_change *c = &w->repair->changes[i];
		if (!counts(c) || seen_before(w, i)) {
			continue;
		}
		int r = journal_load(w->steps->journal, w->arena, c, w->err);
		r = r < 0 ? r : change_check_back(w, i);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

static int take_back(struct work *w, enum repair_state end) {
	struct journal *journal = w->steps->journal;
	for (size_t i = w->repair->change_count; i-- > 0;) {
		struct journal_change *c = &w->repair->changes[i];
		if (!counts(c)) {
			continue;
		}
		int r = journal_load(journal, w->arena, c, w->err);
		w->resumed = w->resumed || c->state != CHANGE_DONE;
		r = r < 0 ? r : journal_set_state(journal, c, CHANGE_UNDOING, w->err);
		r = r < 0 ? r : change_back(w, i);
		r = r < 0 ? r : journal_set_state(journal, c, CHANGE_UNDONE, w->err);
		if (r < 0) {
			return r;
		}
	}
	restore_dirs(w);
	w->repair->state = end;
	w->repair->undone_ns = clock_wall_ns();
	int r = journal_update_repair(journal, w->repair, w->err);
	if (r == 0) {
		work_forget_kept(w);
	}
	return r;
}

/* What interrupted programs did until then counts too. */
static int collect_interrupted(struct work *w) {
	size_t count = w->repair->change_count;
	for (size_t i = 0; i < count; i++) {
		struct journal_change *c = &w->repair->changes[i];
		if (c->kind != CHANGE_RUN ||
		    (c->state != CHANGE_INTENDED && c->state != CHANGE_UNDOING)) {
			continue;
		}
		int r = journal_load(w->steps->journal, w->arena, c, w->err);
		if (r == 0 && c->tree.len > 0) {
			r = change_collect(w, i);
		}
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

int steps_undo(struct steps *steps, struct repair *repair, struct err *err) {
	struct work w = {.steps = steps, .arena = steps->arena, .repair = repair, .err = err};
	if (repair->state == REPAIR_UNDONE || repair->state == REPAIR_FAILED) {
		return err_set(err, -EALREADY, "repair %lld is %s", (long long)repair->id,
		               repair_state_name(repair->state));
	}
	w.resumed = repair->state != REPAIR_DONE;
	int r = collect_interrupted(&w);
	r = r < 0 ? r : check_back(&w);
	if (r < 0) {
		return r;
	}
	decode_dirs(&w);
	repair->state = REPAIR_UNDOING;
	r = journal_update_repair(steps->journal, repair, err);
	return r < 0 ? r : take_back(&w, REPAIR_UNDONE);
}

/* ---- forward ---- */

static int do_change(struct work *w, size_t index) {
	struct journal *journal = w->steps->journal;
	struct journal_change *c = &w->repair->changes[index];
	if (w->steps->on_change) {
		w->steps->on_change(c, w->steps->context);
	}
	if (w->steps->world && w->steps->world->interrupted) {
		return err_set(w->err, -EINTR, "stopped");
	}
	int r = journal_set_state(journal, c, CHANGE_INTENDED, w->err);
	r = r < 0 ? r : change_forward(w, index);
	/* A program may have added changes, and the array grown. */
	c = &w->repair->changes[index];
	if (r < 0 && w->steps->conflict) {
		/* Something else stands there: this one was not made, and there is nothing to take back. */
		struct err ignored;
		(void)journal_set_state(journal, c, CHANGE_FAILED, &ignored);
	}
	return r < 0 || c->state == CHANGE_DONE
	               ? r
	               : journal_set_state(journal, c, CHANGE_DONE, w->err);
}

/* What could not be looked into before its directory had another mode. */
static int do_modes_below(struct work *w, size_t index) {
	unsigned on = 0;
	unsigned off = 0;
	for (int round = 0; round < MODES_ROUNDS_MAX; round++) {
		struct slice detail;
		size_t count = 0;
		const struct journal_change *c = &w->repair->changes[index];
		if (sscanf(c->to, "%o %o", &on, &off) != 2) {
			return 0;
		}
		bool below = !str_ends(c->to, CHANGE_MODES_ALONE);
		int r = modes_list(w->arena, c->path, below, on, off, &detail, &count, w->err);
		if (r < 0 || count == 0) {
			return r == -ENOENT ? 0 : r; /* a program did away with it */
		}
		struct journal_change *more = repair_add(w->arena, w->repair, CHANGE_MODES);
		more->what = w->repair->changes[index].what;
		more->path = w->repair->changes[index].path;
		more->detail = detail;
		size_t last = w->repair->change_count - 1;
		r = journal_add_change(w->steps->journal, w->repair, more, w->err);
		if (r < 0) {
			w->repair->change_count--;
			return r;
		}
		r = do_change(w, last);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

static int finish(struct work *w) {
	w->repair->dirs = encode_dirs(w);
	w->repair->state = REPAIR_DONE;
	w->repair->note = w->steps->notes.data;
	return journal_update_repair(w->steps->journal, w->repair, w->err);
}

/* The sentence of what went wrong first stays; whether what came before could be taken back is added. */
static int give_up(struct work *w, int r) {
	struct err *first = w->err;
	struct err second;
	const char *why = arena_strdup(w->arena, first->msg);
	struct repair written = {0};
	w->err = &second;
	w->resumed = true;
	/* A commit that was reported to fail may be on the disk all the same: what is written counts. */
	if (journal_find(w->steps->journal, w->arena, w->repair->id, &written, &second) == 0) {
		*w->repair = written;
	}
	int back = collect_interrupted(w);
	back = back < 0 ? back : take_back(w, REPAIR_FAILED);
	w->err = first;
	return back == 0 ? err_set(first, r, "%s; nothing was changed", why)
	                 : err_set(first, r,
	                           "%s; and what was done before could not be taken back (%s): "
	                           "`dialtone undo %lld` tries it again",
	                           why, second.msg, (long long)w->repair->id);
}

static int go_forward(struct work *w) {
	int r = 0;
	size_t planned = w->repair->change_count;
	for (size_t i = 0; r == 0 && i < planned; i++) {
		if (w->repair->changes[i].state == CHANGE_PLANNED) {
			r = do_change(w, i);
		}
		if (r == 0 && w->repair->changes[i].kind == CHANGE_MODES) {
			r = do_modes_below(w, i);
		}
	}
	r = r < 0 ? r : finish(w);
	return r < 0 ? give_up(w, r) : 0;
}

int steps_apply(struct steps *steps, struct repair *repair, struct err *err) {
	struct work w = {.steps = steps, .arena = steps->arena, .repair = repair, .err = err};
	for (size_t i = 0; i < repair->change_count; i++) {
		const struct journal_change *c = &repair->changes[i];
		if (c->kind == CHANGE_SIGNAL && !steps->disruptive) {
			return err_set(err, -EPERM, "%s: that needs --disruptive", c->what);
		}
		remember_dirs_of(&w, c);
	}
	repair->nonce = journal_nonce(steps->arena);
	int r = keep_large(&w);
	r = r < 0 ? r : journal_add_repair(steps->journal, repair, err);
	if (r < 0) {
		work_forget_kept(&w);
		return r;
	}
	return go_forward(&w);
}

/* One that was begun and is not known to be done is taken back first, and then done like those that were not begun: what a
 * program did half is not built upon. */
static int settle(struct work *w) {
	struct journal *journal = w->steps->journal;
	for (size_t i = w->repair->change_count; i-- > 0;) {
		struct journal_change *c = &w->repair->changes[i];
		int r = journal_load(journal, w->arena, c, w->err);
		if (r == 0 && c->state == CHANGE_INTENDED && c->kind != CHANGE_RUN) {
			r = change_back(w, i);
			r = r < 0 ? r : journal_set_state(journal, c, CHANGE_PLANNED, w->err);
		}
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

static int run_again(struct work *w) {
	struct journal *journal = w->steps->journal;
	size_t count = w->repair->change_count;
	for (size_t i = 0; i < count; i++) {
		struct journal_change *c = &w->repair->changes[i];
		if (c->kind != CHANGE_RUN || c->state != CHANGE_INTENDED) {
			continue;
		}
		int r = c->tree.len > 0 ? change_collect(w, i) : 0;
		for (size_t k = w->repair->change_count; r == 0 && k-- > count;) {
			r = change_back(w, k);
			r = r < 0 ? r
			          : journal_set_state(journal, &w->repair->changes[k],
			                              CHANGE_UNDONE, w->err);
		}
		r = r < 0 ? r
		          : journal_set_state(journal, &w->repair->changes[i], CHANGE_PLANNED,
		                              w->err);
		if (r < 0) {
			return r;
		}
	}
	return 0;
}

int steps_resume(struct steps *steps, struct repair *repair, struct err *err) {
	struct work w = {.steps = steps,
	                 .arena = steps->arena,
	                 .repair = repair,
	                 .resumed = true,
	                 .err = err};
	if (repair->state == REPAIR_UNDOING) {
		return steps_undo(steps, repair, err);
	}
	if (repair->state != REPAIR_WORKING) {
		return err_set(err, -EALREADY, "repair %lld is %s", (long long)repair->id,
		               repair_state_name(repair->state));
	}
	int r = settle(&w);
	r = r < 0 ? r : run_again(&w);
	return r < 0 ? r : go_forward(&w);
}

const char *steps_missing_dirs(struct arena *arena, const char *path) {
	const char *list = "";
	struct stat st;
	for (const char *dir = path_parent(arena, path);
	     lstat(dir, &st) < 0 && errno == ENOENT && !streq(dir, "/");
	     dir = path_parent(arena, dir)) {
		list = arena_printf(arena, "%s\n%s", dir, list);
	}
	return list;
}

int steps_write_file(struct steps *steps, const char *path, const struct image *before,
                     const struct image *after, const char *cause, const char *why, int64_t *ret_id,
                     struct err *err) {
	struct repair repair = {
		.cause = cause, .subject = "", .why = why, .workspace = "", .note = ""};
	struct journal_change *c = repair_add(steps->arena, &repair, CHANGE_FILE);
	const struct place place = {.dir_fd = -1, .path = path};
	int r = put_may_replace(&place, before, err);
	if (r < 0) {
		return r;
	}
	c->what = why;
	c->path = path;
	c->made_dirs = image_exists(after) ? steps_missing_dirs(steps->arena, path) : "";
	c->before = *before;
	c->after = *after;
	c->after.mtime_ns = 0;
	c->after.atime_ns = 0;
	r = steps_apply(steps, &repair, err);
	*ret_id = repair.id;
	return r;
}
