/* SPDX-License-Identifier: MIT
 * Counters of the telemetry need not be; a program that cannot be read has to be installed again.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_bad_read *bad = finding_first(bad_read, finding);
	(void)facts;
	if (!bad || !streq(bad->tool, "telemetry")) {
		plan_unable(out,
		            "%s lies on a disk or share that cannot give it back; it has to be "
		            "put on another one",
		            finding->subject);
		return;
	}
	out->why =
		"A counter file of the telemetry cannot be read to its end, and who has it mapped "
		"dies of it; a new one is made.";
	plan_move(out, bad->path, NULL);
}

const struct fix fix_fs_mmap_sigbus = {
	.cause = "fs-mmap-sigbus",
	.title = "let go count nothing, so that no counter is mapped",
	.plan = plan,
};
