/* SPDX-License-Identifier: MIT
 * mod-gowork-stray-parent: a go.work outside the opened folder (in a directory above it, or named
 * by GOWORK) decides how this module is loaded, and something in it stops that.
 * Counter-check: gopls loads a module that go.work does not use as if there were no go.work, so a
 * sound go.work above is no cause; a broken one that does use the module is mod-gomod-invalid.
 */
#include "base/path.h"
#include "core/origin.h"
#include "core/rule.h"
#include "gofile/gowork.h"

#include <stdlib.h>

#define GO_LINE_ASSUMED "1.18" /* what go assumes when go.work has no go line */

struct suspect {
	const struct facts *facts;
	const struct fact_gowork *work;
	bool member;
};

/* What in the go.work stops the load, as the end of a sentence; NULL when nothing does. */
struct defect {
	const char *text;
	const struct fact *proof;
	const char *about; /* NULL: the go.work */
	const char *use;   /* directory of the use line to drop, or NULL */
	bool raise_go;     /* its go line is too old for a module */
};

static bool file_fault(const struct suspect *s, struct arena *arena, struct defect *ret) {
	const struct fact_gowork *w = s->work;
	if (s->member || (w->conflict_line == 0 && str_empty(w->error))) {
		return false;
	}
	ret->proof = &w->base;
	ret->text = w->conflict_line > 0
	                    ? arena_printf(arena, "holds merge conflict markers (line %lld)",
	                                   (long long)w->conflict_line)
	            : w->error_line > 0 ? arena_printf(arena, "is refused by go in line %lld: %s",
	                                               (long long)w->error_line, w->error)
	                                : arena_printf(arena, "is refused by go: %s", w->error);
	return true;
}

static bool toolchain_fault(const struct suspect *s, struct arena *arena, struct defect *ret) {
	facts_each (toolchain, t, s->facts) {
		bool lacks = streq(t->verdict, "local_too_old") ||
		             (streq(t->verdict, "needs") && !t->present);
		if (!s->member && lacks && streq(t->file, s->work->path)) {
			ret->proof = &t->base;
			ret->about = "GOTOOLCHAIN";
			ret->text = arena_printf(arena, "wants Go %s, and this is Go %s", t->need,
			                         t->local);
			return true;
		}
	}
	return false;
}

static bool use_fault(const struct suspect *s, struct arena *arena, struct defect *ret) {
	facts_each (work_use, u, s->facts) {
		/* One that lists the open module belongs to it: mod-gowork-missing-dir. */
		if (!u->has_gomod && !s->member) {
			ret->proof = &u->base;
			ret->use = u->dir;
			ret->text =
				arena_printf(arena, "uses %s (line %lld), which holds no go.mod",
			                     u->dir, (long long)u->line);
			return true;
		}
	}
	return false;
}

static bool flag_fault(const struct suspect *s, struct arena *arena, struct defect *ret) {
	const struct fact_govar *v = facts_govar(s->facts, "GOFLAGS");
	const char *flag = v ? strstr(v->value, "-mod=mod") : NULL;
	if (!flag || (flag[8] != '\0' && flag[8] != ' ')) {
		return false;
	}
	ret->proof = &v->base;
	ret->text = arena_printf(
		arena, "is in force, and GOFLAGS=%s is not allowed together with one", v->value);
	return true;
}

/* "1.22" is older than "1.22.1" and than "1.9" is not: compared number by number. */
static int compare_go(const char *a, const char *b) {
	while (*a || *b) {
		char *end_a = NULL;
		char *end_b = NULL;
		long x = strtol(a, &end_a, 10);
		long y = strtol(b, &end_b, 10);
		if (x != y) {
			return x < y ? -1 : 1;
		}
		if ((*end_a && *end_a != '.') || (*end_b && *end_b != '.')) {
			return 0; /* release candidates: not worth a claim */
		}
		a = end_a + (*end_a == '.');
		b = end_b + (*end_b == '.');
	}
	return 0;
}

static bool age_fault(const struct suspect *s, struct arena *arena, struct defect *ret) {
	const char *go = str_empty(s->work->go) ? GO_LINE_ASSUMED : s->work->go;
	facts_each (gomod, g, s->facts) {
		bool used = streq(g->role, "member");
		facts_each (work_use, u, s->facts) {
			used = used || streq(path_parent(arena, g->path), u->dir);
		}
		/* When the open module is one of its own, that is tc-gowork-older-than-module. */
		if (used && !s->member && !str_empty(g->go) && compare_go(go, g->go) < 0) {
			ret->proof = &g->base;
			ret->raise_go = true;
			ret->text =
				arena_printf(arena, "has the go line %s, older than the %s of %s",
			                     go, g->go, g->path);
			return true;
		}
	}
	return false;
}

static bool member_fault(const struct suspect *s, struct arena *arena, struct defect *ret) {
	facts_each (gomod, g, s->facts) {
		bool broken = !str_empty(g->error) || g->conflict_line > 0;
		if (!s->member && broken && streq(g->role, "member")) {
			ret->proof = &g->base;
			ret->text = arena_printf(arena, "uses %s, which go cannot read", g->path);
			return true;
		}
		if (!s->member || str_empty(g->module) || !streq(g->role, "member")) {
			continue;
		}
		facts_each (gomod, other, s->facts) {
			if (other != g && streq(g->module, other->module) &&
			    !streq(other->role, "above") && !streq(other->role, "below")) {
				ret->proof = &g->base;
				ret->text = arena_printf(arena, "uses module %s twice (%s and %s)",
				                         g->module, other->path, g->path);
				return true;
			}
		}
	}
	return false;
}

/* Another module of the go.work wants a dependency, or a newer one, that is not on this machine; by
 * itself the open module would not. */
static bool demand_fault(const struct suspect *s, struct arena *arena, struct defect *ret) {
	const struct fact_open_file *file = facts_first(open_file, s->facts);
	if (!s->member || !file || !s->work->above_workspace) {
		return false;
	}
	const char *own = path_join(arena, file->module_dir, "go.mod");
	static const char words[] = "makes go want %s %s for %s, which is not on this machine or "
				    "has no checksum";
	facts_each (gosum_gap, g, s->facts) {
		if (!str_empty(g->gomod) && !streq(g->gomod, own)) {
			ret->proof = &g->base;
			ret->about = g->gosum;
			ret->text = arena_printf(arena, words, g->module, g->version, g->gomod);
			return true;
		}
	}
	facts_each (mod_absent, g, s->facts) {
		if (!str_empty(g->gomod) && !streq(g->gomod, own)) {
			ret->proof = &g->base;
			ret->text = arena_printf(arena, words, g->module, g->version, g->gomod);
			return true;
		}
	}
	return false;
}

static void add_fixes(struct findings *out, struct finding *f, const struct suspect *s,
                      const struct defect *d) {
	const char *path = str_shell_quote(out->arena, s->work->path);
	const char *dir = str_shell_quote(out->arena, path_parent(out->arena, s->work->path));
	const struct fact_govar *v = facts_govar(s->facts, "GOWORK");
	if (v && !str_empty(v->value) && streq(v->value, s->work->path)) {
		origin_fix(s->facts, out, f, v);
	} else if (!s->member) {
		finding_fix(out, f, "take the forgotten file out of the way", "mv %s %s.off", path,
		            path);
	}
	if (d && d->use) {
		finding_fix(out, f, "drop the directory that is gone",
		            "cd %s && go work edit -dropuse=%s", dir,
		            str_shell_quote(out->arena,
		                            gowork_use_path(out->arena,
		                                            path_parent(out->arena, s->work->path),
		                                            d->use)));
	}
	if (d && d->raise_go) {
		finding_fix(out, f, "raise its go line to that of its modules",
		            "cd %s && go work use", dir);
	}
	if (s->member) {
		finding_fix(out, f, "start the editor without it", "export GOWORK=off");
	}
}

static const struct fact_gowork *outside_work(const struct facts *facts) {
	facts_each (gowork, w, facts) {
		bool named = streq(w->from, "env") || streq(w->from, "goenv");
		if (streq(w->role, "missing") ||
		    (streq(w->role, "active") && (w->above_workspace || named))) {
			return w;
		}
	}
	return NULL;
}

static void check_missing(const struct rule *self, struct findings *out, const struct suspect *s) {
	const struct fact_govar *v = facts_govar(s->facts, "GOWORK");
	if (v && streq(v->origin, "goenv")) {
		return; /* env-goenv-file-leftover says so, and how to take it out of that file */
	}
	struct finding *f = findings_add(out, self, CONF_CERTAIN,
	                                 arena_printf(out->arena, "GOWORK=%s", s->work->path),
	                                 "GOWORK names %s: %s", s->work->path, s->work->error);
	finding_about(out, f, "GOWORK");
	finding_cites(f, s->work);
	if (v) {
		finding_cites(f, v);
	}
	add_fixes(out, f, s, NULL);
	f->severity = facts_healthy(s->facts) ? SEV_NOTE : SEV_ERROR;
}

/* A sound go.work that does not use the module: only the go command in a terminal minds. */
static void check_unused(const struct rule *self, struct findings *out, const struct suspect *s) {
	const struct fact_work_member *m = facts_first(work_member, s->facts);
	if (s->member || !m) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, s->work->path,
		"%s is in force but does not use %s: go in a terminal will not build it",
		s->work->path, m->module_dir);
	finding_cites(f, m);
	finding_cites(f, s->work);
	finding_fix(out, f, "use the module there", "cd %s && go work use %s",
	            str_shell_quote(out->arena, path_parent(out->arena, s->work->path)),
	            str_shell_quote(out->arena, m->module_dir));
	f->severity = SEV_NOTE;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	static bool (*const faults[])(const struct suspect *, struct arena *, struct defect *) = {
		file_fault, toolchain_fault, use_fault,    flag_fault,
		age_fault,  member_fault,    demand_fault,
	};
	const struct fact_work_member *m = facts_first(work_member, facts);
	struct suspect s = {.facts = facts, .work = outside_work(facts), .member = m && m->member};
	if (!s.work) {
		return;
	}
	if (streq(s.work->role, "missing")) {
		check_missing(self, out, &s);
		return;
	}
	struct defect d = {0};
	size_t i = 0;
	const size_t count = sizeof(faults) / sizeof(*faults);
	while (i < count && !faults[i](&s, out->arena, &d)) {
		i++;
	}
	if (i == count) {
		check_unused(self, out, &s);
		return;
	}
	bool named = !streq(s.work->from, "parent");
	struct finding *f =
		findings_add(out, self, CONF_CERTAIN, s.work->path, "%s, %s, %s", s.work->path,
	                     named ? "named by GOWORK" : "outside the opened folder", d.text);
	finding_cites(f, s.work);
	finding_cite(f, d.proof == &s.work->base ? NULL : d.proof);
	if (m) {
		finding_cites(f, m);
	}
	if (d.about) {
		finding_about(out, f, d.about);
	}
	finding_detail(out, f,
	               "go looks for go.work in every directory above; this one is not part of the "
	               "project");
	add_fixes(out, f, &s, &d);
	/* gopls shows a missing use directory at go.work and lets the rest be. */
	bool shown = d.use && facts_said(facts, "does not contain a module", NULL);
	f->severity = facts_healthy(facts) && !shown ? SEV_NOTE : SEV_ERROR;
}

const struct rule rule_mod_gowork_stray_parent = {
	.id = "mod-gowork-stray-parent",
	.title = "A forgotten go.work in a parent directory captures the project",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(gowork) | FACT_BIT(work_use),
	.explains = IDS("tc-local-too-old", "tc-download-unavailable", "*mod-no-gomod-at-root",
                        "mod-gosum-or-gomod-stale", "mod-gomod-invalid"),
	.check = check,
};
