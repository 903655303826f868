/* SPDX-License-Identifier: MIT */
#include "apply/resolve.h"

#include "apply/edit.h"
#include "apply/modes.h"
#include "apply/program.h"
#include "apply/protection.h"
#include "apply/put.h"
#include "apply/steps.h"
#include "base/fd.h"
#include "base/path.h"
#include "base/start_ticks.h"
#include "base/str.h"
#include "base/vec.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define FREE_NAMES_MAX 1000
#define GROUPS_MAX     1024

struct resolve {
	struct arena *arena;
	struct plan *plan;
	struct repair *repair;
	const struct step *step;
	struct err *err;
};

/* What earlier steps make of it: the latest one counts. */
static const struct image *made_before(struct resolve *r, const char *path) {
	static const struct image nothing = {.kind = IMAGE_ABSENT};
	for (size_t i = r->repair->change_count; i-- > 0;) {
		const struct journal_change *c = &r->repair->changes[i];
		if (c->kind == CHANGE_FILE && streq(c->path, path)) {
			return &c->after;
		}
		if (c->kind == CHANGE_MOVE && path_below(path, c->path)) {
			return &nothing;
		}
		if (c->kind == CHANGE_MOVE && streq(path, c->to)) {
			return &c->before;
		}
	}
	return NULL;
}

/* May a program before this step have changed it? */
static bool was_announced(const struct resolve *r, const char *path) {
	for (size_t i = 0; i < r->repair->change_count; i++) {
		const struct journal_change *c = &r->repair->changes[i];
		struct program p;
		if (c->kind != CHANGE_RUN || program_decode(r->arena, c->detail, &p) < 0) {
			continue;
		}
		for (size_t k = 0; p.announces[k]; k++) {
			if (path_below(path, p.announces[k])) {
				return true;
			}
		}
	}
	return false;
}

static bool runs_before(const struct resolve *r) {
	bool found = false;
	for (size_t i = 0; i < r->repair->change_count; i++) {
		found = found || r->repair->changes[i].kind == CHANGE_RUN;
	}
	return found;
}

/* Where it leads and what will stand there when this step begins. */
static int look(struct resolve *r, const char *path, bool follow_last, const char **ret_real,
                struct image *ret) {
	CLEANUP(place_closep) struct place place = {.dir_fd = -1};
	*ret = (struct image){.kind = IMAGE_ABSENT};
	int e = place_resolve(r->arena, path, r->plan->workspace, follow_last, ret_real, r->err);
	if (e < 0) {
		return e;
	}
	if (was_announced(r, *ret_real)) {
		return err_set(r->err, -EINVAL, "'%s' may be changed by a program before this step",
		               *ret_real);
	}
	const struct image *made = made_before(r, *ret_real);
	if (made) {
		*ret = *made;
		return 0;
	}
	e = place_open(r->arena, *ret_real, &place, r->err);
	if (e == -ENOENT) {
		return 0;
	}
	return e < 0 ? e : image_at(r->arena, &place, IMAGE_MAX_BYTES, ret, r->err);
}

/* May this user change the names in the directory of path, or the nearest there is above it? */
static int check_directory(struct resolve *r, const char *path) {
	struct stat st;
	const char *dir = path_parent(r->arena, path);
	while (lstat(dir, &st) < 0 && errno == ENOENT && !streq(dir, "/")) {
		dir = path_parent(r->arena, dir);
	}
	if (faccessat(AT_FDCWD, dir, W_OK | X_OK, AT_EACCESS) == 0) {
		return 0;
	}
	if (errno != EACCES) {
		return err_set(r->err, -errno, "nothing can be written in '%s': %s", dir,
		               strerror(errno));
	}
	const struct image *made = made_before(r, dir);
	if (made && (made->mode & 0300) == 0300) {
		return 0;
	}
	if (lstat(dir, &st) == 0 && st.st_uid == geteuid()) {
		return err_set(r->err, -EACCES, "the directory '%s' is write-protected (mode %04o)",
		               dir, (unsigned)(st.st_mode & 07777));
	}
	r->plan->needs_root = true;
	return 0;
}

/* A file of a group we are not in could not be made anew. */
static bool may_give(gid_t gid) {
	gid_t groups[GROUPS_MAX];
	int count = getgroups(GROUPS_MAX, groups);
	bool ours = gid == getegid();
	for (int i = 0; i < count && !ours; i++) {
		ours = groups[i] == gid;
	}
	return ours;
}

static int check_rights(struct resolve *r, const char *path, const struct image *now) {
	if (geteuid() != 0 && image_exists(now) && (now->uid != geteuid() || !may_give(now->gid))) {
		r->plan->needs_root = true;
		return 0;
	}
	return check_directory(r, path);
}

/* Directories that an earlier step has to make are that step's: taken back newest first, they go with it. */
static const char *missing_dirs(struct resolve *r, const char *path) {
	struct slice rest = slice_str(steps_missing_dirs(r->arena, path));
	struct slice line;
	const char *list = "";
	while (slice_line(&rest, &line)) {
		const char *dir = arena_slicedup(r->arena, line);
		const char *marked = arena_printf(r->arena, "\n%s\n", dir);
		bool made = false;
		for (size_t i = 0; i < r->repair->change_count && !made; i++) {
			const char *theirs = r->repair->changes[i].made_dirs;
			made = str_has(arena_printf(r->arena, "\n%s", theirs), marked);
		}
		list = made ? list : arena_printf(r->arena, "%s%s\n", list, dir);
	}
	return list;
}

static struct journal_change *add_file(struct resolve *r, const char *path,
                                       const struct image *before, const struct image *after) {
	const char *made_dirs = image_exists(before) ? "" : missing_dirs(r, path);
	struct journal_change *c = repair_add(r->arena, r->repair, CHANGE_FILE);
	c->what = r->step->what;
	c->path = path;
	c->before = *before;
	c->after = *after;
	c->made_dirs = made_dirs;
	return c;
}

static void add_move(struct resolve *r, const char *path, const char *to, const struct image *now) {
	struct journal_change *c = repair_add(r->arena, r->repair, CHANGE_MOVE);
	c->what = arena_printf(r->arena, "move %s to %s", path, to);
	c->path = path;
	c->to = to;
	c->before = *now;
	/* What it holds moves with it; which thing it is decides. */
	c->before.bytes = slice_of("", 0);
	c->before.kept = NULL;
	c->before.has_xattrs = false;
	c->after = c->before;
	c->detail = slice_str(r->step->remade ? CHANGE_MOVE_REMADE : "");
}

static int free_name(struct resolve *r, const char *path, const char **ret) {
	struct image there;
	for (int n = 1; n <= FREE_NAMES_MAX; n++) {
		const char *name = n == 1 ? arena_printf(r->arena, "%s.aside", path)
		                          : arena_printf(r->arena, "%s.aside-%d", path, n);
		int e = look(r, name, false, ret, &there);
		if (e < 0 || !image_exists(&there)) {
			return e;
		}
	}
	return err_set(r->err, -EEXIST, "no name beside '%s' is free", path);
}

/* ---- texts ---- */

static int check_text(struct resolve *r, const char *path, const struct image *now) {
	if (image_exists(now) && now->kind != IMAGE_FILE) {
		return err_set(r->err, -EINVAL, "'%s' is %s, not a file", path,
		               image_kind_name(now->kind));
	}
	if (now->kept) {
		return now->size > (int64_t)IMAGE_MAX_BYTES
		               ? err_set(r->err, -EFBIG, "'%s' is larger than %zu MiB", path,
		                         IMAGE_MAX_BYTES >> 20)
		               : err_set(r->err, -EACCES, "'%s' cannot be read", path);
	}
	struct place place = {.dir_fd = -1, .path = path};
	return put_may_replace(&place, now, r->err);
}

/* A file of somebody else's in a directory of this user's: he may put it aside and write his own, and so it can be given
 * back with its owner. */
static bool may_put_aside(const struct resolve *r, const char *path, const struct image *now) {
	struct stat dir;
	const char *parent = path_parent(r->arena, path);
	return geteuid() != 0 && image_exists(now) && now->uid != geteuid() &&
	       lstat(parent, &dir) == 0 && dir.st_uid == geteuid() &&
	       faccessat(AT_FDCWD, parent, W_OK | X_OK, AT_EACCESS) == 0;
}

static struct image new_file(struct resolve *r, const char *path, struct slice text) {
	CLEANUP(place_closep) struct place place = {.dir_fd = -1};
	struct err ignored;
	(void)place_open(r->arena, path, &place, &ignored);
	return image_new_file(&place, text);
}

static int replace_others(struct resolve *r, const char *path, const struct image *now,
                          struct slice text) {
	static const struct image nothing = {.kind = IMAGE_ABSENT};
	const char *aside;
	int e = free_name(r, path, &aside);
	if (e < 0) {
		return e;
	}
	struct image after = new_file(r, path, text);
	after.mode = (now->mode & 0777) | 0600;
	add_move(r, path, aside, now);
	add_file(r, path, &nothing, &after);
	return 0;
}

static int resolve_text(struct resolve *r) {
	const char *path;
	struct image now;
	struct slice text;
	int e = look(r, r->step->path, true, &path, &now);
	e = e < 0 ? e : check_text(r, path, &now);
	e = e < 0 ? e : edit_text(r->arena, r->step, path, now.bytes, &text, r->err);
	if (e < 0) {
		return e;
	}
	bool same = text.len == now.bytes.len &&
	            (text.len == 0 || memcmp(text.data, now.bytes.data, text.len) == 0);
	if (same) {
		return 0;
	}
	if (may_put_aside(r, path, &now)) {
		return replace_others(r, path, &now, text);
	}
	e = check_rights(r, path, &now);
	if (e < 0) {
		return e;
	}
	struct image after = image_exists(&now) ? now : new_file(r, path, text);
	after.bytes = text;
	after.size = (int64_t)text.len;
	after.mtime_ns = 0;
	after.atime_ns = 0;
	after.nlink = 1;
	add_file(r, path, &now, &after);
	return 0;
}

/* ---- names ---- */

static int resolve_link(struct resolve *r) {
	const char *path;
	struct image now;
	int e = look(r, r->step->path, false, &path, &now);
	if (e < 0) {
		return e;
	}
	if (now.kind == IMAGE_LINK && slice_eq(now.bytes, r->step->value)) {
		return 0;
	}
	bool fits = r->step->expected
	                    ? now.kind == IMAGE_LINK && slice_eq(now.bytes, r->step->expected)
	                    : !image_exists(&now);
	if (!fits) {
		return err_set(r->err, -EBADMSG, "'%s' is %s, not %s%s", path,
		               image_kind_name(now.kind), r->step->expected ? "a link to " : "free",
		               r->step->expected ? r->step->expected : "");
	}
	struct image after = {.kind = IMAGE_LINK,
	                      .bytes = slice_str(r->step->value),
	                      .mode = 0777,
	                      .uid = image_exists(&now) ? now.uid : geteuid(),
	                      .gid = image_exists(&now) ? now.gid : getegid()};
	add_file(r, path, &now, &after);
	return check_rights(r, path, &now);
}

static bool is_empty(const char *dir) {
	DIR *d = opendir(dir);
	const struct dirent *entry;
	bool empty = d != NULL;
	while (d && empty && (entry = readdir(d))) {
		empty = streq(entry->d_name, ".") || streq(entry->d_name, "..");
	}
	if (d) {
		closedir(d);
	}
	return empty;
}

static int resolve_remove(struct resolve *r) {
	static const struct image nothing = {.kind = IMAGE_ABSENT};
	const char *path;
	struct image now;
	int e = look(r, r->step->path, false, &path, &now);
	if (e < 0 || !image_exists(&now)) {
		return e;
	}
	if (now.kind == IMAGE_OTHER || (now.kind == IMAGE_DIRECTORY && !is_empty(path))) {
		return err_set(r->err, -EINVAL, "'%s' is %s%s; it is not removed", path,
		               image_kind_name(now.kind),
		               now.kind == IMAGE_DIRECTORY ? " and not empty" : "");
	}
	if (now.kind == IMAGE_FILE && now.nlink > 1) {
		return err_set(r->err, -EMLINK,
		               "'%s' has %llu hard links, which could not be given back", path,
		               (unsigned long long)now.nlink);
	}
	if (now.kept && faccessat(AT_FDCWD, path, R_OK, AT_EACCESS) < 0) {
		return err_set(r->err, -EACCES,
		               "'%s' cannot be read, so it could not be given back", path);
	}
	add_file(r, path, &now, &nothing);
	return check_rights(r, path, &now);
}

static int check_move(struct resolve *r, const char *path, const char *to) {
	struct stat from_dir;
	struct stat to_dir;
	if (path_below(to, path)) {
		return err_set(r->err, -EINVAL, "'%s' cannot be moved below itself", path);
	}
	if (lstat(path_parent(r->arena, path), &from_dir) == 0 &&
	    lstat(path_parent(r->arena, to), &to_dir) == 0 && from_dir.st_dev != to_dir.st_dev) {
		return err_set(r->err, -EXDEV, "'%s' and '%s' are on different file systems", path,
		               to);
	}
	return 0;
}

/* A name may be changed by whom its directory lets, whosever the thing is; with the sticky bit only by one of both
 * owners (rename(2), EPERM). Into another directory, of a directory of others the entry ".." would have to change. */
static int check_move_rights(struct resolve *r, const char *path, const char *to,
                             const struct image *now) {
	struct stat dir;
	const char *parent = path_parent(r->arena, path);
	bool here = streq(parent, path_parent(r->arena, to));
	bool free = here && lstat(parent, &dir) == 0 &&
	            (!(dir.st_mode & S_ISVTX) || dir.st_uid == geteuid());
	int e = free ? check_directory(r, path) : check_rights(r, path, now);
	return e < 0 ? e : check_directory(r, to);
}

static int resolve_move(struct resolve *r) {
	const char *path;
	const char *to;
	struct image now;
	struct image there = {.kind = IMAGE_ABSENT};
	int e = look(r, r->step->path, false, &path, &now);
	if (e < 0) {
		return e;
	}
	if (!image_exists(&now)) {
		return err_set(r->err, -EBADMSG, "'%s' is not there", path);
	}
	e = r->step->to ? look(r, r->step->to, false, &to, &there) : free_name(r, path, &to);
	if (e == 0 && image_exists(&there)) {
		e = err_set(r->err, -EEXIST, "'%s' is there already", to);
	}
	e = e < 0 ? e : check_move(r, path, to);
	if (e < 0) {
		return e;
	}
	add_move(r, path, to, &now);
	return check_move_rights(r, path, to, &now);
}

static int resolve_mkdir(struct resolve *r) {
	const char *path;
	struct image now;
	int e = look(r, r->step->path, true, &path, &now);
	if (e < 0 || now.kind == IMAGE_DIRECTORY) {
		return e;
	}
	if (image_exists(&now)) {
		return err_set(r->err, -EEXIST, "'%s' is %s, not a directory", path,
		               image_kind_name(now.kind));
	}
	struct image after = new_file(r, path, slice_of("", 0));
	after.kind = IMAGE_DIRECTORY;
	after.mode = r->step->mode ? r->step->mode & 07777 : 0755;
	add_file(r, path, &now, &after);
	return check_directory(r, path);
}

static struct journal_change *add_modes(struct resolve *r, const char *path) {
	struct journal_change *c = repair_add(r->arena, r->repair, CHANGE_MODES);
	c->what = r->step->what;
	c->path = path;
	c->to = arena_printf(r->arena, "%o %o%s", (unsigned)r->step->mode,
	                     (unsigned)r->step->mode_off, r->step->below ? "" : CHANGE_MODES_ALONE);
	return c;
}

static int resolve_modes(struct resolve *r, const char *path) {
	struct slice detail;
	size_t count = 0;
	int e = modes_list(r->arena, path, true, r->step->mode, r->step->mode_off, &detail, &count,
	                   r->err);
	if (e < 0 || count == 0) {
		return e;
	}
	struct journal_change *c = add_modes(r, path);
	c->what = arena_printf(r->arena, "%s (%zu files)", r->step->what, count);
	c->detail = detail;
	return 0;
}

static int resolve_mode(struct resolve *r) {
	const char *path;
	struct image now;
	int e = place_resolve(r->arena, r->step->path, r->plan->workspace, true, &path, r->err);
	if (e == 0 && r->step->passing && runs_before(r)) {
		/* Of what is there by then; and what the program did is taken back while it is open still. */
		(void)add_modes(r, path);
		return 0;
	}
	e = e < 0 ? e : look(r, r->step->path, true, &path, &now);
	if (e < 0) {
		return e;
	}
	if (!image_exists(&now) || now.kind == IMAGE_OTHER) {
		return err_set(r->err, -EBADMSG, "'%s' is %s", path, image_kind_name(now.kind));
	}
	if (geteuid() != 0 && now.uid != geteuid()) {
		r->plan->needs_root = true;
	}
	if (r->step->below && now.kind == IMAGE_DIRECTORY) {
		return resolve_modes(r, path);
	}
	struct image after = now;
	/* Asked for by name, an x is meant. */
	mode_t mode = ((now.mode | r->step->mode) & ~r->step->mode_off) & 07777;
	if (mode != now.mode) {
		image_set_mode(r->arena, &after, mode);
		add_file(r, path, &now, &after);
	}
	return 0;
}

/* ---- programs and processes ---- */

static int resolve_announced(struct resolve *r, const char *path, const char **ret) {
	size_t len = strlen(path);
	while (len > 1 && path[len - 1] == '/') {
		len--;
	}
	int e = place_resolve(r->arena, arena_strndup(r->arena, path, len), r->plan->workspace,
	                      !r->step->anew, ret, r->err);
	if (e == 0 && (streq(*ret, "/") || streq(path_parent(r->arena, *ret), "/"))) {
		return err_set(r->err, -EINVAL, "a program may not announce all of '%s'", *ret);
	}
	return e;
}

static int resolve_run(struct resolve *r) {
	const struct step *step = r->step;
	struct program p = {.argv = step->argv, .env = step->env, .network = step->network};
	const char *program;
	size_t count = 0;
	while (step->announces[count]) {
		count++;
	}
	const char **announces = arena_array_of(r->arena, const char *, count + 1);
	int e = place_resolve(r->arena, step->argv[0], NULL, true, &program, r->err);
	e = e < 0 ? e
	          : place_resolve(r->arena, step->cwd, r->plan->workspace, true, &p.cwd, r->err);
	for (size_t i = 0; e == 0 && i < count; i++) {
		e = resolve_announced(r, step->announces[i], &announces[i]);
	}
	if (e < 0) {
		return e;
	}
	const char *workspace = r->plan->workspace;
	if (workspace && !r->plan->trusted &&
	    (path_below(step->argv[0], workspace) || path_below(program, workspace))) {
		return err_set(r->err, -EPERM,
		               "'%s' belongs to the workspace; it is run with --trust only",
		               program);
	}
	if (faccessat(AT_FDCWD, program, X_OK, AT_EACCESS) < 0) {
		return err_set(r->err, -errno, "'%s' cannot be run: %s", program, strerror(errno));
	}
	p.announces = announces;
	struct journal_change *c = repair_add(r->arena, r->repair, CHANGE_RUN);
	c->what = step->what;
	c->path = p.cwd;
	c->detail = program_encode(r->arena, &p);
	return 0;
}

static int resolve_signal(struct resolve *r) {
	const struct step *step = r->step;
	struct stat st;
	const char *dir = arena_printf(r->arena, "/proc/%lld", (long long)step->pid);
	if (step->pid <= 1 || start_ticks((long)step->pid) != step->start_ticks) {
		return 0; /* it has ended */
	}
	if (stat(dir, &st) == 0 && geteuid() != 0 && st.st_uid != geteuid()) {
		r->plan->needs_root = true;
	}
	struct journal_change *c = repair_add(r->arena, r->repair, CHANGE_SIGNAL);
	c->what = step->what;
	c->path = dir;
	c->detail = slice_str(arena_printf(r->arena, "%lld %llu %d", (long long)step->pid,
	                                   (unsigned long long)step->start_ticks, step->signal));
	return 0;
}

static int resolve_step(struct resolve *r) {
	if (edit_is(r->step->kind)) {
		return resolve_text(r);
	}
	switch (r->step->kind) {
	case STEP_LINK:
		return resolve_link(r);
	case STEP_REMOVE:
		return resolve_remove(r);
	case STEP_MOVE:
		return resolve_move(r);
	case STEP_MKDIR:
		return resolve_mkdir(r);
	case STEP_MODE:
		return resolve_mode(r);
	case STEP_RUN:
		return resolve_run(r);
	case STEP_SIGNAL:
		return resolve_signal(r);
	default:
		return err_set(r->err, -EINVAL, "an unknown kind of step");
	}
}

int plan_resolve(struct arena *arena, struct plan *plan, struct repair *ret, struct err *err) {
	*ret = (struct repair){
		.cause = plan->cause,
		.subject = plan->subject,
		.why = plan->step_count > 0 ? plan->steps[0].what : "",
		.workspace = plan->workspace ? plan->workspace : "",
		.nonce = "",
		.note = "",
	};
	struct resolve r = {.arena = arena, .plan = plan, .repair = ret, .err = err};
	if (plan->unable) {
		return err_set(err, -EINVAL, "%s", plan->unable);
	}
	bool any = false;
	protection_open(plan);
	for (size_t i = 0; i < plan->step_count; i++) {
		size_t before = ret->change_count;
		r.step = &plan->steps[i];
		int e = resolve_step(&r);
		if (e < 0) {
			return e;
		}
		any = any || (ret->change_count > before && !r.step->passing);
	}
	ret->change_count = any ? ret->change_count : 0;
	return 0;
}
