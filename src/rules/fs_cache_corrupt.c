/* SPDX-License-Identifier: MIT
 * fs-cache-corrupt: an entry of the module cache or of the build cache is missing or altered: a
 * crash, a cleaner, an editor that saved into it.
 * Proof: the checksum that go.sum has of the module, or the one in the name of the entry, is not
 * that of the bytes.
 * Counter-checks: an edit of go.sum leaves the cache's own files in agreement with each other
 * (mod-gosum-or-gomod-stale); a module that was never downloaded is a matter of the network; what
 * cannot be read at all is a matter of its owner or its disk; a change that nobody feels is a note.
 */
#include "base/ascii.h"
#include "base/path.h"
#include "core/rule.h"
#include "core/storage.h"

#define NAMED_MAX 4 /* entries that are removed one by one */

static bool is_gomod(const struct fact_cache_gap *gap) {
	return str_starts(gap->kind, "gomod-");
}

/* A package name to be looked for in what the compiler says: the last element of the path. */
static const char *package_word(struct arena *arena, const char *module) {
	const char *base = path_base(module);
	bool major = base[0] == 'v' && ascii_is_digit(base[1]);
	return arena_printf(arena, "%s.", major ? path_base(path_parent(arena, module)) : base);
}

/* An error of the open file, or what go or the server said, that speaks of the module. */
static const struct fact *complaint(const struct facts *facts, const struct fact_cache_gap *gap) {
	const char *dir = path_parent(facts->arena, gap->path);
	const char *word = package_word(facts->arena, str_empty(gap->module) ? dir : gap->module);
	const char *own = arena_printf(facts->arena, "%s.", path_base(dir));
	facts_each (diagnostic, d, facts) {
		if (streq(d->severity, "error") && !str_empty(gap->module) &&
		    (str_has(d->text, word) || str_has(d->text, own) ||
		     str_has(d->text, gap->module) || str_has(d->text, gap->dir))) {
			return &d->base;
		}
	}
	const char *place = str_empty(gap->dir) ? gap->path : gap->dir;
	facts_each (feature, f, facts) {
		if (streq(f->state, "failed") && str_has(f->detail, place)) {
			return &f->base;
		}
	}
	facts_each (go_run, run, facts) {
		if (str_has(run->err, place) || str_has(run->out, place)) {
			return &run->base;
		}
	}
	const struct fact *said = facts_said(facts, place, NULL);
	return said || str_empty(gap->module) ? said : facts_said(facts, gap->module, NULL);
}

static bool is_felt(const struct facts *facts, const struct fact_cache_gap *gap,
                    const struct fact *said) {
	bool hurt = facts_hurt(facts);
	if (streq(gap->cache, "GOCACHE") || is_gomod(gap) || streq(gap->kind, "zip") ||
	    streq(gap->kind, "sum")) {
		return hurt;
	}
	if (!gap->needed) {
		return false;
	}
	bool lost = streq(gap->kind, "missing") || streq(gap->kind, "short");
	return said || (hurt && lost);
}

/* The one to name: of what is felt the first, Go files before others. */
static const struct fact_cache_gap *worst(const struct facts *facts, const char *cache,
                                          const struct fact **ret_said, bool *ret_felt) {
	const struct fact_cache_gap *first = NULL;
	*ret_felt = false;
	facts_each (cache_gap, gap, facts) {
		const struct fact *said = streq(gap->cache, cache) ? complaint(facts, gap) : NULL;
		if (streq(gap->cache, cache) && !streq(gap->kind, "gomod-differs") &&
		    is_felt(facts, gap, said)) {
			*ret_said = said;
			*ret_felt = true;
			return gap;
		}
		if (!first && streq(gap->cache, cache)) {
			first = gap;
			*ret_said = said;
		}
	}
	return first;
}

static const char *kind_words(const struct fact_cache_gap *gap) {
	static const char *const words[][2] = {
		{"missing", "is missing"},
		{"short", "is cut short"},
		{"altered", "was altered"},
		{"extra", "does not belong there"},
		{"differs", "is not what was downloaded"},
		{"zip", "is damaged"},
		{"sum", "is right, but the checksum kept for it in the cache is not"},
		{"gomod-absent", "is missing"},
		{"gomod-empty", "is empty"},
		{"gomod-altered", "was altered"},
		{"gomod-differs", "is not what go.sum says"},
	};
	for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++) {
		if (streq(words[i][0], gap->kind)) {
			return words[i][1];
		}
	}
	return "is damaged";
}

static void fix_module(const struct facts *facts, struct findings *out, struct finding *f,
                       const struct fact_cache_gap *gap) {
	struct arena *arena = out->arena;
	const struct fact_govar *cache = facts_govar(facts, "GOMODCACHE");
	const struct fact_target *t = facts_first(target, facts);
	const char *again = arena_printf(
		arena, "(cd %s && go mod download %s)",
		str_shell_quote(arena, t ? t->workspace : "."),
		str_shell_quote(arena, arena_printf(arena, "%s@%s", gap->module, gap->version)));
	const char *dir = str_shell_quote(arena, gap->dir);
	const char *path = str_shell_quote(arena, gap->path);
	if (is_gomod(gap) && streq(gap->zip, "own")) {
		finding_fix(out, f, "put the go.mod of the module itself there, which is right",
		            "cp -f %s/go.mod %s", dir, path);
	} else if (is_gomod(gap)) {
		finding_fix(out, f, "let go fetch this one file again", "rm -f %s && %s", path,
		            again);
	} else if (streq(gap->kind, "zip")) {
		finding_fix(out, f, "let go fetch this one version again", "rm -f %s %shash && %s",
		            path, path, again);
	} else if (streq(gap->kind, "sum") && cache) {
		finding_fix(out, f, "remove the wrong checksum; go makes it again from the zip",
		            "rm -f %s/cache/download/%s/@v/%s.ziphash && %s",
		            str_shell_quote(arena, cache->value),
		            str_shell_quote(arena, gap->module),
		            str_shell_quote(arena, gap->version), again);
	} else {
		finding_fix(out, f,
		            streq(gap->zip, "ok")
		                    ? "let go unpack this one version again (its zip is here)"
		                    : "let go fetch this one version again",
		            "chmod -R u+w %s && rm -r %s && %s", dir, dir, again);
	}
}

static void check_module_cache(const struct rule *self, const struct facts *facts,
                               struct findings *out) {
	const struct fact *said = NULL;
	bool felt = false;
	const struct fact_cache_gap *gap = worst(facts, "GOMODCACHE", &said, &felt);
	if (!gap || (!felt && (streq(gap->kind, "extra") || is_gomod(gap)))) {
		return;
	}
	struct finding *f =
		findings_add(out, self, CONF_CERTAIN, gap->path,
	                     "%s %s: the module cache no longer has %s %s as it was downloaded",
	                     gap->path, kind_words(gap), gap->module, gap->version);
	f->severity = felt ? SEV_ERROR : SEV_NOTE;
	const struct fact_gosum_gap *sum = facts_first(gosum_gap, facts);
	if (streq(gap->kind, "sum") && sum) {
		finding_about(out, f, sum->gosum);
	}
	finding_cites(f, gap);
	finding_cite(f, said);
	facts_each (cache_gap, other, facts) {
		if (other != gap && streq(other->cache, "GOMODCACHE")) {
			finding_cites(f, other);
		}
	}
	finding_detail(out, f, "go.sum has the checksum of what it should be");
	fix_module(facts, out, f, gap);
}

static void check_build_cache(const struct rule *self, const struct facts *facts,
                              struct findings *out) {
	const struct fact *said = NULL;
	bool felt = false;
	const struct fact_cache_gap *gap = worst(facts, "GOCACHE", &said, &felt);
	const struct fact_govar *cache = facts_govar(facts, "GOCACHE");
	if (!gap || !felt) {
		return;
	}
	size_t count = 0;
	struct strbuf names;
	strbuf_init(&names, out->arena);
	facts_each (cache_gap, g, facts) {
		if (streq(g->cache, "GOCACHE") && count++ < NAMED_MAX) {
			strbuf_printf(&names, " %s", str_shell_quote(out->arena, g->path));
		}
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, gap->path,
		"%s in the build cache (GOCACHE) %s: go takes it for what it knows of a package",
		gap->path,
		streq(gap->kind, "zeros") ? "holds only zeros" : "is not what its name says");
	finding_about(out, f, cache ? cache->value : gap->path);
	facts_each (cache_gap, g, facts) {
		if (streq(g->cache, "GOCACHE")) {
			finding_cites(f, g);
		}
	}
	finding_cite(f, said);
	finding_cite(f, facts_said(facts, "is not in std", NULL));
	if (count <= NAMED_MAX) {
		finding_fix(out, f, "remove it; go makes it again", "rm -f%s", names.data);
	}
	if (cache) {
		const char *path = str_shell_quote(out->arena, cache->value);
		finding_fix(out, f, "let go begin a new build cache, and keep the old one aside",
		            "mv %s %s", path,
		            str_shell_quote(out->arena,
		                            arena_printf(out->arena, "%s.damaged", cache->value)));
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	check_module_cache(self, facts, out);
	check_build_cache(self, facts, out);
}

const struct rule rule_fs_cache_corrupt = {
	.id = "fs-cache-corrupt",
	.title = "An entry of the build cache or the module cache is missing or altered",
	.wave = 2,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(cache_gap),
	.explains = IDS("mod-gosum-or-gomod-stale"),
	.check = check,
};
