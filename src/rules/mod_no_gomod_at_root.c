/* SPDX-License-Identifier: MIT
 * mod-no-gomod-at-root: no go.mod is in force for the open file, so only the standard library can
 * be imported. Without such an import everything works and there is nothing to say.
 */
#include "base/path.h"
#include "core/origin.h"
#include "core/rule.h"

static const struct fact_file_import *unprovided(const struct facts *facts) {
	facts_each (file_import, i, facts) {
		if (streq(i->class, "nonstd_missing")) {
			return i;
		}
	}
	return NULL;
}

/* A value in the file of go env -w is env-goenv-file-leftover. */
static void check_off(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_govar *v = facts_govar(facts, "GO111MODULE");
	const struct fact_open_file *file = facts_first(open_file, facts);
	if (!v || !streq(v->value, "off") || streq(v->origin, "goenv") || !file ||
	    str_empty(file->module_dir) || file->imports_other == 0 || !facts_hurt(facts)) {
		return;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, "GO111MODULE=off",
		"GO111MODULE=off makes go ignore %s/go.mod and look for packages in GOPATH",
		file->module_dir);
	finding_cites(f, v);
	finding_cites(f, file);
	origin_fix(facts, out, f, v);
}

/* Names that are nearly go.mod, or a link to nothing: the user believes there is one. */
static const char *nearly(const struct facts *facts, const struct fact **ret_proof) {
	facts_each (gomod, g, facts) {
		if (!str_empty(g->error) && !g->has_module && !g->empty) {
			*ret_proof = &g->base;
			return g->path;
		}
	}
	return NULL;
}

static void check(const struct rule *self, const struct facts *facts, struct findings *out) {
	const struct fact_open_file *file = facts_first(open_file, facts);
	const struct fact_target *target = facts_first(target, facts);
	const struct fact_file_import *import = unprovided(facts);
	const struct fact *proof = NULL;
	check_off(self, facts, out);
	if (!file || !str_empty(file->module_dir) || !import || nearly(facts, &proof)) {
		return;
	}
	const char *dir = path_parent(out->arena, file->path);
	const char *root = target && path_below(dir, target->workspace) ? target->workspace : dir;
	const struct fact_gomod *below = NULL;
	facts_each (gomod, g, facts) {
		below = below ? below : streq(g->role, "below") ? g : NULL;
	}
	struct finding *f = findings_add(
		out, self, CONF_CERTAIN, root,
		"%s and the directories above have no go.mod, so %s (%s line %lld) cannot be found",
		root, import->path, file->path, (long long)import->line);
	finding_cites(f, import);
	finding_cites(f, file);
	if (below) {
		finding_cites(f, below);
		finding_detail(out, f, "the nearest module is %s, which this file is not part of",
		               path_parent(out->arena, below->path));
	}
	const char *quoted = str_shell_quote(out->arena, root);
	finding_fix(out, f, "get go.mod back if git knows it",
	            "cd %s && git checkout -- go.mod go.sum", quoted);
	finding_fix(out, f, "begin a module here",
	            "cd %s && go mod init example.com/%s && go mod tidy", quoted,
	            str_shell_quote(out->arena, path_base(root)));
	f->severity = facts_healthy(facts) ? SEV_NOTE : SEV_ERROR;
}

const struct rule rule_mod_no_gomod_at_root = {
	.id = "mod-no-gomod-at-root",
	.title = "No go.mod is in force for the open file",
	.wave = 1,
	.severity = SEV_ERROR,
	.needs = FACT_BIT(open_file) | FACT_BIT(file_import),
	.check = check,
};
