/* SPDX-License-Identifier: MIT
 * GOPATH is the directory of the Go installation, or leads into a file.
 *
 * With modules the first only mixes two things in one tree and brings a warning of go, so it is a
 * note; a GOPATH or GOMODCACHE that runs into a file leaves no place for modules. A GOROOT that is
 * wrong is a cause of its own.
 */
#include "core/origin.h"
#include "core/rule.h"
#include "core/storage.h"

/* The module cache follows GOPATH into the installation, which belongs to root, and a module that is
 * needed is not there. */
static const struct fact_place *blocked_cache(const struct facts *facts) {
	const struct fact_govar *mod = facts_govar(facts, "GOMODCACHE");
	const struct fact_place *p = facts_place(facts, "GOMODCACHE");
	if (!p || !mod || !streq(mod->origin, "default") || !facts_hurt(facts) ||
	    !storage_module_wanted(facts)) {
		return NULL;
	}
	bool shut = storage_cannot_be_made(p) || p->read_only || !p->write;
	return shut ? p : NULL;
}

static void check_same(const struct rule *self, const struct facts *facts, struct findings *out,
                       const struct fact_govar *gopath) {
	facts_each (goroot, root, facts) {
		if (!root->complete || !streq(root->root, gopath->value)) {
			continue;
		}
		struct finding *f =
			findings_add(out, self, CONF_CERTAIN, root->root,
		                     "GOPATH and GOROOT are the same directory, %s", root->root);
		const struct fact_place *cache = blocked_cache(facts);
		f->severity = cache ? SEV_ERROR : SEV_NOTE;
		finding_detail(out, f, "GOPATH is set %s", origin_words(facts, gopath));
		finding_cites(f, root);
		finding_cites(f, gopath);
		if (cache) {
			finding_detail(out, f,
			               "GOPATH is set %s; modules would go to %s, where this "
			               "user may not write",
			               origin_words(facts, gopath), cache->path);
			finding_cites(f, cache);
			finding_cite(f, storage_module_wanted(facts));
		}
		if (!streq(gopath->origin, "default")) {
			origin_fix(facts, out, f, gopath);
			continue;
		}
		finding_fix(out, f, "keep downloaded modules and tools elsewhere",
		            "go env -w GOPATH=%s/gopath",
		            facts_first(target, facts) ? facts_first(target, facts)->home
		                                       : "$HOME");
	}
}

static void check_file(const struct rule *self, const struct facts *facts, struct findings *out,
                       const char *name) {
	const struct fact_place *place = facts_place(facts, name);
	const struct fact_govar *var = facts_govar(facts, name);
	bool file = place && streq(place->state, "not_dir");
	bool loop = place && streq(place->state, "loop");
	if (!place || !var || (!file && !loop && str_empty(place->link)) || facts_healthy(facts)) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, arena_printf(out->arena, "%s=%s", name, place->path),
		loop    ? "%s is %s, which leads through links back to itself"
		: !file ? "%s is %s, which is a link to %s, and nothing is there"
		: str_empty(place->nearest) ? "%s is %s, which is a file and no directory"
					    : "%s is %s, and %s is a file and no directory",
		name, place->path, file ? place->nearest : place->link);
	finding_about(out, f, name);
	finding_cites(f, place);
	finding_cites(f, var);
	origin_fix(facts, out, f, var);
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_govar *gopath = facts_govar(facts, "GOPATH");
	if (gopath && !str_empty(gopath->value)) {
		check_same(self, facts, out, gopath);
	}
	const struct fact_govar *mod = facts_govar(facts, "GOMODCACHE");
	bool mod_is_own = mod && !streq(mod->origin, "default");
	check_file(self, facts, out, mod_is_own ? "GOMODCACHE" : "GOPATH");
}

const struct rule rule_env_gopath_equals_goroot = {
	.id = "env-gopath-equals-goroot",
	.title = "GOPATH is the Go installation itself, or leads into a file",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(govar) | FACT_BIT(place),
	.explains = IDS("*fs-modcache-foreign-owner"),
	.check = check,
};
