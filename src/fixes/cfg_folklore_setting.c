/* SPDX-License-Identifier: MIT
 * Takes away a setting that no release of the Go extension reads.
 */
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_setting *s = finding_first(setting, finding);
	if (!s) {
		plan_unable(out, "it is not known where the setting is");
		return;
	}
	out->why = arena_printf(out->arena, "%s in %s has no effect.", s->key, s->file);
	mend_setting(out, facts, s, NULL);
}

const struct fix fix_cfg_folklore_setting = {
	.cause = "cfg-folklore-setting",
	.title = "take the setting away that nobody reads",
	.plan = plan,
};
