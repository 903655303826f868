/* SPDX-License-Identifier: MIT
 * GOCACHE, GOMODCACHE or GOPATH reaches go as a relative path, with a leading ~ or with a
 * placeholder that nobody expanded.
 *
 * go refuses a relative GOCACHE and GOPATH always, a relative GOMODCACHE once a package of it is
 * needed (cmd/go/internal/cache, internal/modload of Go 1.26). A path that is absolute and bad is
 * another cause (fs-*).
 */
#include "core/origin.h"
#include "core/rule.h"

/* The first element that is no absolute path, or NULL. */
static const char *bad_element(struct arena *arena, const char *name, const char *value) {
	struct slice rest = slice_str(value);
	struct slice part;
	if (!streq(name, "GOPATH")) {
		return value[0] != '\0' && value[0] != '/' ? value : NULL;
	}
	while (slice_cut(&rest, ':', &part)) {
		if (part.len > 0 && part.data[0] != '/') {
			return arena_slicedup(arena, part);
		}
	}
	return NULL;
}

static const char *fault_of(const char *element) {
	return streq(element, "off")             ? "which go does not accept any more"
	       : element[0] == '~'               ? "whose ~ nobody expands"
	       : str_has(element, "${")          ? "whose placeholder nobody expands"
	       : strchr(element, '$')            ? "whose variable nobody expands"
	       : element[0] && element[1] == ':' ? "which is a Windows path"
	                                         : "which is no absolute path";
}

static void report(const struct rule *self, const struct facts *facts, struct findings *out,
                   const struct fact_govar *v, const char *element) {
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, arena_printf(out->arena, "%s=%s", v->name, v->value),
		"%s is %s, %s (%s)", v->name, v->value, fault_of(element), origin_words(facts, v));
	finding_about(out, f, v->name);
	finding_cites(f, v);
	const struct fact_setting *s =
		facts_setting(facts, arena_printf(out->arena, "go.toolsEnvVars.%s", v->name));
	if (s && streq(v->origin, "settings")) {
		finding_cites(f, s);
	}
	const struct fact_place *p = facts_place(facts, v->name);
	if (p) {
		finding_cites(f, p);
	}
	if (facts_healthy(facts)) {
		f->severity = SEV_NOTE;
	}
	origin_fix(facts, out, f, v);
}

/* os.UserCacheDir takes no relative one, so go has no place for its build cache. */
static void check_xdg(const struct rule *self, const struct facts *facts, struct findings *out) {
	const char *dir = facts_var(facts, "server", "XDG_CACHE_HOME");
	const struct fact_govar *cache = facts_govar(facts, "GOCACHE");
	bool own = cache && !streq(cache->origin, "default");
	if (str_empty(dir) || dir[0] == '/' || own || facts_healthy(facts)) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, arena_printf(out->arena, "XDG_CACHE_HOME=%s", dir),
		"XDG_CACHE_HOME is %s, %s: go has no place for its build cache", dir,
		fault_of(dir));
	facts_each (var, v, facts) {
		if (streq(v->name, "XDG_CACHE_HOME")) {
			finding_cites(f, v);
		}
	}
	finding_fix(out, f, "give it an absolute path, or unset it, and restart the editor",
	            "unset XDG_CACHE_HOME");
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	static const char *const names[] = {"GOCACHE", "GOPATH", "GOMODCACHE"};
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		const struct fact_govar *v = facts_govar(facts, names[i]);
		if (!v || streq(v->origin, "default") || streq(v->origin, "goroot")) {
			continue;
		}
		const char *element = bad_element(out->arena, v->name, v->value);
		bool always = !streq(v->name, "GOMODCACHE");
		if (element && (always || facts_hurt(facts) || facts_healthy(facts))) {
			report(self, facts, out, v, element);
		}
	}
	check_xdg(self, facts, out);
}

const struct rule rule_cfg_cache_path_not_absolute = {
	.id = "cfg-cache-path-not-absolute",
	.title = "a cache directory is no absolute path",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(govar) | FACT_BIT(var),
	.explains = IDS("fs-gocache-foreign-owner", "fs-modcache-foreign-owner", "fs-readonly"),
	.check = check,
};
