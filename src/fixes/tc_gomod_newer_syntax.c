/* SPDX-License-Identifier: MIT
 * Puts a newer Go that is on this machine in front of PATH; a gopls that is too old for go.mod has to be installed anew.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/gopls_choice.h"
#include "core/mend.h"
#include "gofile/goversion.h"

/* A go that reads what came with that version, other than the one in use. */
static const struct fact_tool *newer_go(const struct facts *facts, const char *since) {
	const struct fact_tool *now = mend_go(facts);
	facts_each (tool, t, facts) {
		const struct fact_binary *b = facts_binary(facts, t->path);
		const char *version = b ? b->go_version : "";
		version += str_starts(version, "go") ? 2 : 0;
		bool other = !now || !streq(now->path, t->path);
		if (streq(t->tool, "go") && streq(t->state, "ok") && other &&
		    goversion_is_valid(version) && goversion_compare(version, since) >= 0) {
			return t;
		}
	}
	return NULL;
}

static const char *since_of(const struct finding *finding) {
	const struct fact_gomod *mod = finding_first(gomod, finding);
	const struct fact_gowork *work = finding_first(gowork, finding);
	const char *since = mod ? mod->since : work ? work->since : "";
	return str_empty(since) && mod ? mod->go : since;
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_server_age *age = finding_first(server_age, finding);
	const char *since = since_of(finding);
	if (age && age->path[0] == '/') {
		out->why = arena_printf(out->arena, "gopls %s cannot read what came with Go %s.",
		                        age->version, since);
		mend_install(out, facts, GOPLS_PACKAGE, gopls_choose_newer(age), age->path);
		return;
	}
	const struct fact_tool *go = newer_go(facts, since);
	if (!go) {
		plan_unable(out, "Go %s or newer has to be installed", since);
		return;
	}
	out->why = arena_printf(
		out->arena,
		"The file needs Go %s, and %s is new enough; it only comes too late on "
		"PATH.",
		since, go->path);
	mend_path(out, facts, path_parent(out->arena, go->path), true);
}

const struct fix fix_tc_gomod_newer_syntax = {
	.cause = "tc-gomod-newer-syntax",
	.title = "take a newer Go, or install a newer gopls",
	.plan = plan,
};
