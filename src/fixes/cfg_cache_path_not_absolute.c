/* SPDX-License-Identifier: MIT
 * Takes a cache directory that is no absolute path away where it is set; of a GOPATH with several elements only the bad
 * ones.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "core/origin.h"

/* The absolute elements of a list of several; NULL when none is left. */
static const char *good_elements(struct arena *arena, const char *value) {
	struct strbuf out;
	struct slice rest = slice_str(value);
	struct slice part;
	strbuf_init(&out, arena);
	while (slice_cut(&rest, ':', &part)) {
		if (part.len > 0 && part.data[0] == '/') {
			strbuf_printf(&out, "%s%.*s", out.len > 0 ? ":" : "", (int)part.len,
			              part.data);
		}
	}
	return out.len > 0 ? out.data : NULL;
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_govar *known = finding_first(govar, finding);
	const struct fact_govar var = known ? *known : origin_of_var(facts, "XDG_CACHE_HOME");
	bool list = streq(var.name, "GOPATH") && strchr(var.value, ':');
	out->why = arena_printf(out->arena,
	                        "%s is %s, set %s, and go takes absolute paths only. Without it go "
	                        "takes its default.",
	                        var.name, var.value, origin_words(facts, &var));
	mend_variable(out, facts, &var, list ? good_elements(out->arena, var.value) : NULL);
}

const struct fix fix_cfg_cache_path_not_absolute = {
	.cause = "cfg-cache-path-not-absolute",
	.title = "take the variable away where it is set",
	.plan = plan,
};
