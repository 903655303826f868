/* SPDX-License-Identifier: MIT
 * mod-nested-not-in-workspace: two modules of one project do not know each other. Either the open
 * file imports a package of a module beside its own that neither go.work nor a replace names, or
 * the file itself lies in a module outside the opened folder, or in one that gopls'
 * directoryFilters keep out.
 * Counter-check: a nested module that needs none of the others is loaded by itself and is healthy,
 * listed in go.work or not.
 */
#include "base/path.h"
#include "core/rule.h"

static const struct fact_gowork *active_work(const struct facts *facts) {
	facts_each (gowork, w, facts) {
		if (streq(w->role, "active") || streq(w->role, "off")) {
			return w;
		}
	}
	return NULL;
}

static const char *common_parent(struct arena *arena, const char *a, const char *b) {
	while (!path_below(b, a)) {
		a = path_parent(arena, a);
	}
	return a;
}

static bool is_used(const struct facts *facts, const char *dir) {
	facts_each (work_use, u, facts) {
		if (streq(u->dir, dir)) {
			return true;
		}
	}
	return false;
}

static void add_fixes(struct findings *out, struct finding *f, const struct fact_gowork *work,
                      const char *own, const char *other) {
	struct arena *arena = out->arena;
	const char *a = str_shell_quote(arena, own);
	const char *b = str_shell_quote(arena, other);
	if (work && streq(work->role, "off")) {
		finding_fix(out, f, "let go.work take part again",
		            "unset GOWORK; go env -u GOWORK");
	} else if (work) {
		finding_fix(out, f, "name both in go.work", "cd %s && go work use %s %s",
		            str_shell_quote(arena, path_parent(arena, work->path)), a, b);
	} else {
		const char *dir = common_parent(arena, own, other);
		finding_fix(out, f, "make a go.work that names both", "cd %s && go work init %s %s",
		            str_shell_quote(arena, dir), a, b);
	}
}

static void check_import(const struct rule *self, const struct facts *facts, struct findings *out,
                         const struct fact_gomod_gap *gap) {
	const struct fact_gowork *work = active_work(facts);
	const char *own = path_parent(out->arena, gap->gomod);
	/* go.work uses the other one, and the file's own module is what it does not know. */
	bool itself = work && streq(work->role, "active") && is_used(facts, gap->local) &&
	              !is_used(facts, own);
	const char *instead = itself ? work->path : NULL;
	const char *why =
		!work ? "and there is no go.work and no replace for it"
		: streq(work->role, "off")
			? arena_printf(out->arena, "and GOWORK=off switches %s off", work->path)
			: arena_printf(out->arena, "which %s does not use", work->path);
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, itself ? own : gap->local,
		itself ? "%s, imported in %s line %lld, is of the module %s in %s, which does not "
			 "use the module of that file, %s"
		       : "%s (imported in %s line %lld) lies in the module %s, %s%s",
		gap->import, gap->file, (long long)gap->line, gap->local, instead ? instead : why,
		itself ? own : "");
	finding_cites(f, gap);
	if (work) {
		finding_cites(f, work);
	}
	finding_about(out, f, gap->module);
	add_fixes(out, f, work, own, gap->local);
	f->severity = facts_healthy(facts) ? SEV_NOTE : SEV_ERROR;
}

/* The file's module lies neither below nor above the opened folder and is in no go.work. */
static void check_place(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_open_file *file = facts_first(open_file, facts);
	const struct fact_target *target = facts_first(target, facts);
	const struct fact_work_member *member = facts_first(work_member, facts);
	if (!file || !target || str_empty(file->module_dir) || (member && member->member)) {
		return;
	}
	bool inside = path_below(file->path, target->workspace) &&
	              !str_has(file->path + strlen(target->workspace), "/node_modules/");
	const struct fact *said = facts_said(facts, "not included in your workspace", NULL);
	const struct fact_govar *cache = facts_govar(facts, "GOMODCACHE");
	bool dependency = cache && !str_empty(cache->value) && path_below(file->path, cache->value);
	if (!said && (inside || dependency || path_below(target->workspace, file->module_dir))) {
		return;
	}
	struct finding *f =
		findings_add(out, self, said ? CONF_CERTAIN : CONF_LIKELY, file->module_dir,
	                     "%s is in module %s, which is not part of the opened folder %s",
	                     file->path, file->module_dir, target->workspace);
	finding_cites(f, file);
	finding_cite(f, said);
	add_fixes(out, f, active_work(facts), target->workspace, file->module_dir);
	finding_fix(out, f, "open that folder as well", "code --add %s",
	            str_shell_quote(out->arena, file->module_dir));
	f->severity = said || facts_hurt(facts) ? SEV_ERROR : SEV_NOTE;
}

/* gopls v0.16 to v0.24 load no module whose directory is filtered out; filtered packages of a module
 * that is not are loaded like the others. */
static void check_filter(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_dir_filter *d = facts_first(dir_filter, facts);
	if (!d || facts_healthy(facts)) {
		return;
	}
	struct finding *f = findings_add(out, self, CONF_CERTAIN, d->key,
	                                 "%s has \"%s\" (%s line %lld), which keeps the module %s "
	                                 "of the open file out of the "
	                                 "workspace",
	                                 d->key, d->filter, d->file, (long long)d->line,
	                                 str_empty(d->dir) ? "in the opened folder" : d->dir);
	finding_cites(f, d);
	finding_fix(
		out, f,
		arena_printf(out->arena, "remove \"%s\" from %s in %s", d->filter, d->key, d->file),
		"%s", "");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	check_filter(self, facts, out);
	facts_each (gomod_gap, g, facts) {
		if (streq(g->kind, "local")) {
			check_import(self, facts, out, g);
			return;
		}
	}
	check_place(self, facts, out);
}

const struct rule rule_mod_nested_not_in_workspace = {
	.id = "mod-nested-not-in-workspace",
	.title = "A module of the project is not in go.work and not in the opened folder",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(open_file) | FACT_BIT(gomod_gap),
	.explains = IDS("mod-gosum-or-gomod-stale"),
	.check = check,
};
