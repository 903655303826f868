/* SPDX-License-Identifier: MIT
 * A variable that switches cgo off, names a compiler or pkg-config that is not there or has a flag that the compiler does
 * not take, goes. What has to be installed is
 * for the package manager.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	static const char *const names[] = {"CGO_ENABLED",  "CC",         "CXX",
	                                    "PKG_CONFIG",   "CGO_CFLAGS", "CGO_CPPFLAGS",
	                                    "CGO_CXXFLAGS", "CGO_LDFLAGS"};
	for (size_t i = 0; i < finding->cite_count; i++) {
		const struct fact_govar *var = (const struct fact_govar *)finding->cites[i];
		if (finding->cites[i]->kind != FACT_govar || streq(var->origin, "default")) {
			continue;
		}
		for (size_t k = 0; k < sizeof(names) / sizeof(*names); k++) {
			if (streq(var->name, names[k])) {
				out->why = arena_printf(out->arena,
				                        "%s=%s keeps go from the C compiler; "
				                        "without it go takes what is there.",
				                        var->name, var->value);
				mend_name(out, facts, var->name, NULL);
				return;
			}
		}
	}
	plan_unable(out, "%s has to be installed", finding->subject);
}

const struct fix fix_mod_cgo_toolchain_missing = {
	.cause = "mod-cgo-toolchain-missing",
	.title = "take away the variable that keeps cgo from its compiler",
	.plan = plan,
};
