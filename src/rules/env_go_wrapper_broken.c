/* SPDX-License-Identifier: MIT
 * The go that is found is a script which does not hand on to go what it is given, or prints words of
 * its own where the language server reads go's.
 *
 * Counter-checks, made by the probe: the same question to the go behind it is answered; what the
 * workspace and GOFLAGS say has no part in it. Not this: a shim that only works by a variable of the
 * shell (env-version-manager-shim explains this one); the snap (env-snap-go-silent).
 */
#include "core/rule.h"

static const struct fact_shim *shim_at(const struct facts *facts, const char *path) {
	facts_each (shim, s, facts) {
		if (streq(s->path, path)) {
			return s;
		}
	}
	return NULL;
}

static const char *title_of(const struct facts *facts, const struct fact_wrapper *w) {
	struct arena *arena = facts->arena;
	if (streq(w->differs, "splits")) {
		return arena_printf(
			arena,
			"%s is a wrapper that does not pass on to go the arguments it is "
			"given",
			w->path);
	}
	if (streq(w->differs, "chatter")) {
		return arena_printf(
			arena, "%s is a wrapper that prints \"%s\" where go's answer should be",
			w->path, w->said);
	}
	if (streq(w->differs, "silent")) {
		return arena_printf(arena, "%s is a wrapper that keeps the output of go to itself",
		                    w->path);
	}
	if (streq(w->differs, "elsewhere")) {
		return arena_printf(arena, "%s is a wrapper that runs go in another directory",
		                    w->path);
	}
	if (streq(w->differs, "itself")) {
		return arena_printf(arena,
		                    "%s is a wrapper that starts itself again and again: the go "
		                    "it calls is the first on PATH, which it is itself",
		                    w->path);
	}
	if (streq(w->differs, "strips")) {
		return arena_printf(arena,
		                    "%s is a wrapper that runs go without HOME, so that go has no "
		                    "place for its caches",
		                    w->path);
	}
	if (streq(w->differs, "far")) {
		return arena_printf(arena,
		                    "%s is a wrapper of a go on another machine or in a container",
		                    w->path);
	}
	const char *words = facts_run_words(facts, facts_run(facts, "behind the shim"));
	if (streq(w->differs, "fails") && !str_empty(words)) {
		return arena_printf(arena, "%s is a wrapper that gets to no go; it says \"%s\"",
		                    w->path, words);
	}
	return arena_printf(arena,
	                    streq(w->differs, "hangs") ? "%s is a wrapper that never gets to go"
	                                               : "%s is a wrapper that gets to no go",
	                    w->path);
}

static void add_fixes(struct findings *out, struct finding *f, const struct fact_wrapper *w,
                      const char *direct) {
	const char *path = str_shell_quote(out->arena, w->path);
	if (streq(w->differs, "splits") && w->line > 0 && str_has(w->text, "$*")) {
		finding_fix(out, f, "pass the arguments on as they are",
		            "sed -i.bak '%llds/\"\\{0,1\\}\\$\\*\"\\{0,1\\}/\"$@\"/' %s",
		            (long long)w->line, path);
	} else if (streq(w->differs, "splits") && w->line > 0 && str_has(w->text, "$@")) {
		finding_fix(out, f, "pass the arguments on as they are",
		            "sed -i.bak '%llds/\\$@/\"$@\"/' %s", (long long)w->line, path);
	} else if (streq(w->differs, "chatter") && w->line > 0) {
		finding_fix(out, f, "send its words to stderr", "sed -i.bak '%llds/$/ >\\&2/' %s",
		            (long long)w->line, path);
	}
	if (!str_empty(direct)) {
		finding_fix(out, f,
		            arena_printf(out->arena,
		                         "take the go behind it: put it first on PATH, or "
		                         "\"go.alternateTools\": {\"go\": \"%s/bin/go\"}",
		                         direct),
		            "mv %s %s.off && ln -s %s/bin/go %s", path, path,
		            str_shell_quote(out->arena, direct), path);
	} else {
		finding_fix(out, f, "put it out of the way", "mv %s %s.off", path, path);
	}
}

/* It hands on to go what it should, and with it a variable that go cannot live with: that variable is
 * the cause, and this script the place where it is set. */
static bool sets_what_is_wrong(const struct facts *facts) {
	const struct fact_govar *root = facts_govar(facts, "GOROOT");
	facts_each (goroot, g, facts) {
		if (!g->own && !g->complete && root && streq(root->origin, "wrapper")) {
			return true;
		}
	}
	facts_each (goflag_error, e, facts) {
		if (streq(e->origin, "wrapper")) {
			return true;
		}
	}
	const struct fact_govar *mode = facts_govar(facts, "GOTOOLCHAIN");
	const struct fact_toolchain *t = facts_first(toolchain, facts);
	return mode && streq(mode->origin, "wrapper") && t && !streq(t->verdict, "none") &&
	       !t->present;
}

/* A wrapper that takes a lock never gets to go while somebody else has it. */
static bool waits_for_lock(const struct facts *facts) {
	facts_each (lock_wait, w, facts) {
		if (!str_empty(w->stuck)) {
			return true;
		}
	}
	return false;
}

/* The server hangs and it is seen on what: then a wrapper that never gets to go is on the way there, and where the way
 * ends is the cause. One that only works, and goes on and on, is not explained by that. */
static bool waits_elsewhere(const struct facts *facts) {
	facts_each (wait_leaf, l, facts) {
		if (l->settled && !l->healthy &&
		    (streq(l->role, "child") || streq(l->role, "other")) &&
		    !STR_IN(l->kind, "works", "inside", "hidden")) {
			return true;
		}
	}
	return false;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	if (facts_healthy(facts)) {
		return;
	}
	facts_each (wrapper, w, facts) {
		const struct fact_shim *s = shim_at(facts, w->path);
		bool known = s && !str_empty(s->manager);
		bool ends_early = streq(w->differs, "fails") || streq(w->differs, "hangs");
		bool by_variable = ends_early || streq(w->differs, "splits");
		if ((by_variable && sets_what_is_wrong(facts)) ||
		    (streq(w->differs, "hangs") &&
		     (waits_for_lock(facts) || waits_elsewhere(facts)))) {
			continue;
		}
		if (str_empty(w->differs) || (known && (ends_early || streq(s->manager, "snap")))) {
			continue;
		}
		struct finding *f = findings_add(
			out, self, streq(w->differs, "hangs") ? CONF_LIKELY : CONF_CERTAIN, w->path,
			"%s", title_of(facts, w));
		if (w->line > 0) {
			finding_detail(out, f, "line %lld: %s", (long long)w->line, w->text);
		} else if (!str_empty(w->said)) {
			finding_detail(out, f, "it says: %s", w->said);
		}
		static const char *const runs[] = {"list by the wrapper", "list by go itself",
		                                   "GOMOD by the wrapper", "behind the shim"};
		for (size_t i = 0; i < sizeof(runs) / sizeof(*runs); i++) {
			const struct fact_go_run *run = facts_run(facts, runs[i]);
			if (run) {
				finding_cites(f, run);
			}
		}
		finding_cites(f, w);
		finding_cite(f, s ? &s->base : NULL);
		add_fixes(out, f, w, s ? s->goroot : "");
	}
}

const struct rule rule_env_go_wrapper_broken = {
	.id = "env-go-wrapper-broken",
	.title = "go is a wrapper that spoils arguments or output",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(tool),
	.explains = IDS("*ipc-server-waits-on-child", "*tc-goroot-incomplete",
                        "*mod-no-gomod-at-root", "*tc-local-too-old", "*tc-download-unavailable",
                        "*env-goflags-malformed", "*env-home-or-cache-undefined"),
	.check = check,
};
