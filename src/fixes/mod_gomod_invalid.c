/* SPDX-License-Identifier: MIT
 * What stood in a broken go.mod is known to the user or to git, not here.
 */
#include "base/str.h"
#include "core/fix.h"

#include <string.h>

static const char mark[] = "\xef\xbb\xbf";

/* The first line, when a byte order mark stands before it: go reads none, and nothing else is wrong with it. */
static const char *marked_line(struct arena *arena, const struct fact *fact, int64_t error_line) {
	struct slice rest = fact && fact->ev && evidence_has_bytes(fact->ev) ? fact->ev->bytes
	                                                                     : slice_of("", 0);
	struct slice line;
	return error_line <= 1 && slice_starts(rest, mark) && slice_line(&rest, &line)
	               ? arena_slicedup(arena, line)
	               : NULL;
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_gomod *mod = finding_first(gomod, finding);
	const struct fact_gowork *work = finding_first(gowork, finding);
	int64_t conflict = mod ? mod->conflict_line : work ? work->conflict_line : 0;
	(void)facts;
	const char *marked = marked_line(out->arena,
	                                 mod    ? &mod->base
	                                 : work ? &work->base
	                                        : NULL,
	                                 mod    ? mod->error_line
	                                 : work ? work->error_line
	                                        : 0);
	if (marked) {
		out->why =
			arena_printf(out->arena,
		                     "%s begins with a byte order mark, as some editors of other "
		                     "systems write one. go reads none.",
		                     finding->subject);
		plan_line(out, finding->subject, 1, marked, marked + strlen(mark));
	} else if (conflict > 0) {
		plan_unable(
			out,
			"which side of the conflict in line %lld of %s is meant is yours to say",
			(long long)conflict, finding->subject);
	} else {
		plan_unable(out,
		            "what should stand in %s is not known here; git may know it (git diff)",
		            finding->subject);
	}
}

const struct fix fix_mod_gomod_invalid = {
	.cause = "mod-gomod-invalid",
	.title = "get back what go can read",
	.plan = plan,
};
