/* SPDX-License-Identifier: MIT */
#include "base/str.h"
#include "report/excerpt_private.h"

#define AS(kind) ((const struct fact_##kind *)fact)

static const char *goroot_line(struct arena *a, const struct fact_goroot *r) {
	const char *state = r->complete ? "a whole Go installation"
	                    : r->is_dir ? "a directory, no whole Go installation"
	                    : r->exists ? "no directory"
	                                : "not there";
	return arena_printf(a, "%s: %s%s%s", r->root, state, *r->version ? ", version " : "",
	                    r->version);
}

static const char *toolchain_line(struct arena *a, const struct fact_toolchain *t) {
	const char *asks = str_empty(t->need) ? ""
	                                      : arena_printf(a, "%s asks for Go %s; ", t->where,
	                                                     str_starts(t->need, "go") ? t->need + 2
	                                                                               : t->need);
	const char *local = str_starts(t->local, "go") ? t->local + 2 : t->local;
	return arena_printf(a, "%sGo here is %s%s%s", asks, local,
	                    str_empty(t->mode) ? "" : ", GOTOOLCHAIN=", t->mode);
}

static const char *shim_line(struct arena *a, const struct fact_shim *s) {
	const char *kind =
		str_empty(s->manager) ? "a script" : arena_printf(a, "a shim of %s", s->manager);
	const char *asks = str_empty(s->where)
	                           ? ""
	                           : arena_printf(a, "; %s asks for %s%s", s->where, s->version,
	                                          str_empty(s->root) ? ", not installed" : "");
	return arena_printf(a, "%s is %s%s%s%s", s->path, kind, asks,
	                    s->answered ? ", behind it Go " : "", s->go_version);
}

/* "with another GOCACHE it works": a counter-check as people tell it. */
static const char *trial_line(struct arena *a, const struct fact_trial *t) {
	const char *what = t->what;
	if (streq(what, "compile")) {
		return arena_printf(a, "%s: go %s it", t->subject,
		                    t->better ? "compiles" : "does not compile");
	}
	if (streq(what, "other gopls")) {
		what = arena_printf(a, "with %s",
		                    str_empty(t->subject) ? "another gopls" : t->subject);
	} else if (streq(what, "without flag")) {
		what = arena_printf(a, "without %s",
		                    str_empty(t->subject) ? "one flag" : t->subject);
	} else if (streq(what, "flag file")) {
		return arena_printf(a, "the file that %s names %s", t->subject,
		                    t->better ? "can be used" : "cannot be used");
	} else if (streq(what, "go of the shell")) {
		what = "with the go of the shell";
	} else if (!str_starts(what, "with")) {
		what = arena_printf(a, "with %s%s", str_starts(what, "other ") ? "an" : "", what);
	}
	return arena_printf(a, "%s it %s", what, t->better ? "works" : "does not work either");
}

const char *excerpt_env(struct arena *a, const struct fact *fact) {
	switch (fact->kind) {
	case FACT_shim:
		return shim_line(a, AS(shim));
	case FACT_managed_go:
		return arena_printf(a, "%s has Go %s in %s (%s)", AS(managed_go)->manager,
		                    AS(managed_go)->version, AS(managed_go)->root,
		                    AS(managed_go)->where);
	case FACT_trial:
		return trial_line(a, AS(trial));
	case FACT_goroot:
		return goroot_line(a, AS(goroot));
	case FACT_toolchain:
		return toolchain_line(a, AS(toolchain));
	case FACT_go_version:
		return arena_printf(a, "Go %s in %s", AS(go_version)->version,
		                    AS(go_version)->path);
	case FACT_editor_process:
		return arena_printf(a, "process %lld (%s), started %s",
		                    (long long)AS(editor_process)->pid, AS(editor_process)->comm,
		                    excerpt_when(a, AS(editor_process)->start_ns));
	case FACT_startup_file:
		return arena_printf(a, "%s, changed %s", AS(startup_file)->file,
		                    excerpt_when(a, AS(startup_file)->mtime_ns));
	case FACT_target:
		return arena_printf(a, "the environment of %s: HOME is %s",
		                    str_empty(AS(target)->user) ? "an unknown user"
		                                                : AS(target)->user,
		                    str_empty(AS(target)->home) ? "not set" : AS(target)->home);
	case FACT_excluded:
		return arena_printf(a, "%s is left out of the build; it is for: %s",
		                    AS(excluded)->path,
		                    str_empty(AS(excluded)->expression) ? AS(excluded)->tag
		                                                        : AS(excluded)->expression);
	default:
		return NULL;
	}
}
