/* SPDX-License-Identifier: MIT
 * Installs gopls where go install puts programs by default.
 */
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
	(void)finding;
	out->why = "gopls is not installed.";
	mend_gopls_missing(out, facts, version_for(facts));
}

const struct fix fix_bin_gopls_missing = {
	.cause = "bin-gopls-missing",
	.title = "install gopls",
	.plan = plan,
};
