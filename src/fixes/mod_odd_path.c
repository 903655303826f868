/* SPDX-License-Identifier: MIT
 * An import in other capitals than the package gets its spelling; a GOPATH with a ':' in a name goes. Directories are not
 * renamed: more than go knows them by their names.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

#include <strings.h>

static bool is_plain(const char *path) {
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/._~-";
	return path[0] && strspn(path, letters) == strlen(path);
}

/* What to import: the path itself, or, of a directory, its own name in place of the last element; NULL when more differs. */
static const char *meant(struct arena *arena, const struct fact_odd_path *o) {
	const char *base = path_base(o->there);
	if (o->there[0] != '/') {
		return o->there;
	}
	const char *slash = strrchr(o->name, '/');
	return slash && strcasecmp(slash + 1, base) == 0
	               ? arena_printf(arena, "%.*s/%s", (int)(slash - o->name), o->name, base)
	               : NULL;
}

static void spell(struct plan *out, const struct fact_odd_path *o) {
	const char *there = meant(out->arena, o);
	if (!there || !is_plain(o->name) || !is_plain(there) || o->line <= 0) {
		plan_unable(out, "%s has to be spelled as %s in %s", o->name, o->there, o->file);
		return;
	}
	/* In a pattern a '.' would fit any letter. */
	struct strbuf pattern;
	strbuf_init(&pattern, out->arena);
	for (const char *c = o->name; *c; c++) {
		strbuf_printf(&pattern, "%s%c", *c == '.' ? "\\" : "", *c);
	}
	const char *words = arena_printf(out->arena, "%llds,\"%s\",\"%s\",", (long long)o->line,
	                                 pattern.data, there);
	const char *const argv[] = {"/bin/sed", "-i", "--follow-symlinks", words, o->file, NULL};
	const char *const announces[] = {o->file, NULL};
	struct step *step = plan_run(out, path_parent(out->arena, o->file), argv, announces);
	if (step) {
		step->what = arena_printf(out->arena, "spell \"%s\" as \"%s\" in line %lld of %s",
		                          o->name, there, (long long)o->line, o->file);
	}
	out->why = "Capital letters count in import paths, and only one spelling exists.";
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_odd_path *o = finding_first(odd_path, finding);
	if (o && streq(o->what, "case")) {
		spell(out, o);
	} else if (o && streq(o->what, "gopath")) {
		out->why = "go splits GOPATH at each ':'; without the variable it is $HOME/go.";
		mend_name(out, facts, "GOPATH", NULL);
	} else {
		plan_unable(out,
		            "%s needs another name, and what else knows it by this one is not "
		            "known here",
		            finding->subject);
	}
}

const struct fix fix_mod_odd_path = {
	.cause = "mod-odd-path",
	.title = "call things by the names they have",
	.plan = plan,
};
