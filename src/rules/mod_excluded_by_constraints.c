/* SPDX-License-Identifier: MIT
 * mod-excluded-by-constraints: the build leaves out the open file, a package it imports, or a file
 * that declares what it uses. File name, build line and tags in force are the proof.
 * Counter-checks: gopls gives files of another GOOS or GOARCH a build of their own, and opens a
 * main file with "ignore" alone; those are healthy. An undefined name counts only when a left-out
 * file declares it. What is left out because cgo is off is mod-cgo-toolchain-missing.
 */
#include "base/path.h"
#include "core/rule.h"
#include "core/undefined.h"

/* Where the tags come from: gopls' own build flags go before those of the extension, and any of them
 * before GOFLAGS. */
static const struct fact_setting *tags_setting(const struct facts *facts) {
	static const char *const keys[] = {"gopls.build.buildFlags", "gopls.buildFlags",
	                                   "go.buildFlags", "go.buildTags"};
	for (size_t i = 0; i < sizeof(keys) / sizeof(*keys); i++) {
		const struct fact_setting *s = facts_setting(facts, keys[i]);
		if (s && (str_has(s->json, "-tags") || streq(keys[i], "go.buildTags"))) {
			return s;
		}
	}
	return NULL;
}

static const char *tags_in_force(const struct facts *facts) {
	const struct fact_setting *s = tags_setting(facts);
	const struct fact_govar *v = facts_govar(facts, "GOFLAGS");
	const char *tags = v ? strstr(v->value, "-tags=") : NULL;
	return s ? arena_printf(facts->arena, "%s: %s", s->key, s->json) : tags ? tags : "none";
}

static bool is_platform(const char *reason) {
	return streq(reason, "goos") || streq(reason, "goarch");
}

static bool platform_is_chosen(const struct facts *facts) {
	const struct fact_govar *os = facts_govar(facts, "GOOS");
	const struct fact_govar *arch = facts_govar(facts, "GOARCH");
	return (os && !streq(os->origin, "default")) || (arch && !streq(arch->origin, "default"));
}

/* prices_plan9.go as prices-plan9.go, which is for every platform (go help buildconstraint); "" for another name. */
static const char *name_without(struct arena *arena, const char *path, const char *tag) {
	const char *end = arena_printf(arena, "_%s.go", tag);
	if (str_empty(tag) || !str_ends(path, end)) {
		return "";
	}
	size_t kept = strlen(path) - strlen(end);
	return arena_printf(arena, "%.*s-%s.go", (int)kept, path, tag);
}

static void add_fixes(const struct facts *facts, struct findings *out, struct finding *f,
                      const char *reason, const char *tag, const char *path) {
	if (streq(reason, "tag") && str_starts(tag, "go1.")) {
		finding_fix(out, f, arena_printf(out->arena, "install Go %s or newer", tag + 2),
		            "%s", "");
	} else if (streq(reason, "tag") && tag[0] == '!') {
		finding_fix(out, f, arena_printf(out->arena, "take the tag %s away", tag + 1), "%s",
		            "");
	} else if (streq(reason, "tag") && !str_empty(tag)) {
		finding_fix(out, f, "settings.json: \"go.buildTags\", or for any editor's gopls",
		            "\"gopls\": {\"build.buildFlags\": [\"-tags=%s\"]}", tag);
		finding_fix(out, f, "in a terminal", "go build -tags=%s %s", tag,
		            str_shell_quote(out->arena, path_parent(out->arena, path)));
	} else if (streq(reason, "cgo")) {
		finding_fix(out, f, "let go use cgo again",
		            "unset CGO_ENABLED; go env -u CGO_ENABLED");
	} else if (is_platform(reason) && !platform_is_chosen(facts) &&
	           *name_without(out->arena, path, tag)) {
		finding_fix(
			out, f,
			arena_printf(out->arena,
		                     "go takes _%s at the end of a file's name for a platform; if "
		                     "that is not meant, rename it",
		                     tag),
			"mv %s %s", str_shell_quote(out->arena, path),
			str_shell_quote(out->arena, name_without(out->arena, path, tag)));
	} else if (is_platform(reason)) {
		finding_fix(out, f, "look at the variables that choose the platform",
		            "go env GOOS GOARCH");
	} else if (streq(reason, "name")) {
		finding_fix(out, f, "rename it without the leading '_' or '.'", "mv %s %s",
		            str_shell_quote(out->arena, path),
		            str_shell_quote(out->arena,
		                            path_join(out->arena, path_parent(out->arena, path),
		                                      path_base(path) + 1)));
	}
}

static void cite_settings(const struct facts *facts, struct finding *f) {
	static const char *const names[] = {"GOFLAGS", "GOOS", "GOARCH", "CGO_ENABLED"};
	const struct fact_setting *tags = tags_setting(facts);
	if (tags) {
		finding_cites(f, tags);
	}
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct fact_govar *v = facts_govar(facts, names[i]);
		if (v && !streq(v->origin, "default")) {
			finding_cites(f, v);
		}
	}
}

/* The tags that make "line 1: integration && (e2e || load) && !race" true, "integration,e2e"; "!x"
 * when only the absence of x would. The first side of each || is taken. */
static const char *tag_in(struct arena *arena, const char *excluded_by) {
	static const char letters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_.";
	const char *p = strstr(excluded_by, ": ");
	const char *unwanted = "";
	struct strbuf wanted;
	strbuf_init(&wanted, arena);
	for (p = p ? p + 2 : ""; *p;) {
		size_t skip = strcspn(p, letters);
		bool other_side = memmem(p, skip, "||", 2) != NULL && wanted.len > 0;
		bool not = skip > 0 && p[skip - 1] == '!';
		size_t n = strspn(p + skip, letters);
		if (n > 0 && not ) {
			unwanted = arena_printf(arena, "!%.*s", (int)n, p + skip);
		} else if (n > 0 && !other_side) {
			strbuf_printf(&wanted, "%s%.*s", wanted.len > 0 ? "," : "", (int)n,
			              p + skip);
		}
		p += skip + n;
	}
	return wanted.len > 0 ? wanted.data : unwanted;
}

/* The tag to set, or "!tag" when it must go. */
static const char *blamed(struct arena *arena, const struct fact_excluded *x) {
	const char *without = arena_printf(arena, "!%s", x->tag);
	return !str_empty(x->tag) && str_has(x->expression, without) ? without : x->tag;
}

static bool cgo_is_off(const struct facts *facts) {
	const struct fact_cgo *cgo = facts_first(cgo, facts);
	return cgo && !cgo->enabled && !streq(cgo->why, "cross");
}

static void check_file(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_open_file *file = facts_first(open_file, facts);
	if (!file || str_empty(file->excluded_by) || streq(file->reason, "none") ||
	    (streq(file->reason, "cgo") && cgo_is_off(facts))) {
		return;
	}
	/* gopls has views for other platforms and for "ignore", but none for a tag nobody sets: that
	 * is certain before it has answered. */
	bool unanswered = !facts_first(health, facts);
	if (!facts_hurt(facts) && !(unanswered && streq(file->reason, "tag"))) {
		return;
	}
	const struct fact *said = facts_said(facts, "No packages found for open file", NULL);
	if (is_platform(file->reason) && !said) {
		return;
	}
	struct finding *f =
		findings_add(out, self, CONF_CERTAIN, file->path,
	                     "the build leaves out %s because of %s (tags in force: %s)",
	                     file->path, file->excluded_by, tags_in_force(facts));
	f->by_words = is_platform(file->reason);
	finding_cites(f, file);
	finding_cite(f, said);
	cite_settings(facts, f);
	add_fixes(facts, out, f, file->reason, tag_in(out->arena, file->excluded_by), file->path);
}

static void check_package(const struct rule *self, const struct facts *facts, struct findings *out,
                          const struct fact_excluded *x) {
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, x->path,
		"every file of the imported package %s is left out of the build: %s %s%s%s",
		x->import, x->file, str_empty(x->expression) ? "is for " : "has //go:build ",
		str_empty(x->expression) ? x->tag : x->expression,
		str_empty(x->tag) || streq(x->expression, x->tag)
			? ""
			: arena_printf(out->arena, " (%s)", x->tag));
	finding_cites(f, x);
	cite_settings(facts, f);
	add_fixes(facts, out, f, x->reason, blamed(out->arena, x), x->file);
	f->severity = facts_healthy(facts) ? SEV_NOTE : SEV_ERROR;
}

static bool check_names(const struct rule *self, const struct facts *facts, struct findings *out,
                        const struct fact_excluded *x) {
	const char *name = NULL;
	const struct fact_diagnostic *d = undefined_find(facts, x->name, &name);
	if (!d) {
		return false;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, x->path,
		"%s (%s line %lld) is declared in %s, which the build leaves out: %s%s", name,
		d->path, (long long)d->line, x->path,
		!str_empty(x->expression) ? "//go:build "
		: streq(x->reason, "cgo") ? "it needs "
					  : "its name is for ",
		str_empty(x->expression) ? x->tag : x->expression);
	finding_cites(f, x);
	finding_cites(f, d);
	cite_settings(facts, f);
	add_fixes(facts, out, f, x->reason, blamed(out->arena, x), x->path);
	return true;
}

/* The code is right on this machine, and the platform it is judged for lacks what it uses. */
static void check_platform(const struct rule *self, const struct facts *facts,
                           struct findings *out) {
	const struct fact_trial *here = facts_trial(facts, "compile for this machine");
	const struct fact_govar *os = facts_govar(facts, "GOOS");
	const struct fact_govar *arch = facts_govar(facts, "GOARCH");
	if (!here || !here->better || !os || !arch) {
		return;
	}
	struct finding *f =
		findings_add(out, self, CONF_CERTAIN, here->subject,
	                     "%s is compiled for %s/%s, where it is an error (%s); for this "
	                     "machine it is none",
	                     here->subject, os->value, arch->value, here->detail);
	finding_cites(f, here);
	cite_settings(facts, f);
	finding_fix(out, f, "look at the variables that choose the platform", "go env GOOS GOARCH");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	check_file(self, facts, out);
	facts_each (excluded, x, facts) {
		if (streq(x->what, "package") && !(streq(x->reason, "cgo") && cgo_is_off(facts))) {
			check_package(self, facts, out, x);
			return;
		}
	}
	facts_each (excluded, x, facts) {
		bool of_c = streq(x->reason, "cgo") && cgo_is_off(facts);
		if (streq(x->what, "file") && !of_c && check_names(self, facts, out, x)) {
			return;
		}
	}
	check_platform(self, facts, out);
}

const struct rule rule_mod_excluded_by_constraints = {
	.id = "mod-excluded-by-constraints",
	.title = "Build tags, GOOS, GOARCH or the file name keep the code out of the build",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(open_file),
	.check = check,
};
