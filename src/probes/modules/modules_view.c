/* SPDX-License-Identifier: MIT
 */
#include "probes/modules/modules_view.h"

#include "base/path.h"
#include "base/str.h"
#include "gofile/modindex.h"
#include "gofile/modsince.h"
#include "probes/modules/modules_flags.h"

#include <errno.h>

#define REPLACES_MAX 256 /* of one go.mod that are compared with each other */
#define PARENTS_MAX  64  /* directories above that are looked into */

bool modules_covers(const char *path, const char *import) {
	size_t n = strlen(path);
	return n > 0 && strncmp(import, path, n) == 0 && (import[n] == '\0' || import[n] == '/');
}

struct modules_file *modules_file_read(struct exam *exam, const char *dir) {
	struct modules_file *file = arena_new_of(exam->arena, struct modules_file);
	file->dir = dir;
	file->path = path_join(exam->arena, dir, "go.mod");
	file->ev = world_look(exam->world, LOOK_FILE, file->path, LOOK_CAP_MODULE);
	file->exists = evidence_has_bytes(file->ev);
	if (file->exists) {
		file->mod = gomod_parse(exam->arena, file->ev->bytes);
	}
	return file;
}

/* dir or its nearest parent that holds a regular file of this name, or NULL. As in go, a directory
 * of that name does not count. */
static const char *find_above(struct exam *exam, const char *dir, const char *name) {
	for (int i = 0; i < PARENTS_MAX; i++) {
		const char *path = path_join(exam->arena, dir, name);
		struct file_stat st = world_stat(exam->world, path);
		if (st.exists && !st.is_dir) {
			return dir;
		}
		if (streq(dir, "/")) {
			break;
		}
		dir = path_parent(exam->arena, dir);
	}
	return NULL;
}

static void read_flags(struct modules_view *view) {
	struct exam *exam = view->exam;
	const char *mod = modules_flag(exam, "mod", &view->flag_from);
	view->flag = !mod || streq(mod, "") ? MODULES_FLAG_NONE
	             : streq(mod, "mod")    ? MODULES_FLAG_MOD
	             : streq(mod, "vendor") ? MODULES_FLAG_VENDOR
	                                    : MODULES_FLAG_READONLY;
	view->other_modfile =
		modules_flag(exam, "modfile", NULL) || modules_flag(exam, "overlay", NULL);
}

static const char *origin_word(const struct fact_govar *v) {
	return streq(v->origin, "goenv") ? "goenv" : "env";
}

/* GOWORK, else the nearest go.work above the workspace (where gopls runs go), else above the file.
 */
static void find_work(struct modules_view *view) {
	struct exam *exam = view->exam;
	const struct fact_govar *v = facts_govar(exam->facts, "GOWORK");
	const char *value = v && !streq(v->origin, "default") ? v->value : "";
	view->work_role = "active";
	view->work_from = "parent";
	if (v && !str_empty(value) && !streq(value, "off") && !streq(value, "auto")) {
		view->work_from = origin_word(v);
		view->work_path = value;
		view->work_dir = path_parent(exam->arena, value);
		if (value[0] != '/' || !world_stat(exam->world, value).is_file) {
			view->work_role = "missing";
		}
	} else {
		const char *dir = find_above(exam, view->workspace, "go.work");
		if (!dir) {
			dir = find_above(exam, view->file_dir, "go.work");
		}
		if (!dir) {
			return;
		}
		view->work_dir = dir;
		view->work_path = path_join(exam->arena, dir, "go.work");
		view->work_from = path_below(dir, view->workspace) ? "workspace" : "parent";
		view->work_role = streq(value, "off") || view->modules_off ? "off" : "active";
	}
	if (streq(view->work_role, "active")) {
		view->work_ev =
			world_look(exam->world, LOOK_FILE, view->work_path, LOOK_CAP_MODULE);
		view->work_read = evidence_has_bytes(view->work_ev);
	}
	if (view->work_read) {
		view->work = gowork_parse(exam->arena, view->work_ev->bytes);
	}
}

static struct modules_file *known_file(struct modules_view *view, const char *dir) {
	if (view->file && streq(view->file->dir, dir)) {
		return view->file;
	}
	if (view->root && streq(view->root->dir, dir)) {
		return view->root;
	}
	return modules_file_read(view->exam, dir);
}

static const char *use_dir(const struct modules_view *view, size_t i) {
	struct arena *arena = view->exam->arena;
	return path_clean(arena, path_join(arena, view->work_dir, view->work.uses[i].path));
}

static void read_members(struct modules_view *view) {
	for (size_t i = 0; view->work_read && i < view->work.use_count; i++) {
		const char *dir = use_dir(view, i);
		bool own = view->file && streq(view->file->dir, dir);
		view->is_member = view->is_member || own;
		if (i < MODULES_MEMBERS_MAX) {
			struct modules_file *file = known_file(view, dir);
			view->members[view->member_count++] = file->exists ? file : NULL;
		}
	}
}

void modules_view_init(struct modules_view *view, struct exam *exam) {
	const struct target *t = exam->target;
	*view = (struct modules_view){.exam = exam, .workspace = t->workspace};
	view->modules_off = streq(facts_govar_value(exam->facts, "GO111MODULE"), "off");
	view->gomodcache = facts_govar_value(exam->facts, "GOMODCACHE");
	/* The source of a dependency is no module of the user's: it is what the workspace needs. */
	bool foreign = t->open_file && !str_empty(view->gomodcache) &&
	               path_below(t->open_file, view->gomodcache);
	view->open_file = foreign ? NULL : t->open_file;
	view->file_dir = view->open_file ? path_parent(exam->arena, t->open_file) : view->workspace;
	read_flags(view);

	const char *dir = find_above(exam, view->workspace, "go.mod");
	view->root = dir ? modules_file_read(exam, dir) : NULL;
	dir = find_above(exam, view->file_dir, "go.mod");
	view->file = dir ? known_file(view, dir) : NULL;
	find_work(view);
	read_members(view);

	if (view->is_member) {
		bool among = !view->file || !view->file->exists;
		for (size_t i = 0; i < view->member_count; i++) {
			if (view->members[i]) {
				view->mains[view->main_count++] = view->members[i];
				among = among || view->members[i] == view->file;
			}
		}
		if (!among) {
			view->mains[view->main_count++] = view->file;
		}
	} else if (view->file && view->file->exists) {
		view->mains[view->main_count++] = view->file;
	}
}

const struct modfile_replace *modules_replacement(const struct modules_view *view, const char *path,
                                                  const char *version, const char **ret_dir,
                                                  const char **ret_file) {
	if (view->is_member) {
		/* The parser of go.mod knows how replacements are chosen. */
		struct gomod as_mod = {.replaces = view->work.replaces,
		                       .replace_count = view->work.replace_count};
		const struct modfile_replace *r = gomod_replace_find(&as_mod, path, version);
		if (r) {
			*ret_dir = view->work_dir;
			*ret_file = view->work_path;
			return r;
		}
	}
	for (size_t i = 0; i < view->main_count; i++) {
		const struct modfile_replace *r =
			gomod_replace_find(&view->mains[i]->mod, path, version);
		if (r) {
			*ret_dir = view->mains[i]->dir;
			*ret_file = view->mains[i]->path;
			return r;
		}
	}
	return NULL;
}

const struct modules_file *modules_owner(const struct modules_view *view, const char *import) {
	const struct modules_file *best = NULL;
	for (size_t i = 0; i < view->main_count; i++) {
		const char *path = view->mains[i]->mod.module;
		if (path && modules_covers(path, import) &&
		    (!best || strlen(path) > strlen(best->mod.module))) {
			best = view->mains[i];
		}
	}
	return best;
}

/* Two replacements of one thing: go refuses the file, though each line is right. */
static const char *conflicting_replaces(struct arena *arena, const struct gomod *m, int *ret_line) {
	for (size_t i = 1; i < m->replace_count; i++) {
		const struct modfile_replace *b = &m->replaces[i];
		for (size_t k = 0; k < i && i < REPLACES_MAX; k++) {
			const struct modfile_replace *a = &m->replaces[k];
			if (streq(a->old_path, b->old_path) &&
			    streq(a->old_version, b->old_version) &&
			    (!streq(a->new_path, b->new_path) ||
			     !streq(a->new_version, b->new_version))) {
				*ret_line = b->line;
				return arena_printf(arena,
				                    "conflicting replacements for %s: %s and %s",
				                    a->old_path, a->new_path, b->new_path);
			}
		}
	}
	return "";
}

/* Nothing is wrong with it as far as is known: it did not come in time, or somebody has a lease on it, for whose end a
 * look does not wait (fcntl(2), F_SETLEASE: EAGAIN), and go does. */
static bool may_come(const struct evidence *ev) {
	return ev->state == EV_TIMED_OUT || (ev->state == EV_FAILED && ev->error == EAGAIN);
}

static void state_gomod(struct modules_view *view, const struct modules_file *file,
                        const char *role) {
	const struct gomod *m = &file->mod;
	struct arena *arena = view->exam->arena;
	int line = m->error.line;
	const char *error = m->error.message;
	if (!file->exists) {
		line = 0;
		error = file->ev->state == EV_ABSENT ? "it is a link to nothing"
		        : may_come(file->ev)         ? ""
		                                     : "it cannot be read";
	} else if (m->error.kind == MODFILE_ERROR_NONE && m->loose_version_line > 0) {
		line = m->loose_version_line;
		error = arena_printf(arena, "version \"%s\" of %s is not of the form v1.2.3",
		                     m->loose_version, m->loose_path);
	}
	if (str_empty(error) && file->exists) {
		error = conflicting_replaces(arena, m, &line);
	}
	struct modsince since = modsince_of(arena, file->exists ? file->ev->bytes : slice_str(""));
	FACTS_ADD(view->exam->facts, gomod, file->ev, .path = file->path, .role = role,
	          .module = m->module, .go = m->go_version, .toolchain = m->toolchain,
	          .empty = file->exists && m->empty, .has_module = m->has_module,
	          .conflict_line = m->conflict_line, .error_line = line, .error = error,
	          .since = since.go, .since_word = since.word, .since_line = since.line);
}

bool modules_view_is_refused(const struct modules_view *view, const char *dir) {
	struct exam *exam = view->exam;
	const struct modules_file *mod = modules_file_read(exam, dir);
	if (mod->ev->state != EV_DENIED) {
		return false;
	}
	struct file_stat at = world_stat(exam->world, dir);
	const char *path = at.known && at.is_dir && !at.can_exec ? dir : mod->path;
	struct file_stat st = world_stat(exam->world, path);
	FACTS_ADD(exam->facts, unreadable, mod->ev, .path = path, .what = "module",
	          .module_dir = dir, .uid = st.uid, .mode = (int64_t)st.mode);
	return true;
}

/* Of the keys, item the number of a use, the pair that comes first in the file. False: all differ. */
static bool find_twice(struct modkey *keys, size_t count, size_t *ret_first, size_t *ret_again) {
	struct modindex sorted = modindex_of(keys, count);
	bool found = false;
	for (size_t i = 1; i < sorted.count; i++) {
		const struct modkey *a = &sorted.keys[i - 1];
		const struct modkey *b = &sorted.keys[i];
		if (streq(a->path, b->path) && (!found || b->item < *ret_again)) {
			found = true;
			*ret_first = a->item;
			*ret_again = b->item;
		}
	}
	return found;
}

/* One directory, or one module in two directories (a second worktree, a copy): go refuses the file,
 * though each line is right. Source: cmd/go/internal/modload/init.go, loadModFile. */
static const char *repeated_use(const struct modules_view *view, int *ret_line) {
	struct arena *arena = view->exam->arena;
	size_t count = view->work.use_count;
	struct modkey *dirs = arena_array_of(arena, struct modkey, count);
	struct modkey *modules = arena_array_of(arena, struct modkey, view->member_count);
	size_t module_count = 0;
	size_t first = 0;
	size_t again = 0;
	for (size_t i = 0; i < count; i++) {
		const struct modules_file *m = i < view->member_count ? view->members[i] : NULL;
		dirs[i] = (struct modkey){use_dir(view, i), "", i};
		if (m && !str_empty(m->mod.module)) {
			modules[module_count++] = (struct modkey){m->mod.module, "", i};
		}
	}
	if (find_twice(dirs, count, &first, &again)) {
		*ret_line = view->work.uses[again].line;
		return arena_printf(arena, "path %s appears multiple times", use_dir(view, again));
	}
	if (find_twice(modules, module_count, &first, &again)) {
		*ret_line = view->work.uses[again].line;
		return arena_printf(arena, "module %s appears multiple times: in %s and %s",
		                    view->members[again]->mod.module, view->work.uses[first].path,
		                    view->work.uses[again].path);
	}
	return "";
}

/* The place or module a replacement leads to, as go compares them in a workspace. */
static const char *replaced_by(const struct modules_view *view, const struct modules_file *m,
                               const struct modfile_replace *r) {
	struct arena *arena = view->exam->arena;
	return r->new_version[0] != '\0' ? arena_printf(arena, "%s %s", r->new_path, r->new_version)
	                                 : path_clean(arena, path_join(arena, m->dir, r->new_path));
}

static bool work_replaces(const struct modules_view *view, const char *path) {
	for (size_t i = 0; i < view->work.replace_count; i++) {
		if (streq(view->work.replaces[i].old_path, path)) {
			return true;
		}
	}
	return false;
}

/* Two modules of a workspace replace one by different things, and go.work does not decide. Source:
 * cmd/go/internal/modload/init.go, loadModFile ("conflicting replacements found for"). */
static const char *replaced_twice(const struct modules_view *view, int *ret_line) {
	struct arena *arena = view->exam->arena;
	struct modkey *keys = arena_array_of(arena, struct modkey, REPLACES_MAX);
	const char **targets = arena_array_of(arena, const char *, REPLACES_MAX);
	size_t *owners = arena_array_of(arena, size_t, REPLACES_MAX);
	size_t count = 0;
	for (size_t i = 0; i < view->member_count; i++) {
		const struct modules_file *m = view->members[i];
		for (size_t k = 0; m && k < m->mod.replace_count && count < REPLACES_MAX; k++) {
			const struct modfile_replace *r = &m->mod.replaces[k];
			keys[count] = (struct modkey){r->old_path, r->old_version, count};
			targets[count] = replaced_by(view, m, r);
			owners[count++] = i;
		}
	}
	struct modindex all = modindex_of(keys, count);
	for (size_t i = 1; i < all.count; i++) {
		const struct modkey *a = &all.keys[i - 1];
		const struct modkey *b = &all.keys[i];
		if (streq(a->path, b->path) && streq(a->version, b->version) &&
		    owners[a->item] != owners[b->item] &&
		    !streq(targets[a->item], targets[b->item]) && !work_replaces(view, a->path)) {
			const struct gowork_use *uses = view->work.uses;
			*ret_line = uses[owners[b->item]].line;
			return arena_printf(arena,
			                    "conflicting replacements of %s: %s replaces it by %s, "
			                    "%s by %s",
			                    a->path, uses[owners[a->item]].path, targets[a->item],
			                    uses[owners[b->item]].path, targets[b->item]);
		}
	}
	return "";
}

static void state_work(struct modules_view *view) {
	struct facts *facts = view->exam->facts;
	const struct gowork *w = &view->work;
	const char *error = w->error.message;
	int line = w->error.line;
	if (streq(view->work_role, "missing")) {
		error = view->work_path[0] != '/' ? "not an absolute path" : "no such file";
	} else if (streq(view->work_role, "active") && !view->work_read) {
		error = view->work_ev && may_come(view->work_ev) ? "" : "it cannot be read";
	} else if (str_empty(error) && w->conflict_line == 0) {
		error = repeated_use(view, &line);
		error = str_empty(error) ? replaced_twice(view, &line) : error;
	}
	struct modsince since = modsince_of(view->exam->arena,
	                                    view->work_read ? view->work_ev->bytes : slice_str(""));
	FACTS_ADD(facts, gowork, view->work_ev, .path = view->work_path, .role = view->work_role,
	          .since = since.go, .since_word = since.word, .since_line = since.line,
	          .from = view->work_from, .go = w->go_version, .toolchain = w->toolchain,
	          .error_line = line, .error = error, .conflict_line = w->conflict_line,
	          .above_workspace = !path_below(view->work_dir, view->workspace));
	if (!streq(view->work_role, "active")) {
		return;
	}
	for (size_t i = 0; i < view->member_count; i++) {
		const char *dir =
			path_clean(view->exam->arena,
		                   path_join(view->exam->arena, view->work_dir, w->uses[i].path));
		FACTS_ADD(facts, work_use, view->work_ev, .work = view->work_path, .dir = dir,
		          .line = w->uses[i].line,
		          .has_gomod = view->members[i] || modules_view_is_refused(view, dir),
		          .below_workspace = path_below(dir, view->workspace));
	}
	if (view->file) {
		FACTS_ADD(facts, work_member, view->work_ev, .work = view->work_path,
		          .module_dir = view->file->dir, .member = view->is_member);
	}
}

void modules_view_state(struct modules_view *view) {
	if (view->root) {
		state_gomod(view, view->root, "root");
	}
	if (view->file && view->file != view->root) {
		state_gomod(view, view->file, "file");
	}
	for (size_t i = 0; i < view->member_count; i++) {
		struct modules_file *m = view->members[i];
		if (m && m != view->root && m != view->file) {
			state_gomod(view, m, "member");
		}
	}
	if (view->work_path) {
		state_work(view);
	}
}
