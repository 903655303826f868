/* SPDX-License-Identifier: MIT
 * No file is wrong: the editor has to be started in the environment of the project.
 */
#include "core/fix.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_startup_file *file = finding_first(startup_file, finding);
	(void)facts;
	plan_unable(out,
	            "no file is wrong: quit the editor and start it with what %s gives, or load it "
	            "with an extension of the editor",
	            file ? file->file : "the project");
}

const struct fix fix_env_direnv_nix_not_loaded = {
	.cause = "env-direnv-nix-not-loaded",
	.title = "none: the editor has to be started with the project's environment",
	.plan = plan,
};
