/* SPDX-License-Identifier: MIT
 * Installs gopls where go install puts programs by default.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "gofile/goplsrelease.h"
#include "gofile/goversion.h"

/* A Go that cannot fetch a newer one by itself builds an older gopls only. */
static const char *version_for(const struct facts *facts) {
	facts_each (go_version, v, facts) {
		if (streq(v->source, "local") && !str_empty(v->version) &&
		    goversion_compare(v->version, "1.21") < 0) {
			const struct gopls_release *r = gopls_release_for(v->version);
			return r ? r->last : "latest";
		}
	}
	return "latest";
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_target *t = facts_first(target, facts);
	(void)finding;
	if (!t || t->home[0] != '/') {
		plan_unable(out, "it is not known where gopls could be installed");
		return;
	}
	out->why =
		"The plug-in does not understand what this go calls itself, and installs no gopls.";
	mend_install(out, facts,
	             arena_printf(out->arena, "golang.org/x/tools/gopls@%s", version_for(facts)),
	             path_join(out->arena, t->home, "go/bin/gopls"));
}

const struct fix fix_bin_go_version_string_unparsed = {
	.cause = "bin-go-version-string-unparsed",
	.title = "install gopls",
	.plan = plan,
};
