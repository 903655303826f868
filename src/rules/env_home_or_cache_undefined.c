/* SPDX-License-Identifier: MIT
 * Nothing says where caches may be: HOME, XDG_CACHE_HOME and GOCACHE are undefined, or HOME is a
 * place where this user may not write.
 */
#include "core/origin.h"
#include "core/rule.h"

static bool is_set(const struct facts *facts, const char *name) {
	return !str_empty(facts_var(facts, "server", name));
}

static void add_fix(struct findings *out, struct finding *f, const struct facts *facts) {
	const struct fact_target *t = facts_first(target, facts);
	const char *user = t ? t->user : "";
	finding_fix(out, f,
	            "give the editor a HOME it can write to, where it is started (unit file, "
	            "container, wrapper)",
	            "export HOME=%s",
	            str_empty(user) ? "/path/to/a/home" : arena_printf(out->arena, "~%s", user));
	finding_fix(out, f, "say where the caches may be",
	            "export GOCACHE=/var/tmp/%s-go-build GOPATH=/var/tmp/%s-go",
	            str_empty(user) ? "user" : user, str_empty(user) ? "user" : user);
}

static void check_undefined(const struct rule *self, const struct facts *facts,
                            struct findings *out) {
	const struct fact_govar *cache = facts_govar(facts, "GOCACHE");
	const struct fact_govar *mod = facts_govar(facts, "GOMODCACHE");
	bool no_cache = !is_set(facts, "XDG_CACHE_HOME") &&
	                (!cache || str_empty(cache->value) ||
	                 (streq(cache->value, "off") && streq(cache->origin, "default")));
	bool no_mod = !mod || str_empty(mod->value);
	if (is_set(facts, "HOME") || (!no_cache && !no_mod) || facts_healthy(facts)) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, "HOME",
		no_cache ? "HOME, XDG_CACHE_HOME and GOCACHE are all undefined: go has no place "
			   "for its caches"
			 : "HOME and GOPATH are undefined: go has no place for modules");
	const struct fact_editor_process *p = facts_first(editor_process, facts);
	if (p) {
		finding_detail(out, f, "in the environment of process %lld (%s)", (long long)p->pid,
		               p->comm);
		finding_cites(f, p);
	}
	finding_cite(f, facts_said(facts, "GOCACHE is not defined", NULL));
	finding_cite(f, facts_said(facts, "module cache not found", NULL));
	if (cache) {
		finding_cites(f, cache);
	}
	const struct fact_target *t = facts_first(target, facts);
	if (t) {
		finding_cites(f, t);
	}
	add_fix(out, f, facts);
}

/* HOME=/ or HOME=/nonexistent: the default cache can neither be found nor made. A cache of another
 * owner, a read-only or a full filesystem are causes of their own. */
static void check_unusable(const struct rule *self, const struct facts *facts,
                           struct findings *out) {
	const struct fact_place *home = facts_place(facts, "HOME");
	const struct fact_govar *cache = facts_govar(facts, "GOCACHE");
	const struct fact_place *place = facts_place(facts, "GOCACHE");
	if (!home || !cache || !place || !streq(cache->origin, "default") || home->read_only ||
	    is_set(facts, "XDG_CACHE_HOME") || facts_healthy(facts)) {
		return;
	}
	bool cannot_make = (streq(place->state, "absent") && !place->write) ||
	                   streq(place->state, "not_dir") || streq(place->state, "loop");
	bool home_gone = streq(home->state, "absent") || streq(home->state, "not_dir") ||
	                 streq(home->state, "loop");
	bool home_shut = streq(home->state, "denied") || (streq(home->state, "ok") && !home->write);
	if (!(cannot_make && (home_gone || home_shut)) &&
	    !(streq(place->state, "denied") && home_shut)) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, arena_printf(out->arena, "HOME=%s", home->path),
		"HOME is %s, %s, so go cannot make its cache %s", home->path,
		home_gone ? "which does not exist" : "where this user may not write", place->path);
	finding_about(out, f, "HOME");
	finding_cites(f, home);
	finding_cites(f, place);
	add_fix(out, f, facts);
}

/* GOCACHE or XDG_CACHE_HOME names a file, leads through one, or is a link to what is gone or to itself. */
static void check_file(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_govar *cache = facts_govar(facts, "GOCACHE");
	const struct fact_place *place = facts_place(facts, "GOCACHE");
	bool loop = place && streq(place->state, "loop");
	if (!cache || !place || facts_healthy(facts) ||
	    (!streq(place->state, "not_dir") && !loop && str_empty(place->link))) {
		return;
	}
	bool by_xdg = streq(cache->origin, "default") && is_set(facts, "XDG_CACHE_HOME");
	bool by_nobody = streq(cache->origin, "default") && !by_xdg;
	const struct fact_place *home = facts_place(facts, "HOME");
	if (by_nobody && (!home || !streq(home->state, "ok") || !home->write)) {
		return; /* HOME is to blame */
	}
	const char *name = by_xdg ? "XDG_CACHE_HOME" : "GOCACHE";
	const char *value = by_xdg ? facts_var(facts, "server", name) : place->path;
	const char *file = str_empty(place->nearest) ? place->path : place->nearest;
	const char *what =
		loop ? "that leads through links back to itself"
		: str_empty(place->link)
			? arena_printf(out->arena, "%s is a file and no directory",
	                               streq(file, value) ? "that" : file)
			: arena_printf(out->arena, "%s is a link to %s, which is not there",
	                               streq(place->path, value) ? "that" : place->path,
	                               place->link);
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, arena_printf(out->arena, "%s=%s", name, value),
		"%s is %s, but %s, so go has no build cache", name, value, what);
	finding_about(out, f, name);
	finding_cites(f, place);
	finding_cites(f, cache);
	if (by_xdg) {
		finding_fix(out, f, "take it out of where the editor gets its environment from",
		            "unset XDG_CACHE_HOME");
	} else if (by_nobody) {
		const char *it = loop || !str_empty(place->link) ? place->path : file;
		finding_fix(out, f,
		            arena_printf(out->arena, "put the %s aside; go makes a directory there",
		                         it == file ? "file" : "link"),
		            "mv %s %s.aside", str_shell_quote(out->arena, it),
		            str_shell_quote(out->arena, it));
	} else {
		origin_fix(facts, out, f, cache);
	}
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	if (!facts_first(govar, facts) || !facts_first(target, facts)) {
		return; /* nobody looked at the environment: an absent variable says nothing */
	}
	if (is_set(facts, "HOME")) {
		check_unusable(self, facts, out);
		check_file(self, facts, out);
	} else {
		check_undefined(self, facts, out);
	}
}

const struct rule rule_env_home_or_cache_undefined = {
	.id = "env-home-or-cache-undefined",
	.title = "no usable HOME, and no other place for Go's caches",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(var) | FACT_BIT(govar),
	.explains = IDS("*fs-gocache-foreign-owner", "*fs-modcache-foreign-owner",
                        "*bin-wrong-bin-dir", "*bin-gopls-missing", "*env-gopath-equals-goroot"),
	.check = check,
};
