/* SPDX-License-Identifier: MIT
 * Where a comment or a text was to end, only who wrote it knows.
 */
#include "core/fix.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_settings_error *e = finding_first(settings_error, finding);
	(void)facts;
	plan_unable(out, "only you know what %s was to say: correct it at line %lld (%s)",
	            e ? e->file : "the file", e ? (long long)e->line : 0, e ? e->message : "");
}

const struct fix fix_cfg_settings_json_invalid = {
	.cause = "cfg-settings-json-invalid",
	.title = "none: only you know what the file was to say",
	.plan = plan,
};
