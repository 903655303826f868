/* SPDX-License-Identifier: MIT
 * Takes away what asks for a Go that is not here where the one at hand does: GOTOOLCHAIN, or the toolchain line of go.mod
 * or go.work. Else that Go has to be fetched.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "core/origin.h"
#include "gofile/goversion.h"

static const char *plain(const char *version) {
	return str_starts(version, "go") ? version + 2 : version;
}

/* The go line of that file and its toolchain line. */
static bool lines_of(const struct facts *facts, const char *file, const char **ret_go,
                     const char **ret_toolchain) {
	facts_each (gowork, w, facts) {
		if (streq(w->path, file)) {
			*ret_go = w->go;
			*ret_toolchain = w->toolchain;
			return true;
		}
	}
	facts_each (gomod, g, facts) {
		if (streq(g->path, file)) {
			*ret_go = g->go;
			*ret_toolchain = g->toolchain;
			return true;
		}
	}
	return false;
}

/* Only the toolchain line wants it; by the go line the local one would do. */
static bool only_the_line(const struct facts *facts, const struct fact_toolchain *t) {
	const char *go = "";
	const char *toolchain = "";
	return lines_of(facts, t->file, &go, &toolchain) && !str_empty(toolchain) &&
	       (str_empty(go) || goversion_compare(go, plain(t->local)) <= 0);
}

static void fetch(const struct facts *facts, const struct fact_toolchain *t, struct plan *out) {
	const struct fact_tool *go = mend_go(facts);
	const struct fact_target *target = facts_first(target, facts);
	const char *cache = facts_govar_value(facts, "GOMODCACHE");
	if (!go || !target || target->home[0] != '/' || cache[0] != '/' || str_empty(t->need) ||
	    streq(t->verdict, "invalid")) {
		plan_unable(out, "Go %s has to be installed",
		            str_empty(t->need) ? t->mode : plain(t->need));
		return;
	}
	struct step *step = plan_run(
		out, target->home, PLAN_WORDS(out, go->path, "version"),
		PLAN_WORDS(out, arena_printf(out->arena, "%s/cache/download/golang.org/", cache),
	                   arena_printf(out->arena, "%s/golang.org/", cache)));
	if (step) {
		step->env = PLAN_WORDS(out, arena_printf(out->arena, "GOTOOLCHAIN=%s", t->need));
		step->network = true;
		step->what = arena_printf(out->arena, "fetch %s into %s", t->need, cache);
	}
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_toolchain *t = finding_first(toolchain, finding);
	const struct fact_govar *mode = facts_govar(facts, "GOTOOLCHAIN");
	if (!t) {
		plan_unable(out, "it is not known which Go is wanted");
		return;
	}
	bool by_file = !str_empty(t->file) && streq(t->where, t->file);
	bool set = mode && !streq(mode->origin, "default") && !streq(mode->origin, "goroot");
	bool does = streq(t->otherwise, "none") || streq(t->otherwise, "present");
	out->why =
		arena_printf(out->arena, "%s is wanted by %s, is not here and cannot be fetched.",
	                     str_empty(t->need) ? t->mode : t->need, t->where);
	if (!by_file && set && does) {
		mend_variable(out, facts, mode, NULL);
	} else if (by_file && only_the_line(facts, t)) {
		out->why = arena_printf(out->arena, "%s The go line of %s is content with Go %s.",
		                        out->why, t->file, t->local);
		mend_go_edit(out, facts, t->file, "-toolchain=none");
	} else {
		fetch(facts, t, out);
	}
}

const struct fix fix_tc_download_unavailable = {
	.cause = "tc-download-unavailable",
	.title = "do without the version that cannot be had, or fetch it",
	.plan = plan,
};
