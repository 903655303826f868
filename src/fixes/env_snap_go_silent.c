/* SPDX-License-Identifier: MIT
 * Puts the directory of the snap's own go before that of the launcher, for every session.
 */
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	(void)finding;
	out->why =
		"The launcher of snaps loses what go prints when no terminal is there; the program "
		"behind it, /snap/go/current/bin/go, does not need it.";
	out->keeps = "the snap itself";
	mend_path(out, facts, "/snap/go/current/bin", true);
}

const struct fix fix_env_snap_go_silent = {
	.cause = "env-snap-go-silent",
	.title = "put the program of the snap before its launcher",
	.plan = plan,
};
