/* SPDX-License-Identifier: MIT
 * Facts about modules, workspaces and code as one line of proof.
 */
#include "base/str.h"
#include "report/excerpt_private.h"

#define AS(kind) ((const struct fact_##kind *)fact)

/* "; line 5: unknown directive: x" of a go.mod, go.work or go.sum. */
static const char *fault(struct arena *a, int64_t conflict_line, int64_t line, const char *error) {
	if (conflict_line > 0) {
		return arena_printf(a, "; merge conflict markers in line %lld",
		                    (long long)conflict_line);
	}
	if (str_empty(error)) {
		return line > 0 ? arena_printf(a, "; go refuses line %lld", (long long)line) : "";
	}
	bool numbered = line <= 0 || str_starts(error, "line ");
	return numbered ? arena_printf(a, "; %s", error)
	                : arena_printf(a, "; line %lld: %s", (long long)line, error);
}

static const char *since(struct arena *a, const char *release, const char *word, int64_t line) {
	return str_empty(release) ? ""
	                          : arena_printf(a, "; line %lld (%s) needs Go %s or newer",
	                                         (long long)line, word, release);
}

static const char *gomod_line(struct arena *a, const struct fact_gomod *m) {
	struct strbuf out;
	strbuf_init(&out, a);
	strbuf_add(&out, excerpt_path(a, &m->base, m->path));
	if (m->empty) {
		strbuf_add(&out, " is empty");
		return out.data;
	}
	if (!str_empty(m->module)) {
		strbuf_printf(&out, ": module %s", m->module);
	} else {
		strbuf_add(&out, ": no module line");
	}
	if (!str_empty(m->go)) {
		strbuf_printf(&out, ", go %s", m->go);
	}
	if (!str_empty(m->toolchain)) {
		strbuf_printf(&out, ", toolchain %s", m->toolchain);
	}
	strbuf_add(&out, since(a, m->since, m->since_word, m->since_line));
	strbuf_add(&out, fault(a, m->conflict_line, m->error_line, m->error));
	return out.data;
}

static const char *gowork_line(struct arena *a, const struct fact_gowork *w) {
	struct strbuf out;
	strbuf_init(&out, a);
	strbuf_add(&out, excerpt_path(a, &w->base, w->path));
	strbuf_add(&out, streq(w->role, "missing") ? " does not exist"
	                 : streq(w->role, "off")   ? " is switched off"
	                                           : " is in force");
	strbuf_add(&out, streq(w->from, "env")      ? ", named by GOWORK in the environment"
	                 : streq(w->from, "goenv")  ? ", named by GOWORK (go env -w)"
	                 : streq(w->from, "parent") ? ", found above the opened folder"
	                                            : "");
	if (!str_empty(w->go)) {
		strbuf_printf(&out, ", go %s", w->go);
	}
	if (!str_empty(w->toolchain)) {
		strbuf_printf(&out, ", toolchain %s", w->toolchain);
	}
	strbuf_add(&out, since(a, w->since, w->since_word, w->since_line));
	if (!streq(w->role, "missing")) {
		strbuf_add(&out, fault(a, w->conflict_line, w->error_line, w->error));
	}
	return out.data;
}

static const char *open_file_line(struct arena *a, const struct fact_open_file *f) {
	const char *path = excerpt_path(a, &f->base, f->path);
	const char *what = !f->exists               ? " does not exist"
	                   : !str_empty(f->package) ? arena_printf(a, ": package %s", f->package)
	                                            : " is the open file";
	const char *module = !f->exists ? ""
	                     : str_empty(f->module_dir)
	                             ? ", no go.mod here or above"
	                             : arena_printf(a, ", module in %s", f->module_dir);
	const char *left_out =
		str_empty(f->excluded_by)
			? ""
			: arena_printf(a, "; the build leaves it out: %s", f->excluded_by);
	return arena_printf(a, "%s%s%s%s", path, what, module, left_out);
}

static const char *import_line(struct arena *a, const struct fact_file_import *i) {
	static const char *const words[][2] = {
		{"std", "of the standard library"},
		{"own", "of this module"},
		{"required", "required in go.mod"},
		{"replaced", "replaced in go.mod"},
		{"vendored", "in vendor"},
		{"nonstd_missing", "not of the standard library, and no module provides it"},
	};
	const char *class = "from nobody knows where";
	for (size_t w = 0; w < sizeof(words) / sizeof(*words); w++) {
		class = streq(i->class, words[w][0]) ? words[w][1] : class;
	}
	return arena_printf(a, "%s imports %s, %s",
	                    excerpt_place(a, excerpt_path(a, &i->base, i->file), i->line), i->path,
	                    class);
}

static const char *vendor_line(struct arena *a, const struct fact_vendor *v) {
	const char *use = streq(v->mode, "off") ? arena_printf(a, "is not used, %s", v->unused)
	                  : streq(v->mode, "flag")
	                          ? "is in force by -mod=vendor"
	                          : "is in force, as go takes it whenever it is there";
	return arena_printf(a, "%s %s%s", v->dir, use,
	                    v->modules_txt ? "" : "; it has no modules.txt");
}

static const char *gosum_line(struct arena *a, const struct fact_gosum *s) {
	return arena_printf(a, "%s %s%s%s", excerpt_path(a, &s->base, s->path),
	                    s->exists ? "is there" : "does not exist",
	                    s->ignored_by_git ? ", git ignores it" : "",
	                    fault(a, s->conflict_line, s->error_line, ""));
}

static const char *driver_line(struct arena *a, const struct fact_packages_driver *d) {
	const char *from = streq(d->from, "env")        ? "in the environment"
	                   : streq(d->from, "settings") ? "in go.toolsEnvVars"
	                   : streq(d->from, "gopls")    ? "in the env setting of gopls"
	                                                : "on PATH";
	const char *state = streq(d->state, "ok")            ? "may be run"
	                    : streq(d->state, "absent")      ? "does not exist"
	                    : streq(d->state, "directory")   ? "is a directory"
	                    : streq(d->state, "dangling")    ? "is a link to nothing"
	                    : streq(d->state, "no_exec_bit") ? "must not be executed"
	                                                     : "cannot be run";
	return arena_printf(a, "GOPACKAGESDRIVER %s (%s%s%s) %s", d->value, from,
	                    *d->where ? ", " : "", d->where, state);
}

static const char *cgo_line(struct arena *a, const struct fact_cgo *c) {
	const char *why = streq(c->why, "variable") ? "CGO_ENABLED says so"
	                  : streq(c->why, "cross")  ? "it builds for another platform"
	                                            : "that is the default";
	const char *compiler = str_empty(c->path)
	                               ? arena_printf(a, "%s is not found", c->cc)
	                               : arena_printf(a, "the C compiler is %s", c->path);
	return streq(c->why, "no_compiler")
	               ? arena_printf(a, "cgo is %s: %s", c->enabled ? "on" : "off", compiler)
	               : arena_printf(a, "cgo is %s: %s; %s", c->enabled ? "on" : "off", why,
	                              compiler);
}

static const char *unreadable_line(struct arena *a, const struct fact_unreadable *u) {
	if (streq(u->what, "dangling")) {
		return arena_printf(a, "%s is a link to nothing", u->path);
	}
	return arena_printf(a, "%s: %s, not readable by this user%s%s", u->path,
	                    excerpt_owner(a, u->uid, u->mode),
	                    str_empty(u->lost) ? "" : "; go never gets to ", u->lost);
}

static const char *odd_path_line(struct arena *a, const struct fact_odd_path *o) {
	if (streq(o->what, "gopath")) {
		return arena_printf(a, "GOPATH=%s is a list: go splits it at each ':'", o->path);
	}
	const char *where = str_empty(o->file) ? "" : excerpt_place(a, o->file, o->line);
	return arena_printf(a, "%s%s%s%s%s%s%s", where, *where ? " imports " : "", o->name,
	                    str_empty(o->text) ? "" : ": ", o->text,
	                    str_empty(o->there) ? "" : "; there is ", o->there);
}

static const char *tree_line(struct arena *a, const struct fact_tree *t) {
	const char *most = str_empty(t->largest)
	                           ? ""
	                           : arena_printf(a, "; most of it in %s (%lld)", t->largest,
	                                          (long long)t->largest_entries);
	return arena_printf(a, "%s holds %s%lld directories and %lld entries%s", t->path,
	                    t->cut ? "more than " : "", (long long)t->dirs, (long long)t->entries,
	                    most);
}

/* A module beside the workspace that names it, or does not. */
static const char *work_line(struct arena *a, const struct fact *fact) {
	if (fact->kind == FACT_work_member) {
		return arena_printf(a, "%s is %s by %s", AS(work_member)->module_dir,
		                    AS(work_member)->member ? "used" : "not used",
		                    AS(work_member)->work);
	}
	return arena_printf(
		a, "%s uses %s, which %s",
		excerpt_place(a, excerpt_path(a, fact, AS(work_use)->work), AS(work_use)->line),
		AS(work_use)->dir, AS(work_use)->has_gomod ? "is a module" : "has no go.mod");
}

const char *excerpt_modules(struct arena *a, const struct fact *fact) {
	switch (fact->kind) {
	case FACT_gomod:
		return gomod_line(a, AS(gomod));
	case FACT_gowork:
		return gowork_line(a, AS(gowork));
	case FACT_work_use:
	case FACT_work_member:
		return work_line(a, fact);
	case FACT_open_file:
		return open_file_line(a, AS(open_file));
	case FACT_file_import:
		return import_line(a, AS(file_import));
	case FACT_module_count:
		return arena_printf(a, "%s%lld go.mod files in the workspace",
		                    AS(module_count)->complete ? "" : "at least ",
		                    (long long)AS(module_count)->count);
	case FACT_vendor:
		return vendor_line(a, AS(vendor));
	case FACT_gosum:
		return gosum_line(a, AS(gosum));
	case FACT_mod_flag:
		return arena_printf(a, "-mod=%s is given by %s%s%s", AS(mod_flag)->value,
		                    AS(mod_flag)->from, *AS(mod_flag)->where ? ", " : "",
		                    AS(mod_flag)->where);
	case FACT_dir_filter:
		return arena_printf(a, "%s: \"%s\" in \"%s\" leaves out %s",
		                    excerpt_place(a, AS(dir_filter)->file, AS(dir_filter)->line),
		                    AS(dir_filter)->filter, AS(dir_filter)->key,
		                    AS(dir_filter)->dir);
	case FACT_packages_driver:
		return driver_line(a, AS(packages_driver));
	case FACT_cgo:
		return cgo_line(a, AS(cgo));
	case FACT_cgo_use:
		return arena_printf(a, "%s imports \"C\"",
		                    excerpt_place(a, AS(cgo_use)->file, AS(cgo_use)->line));
	case FACT_unreadable:
		return unreadable_line(a, AS(unreadable));
	case FACT_symlinked:
		return arena_printf(a, "%s is really %s: %s is not there, %s is",
		                    AS(symlinked)->path, AS(symlinked)->real,
		                    AS(symlinked)->missing, AS(symlinked)->there);
	case FACT_odd_path:
		return odd_path_line(a, AS(odd_path));
	case FACT_tree:
		return tree_line(a, AS(tree));
	default:
		return NULL;
	}
}
