/* SPDX-License-Identifier: MIT
 * How many modules the workspace holds: asked only when two servers run, since then it matters
 * whether an editor has a reason to start one for each.
 */
#include "core/probe.h"

static bool two_servers(const struct facts *facts) {
	const struct fact_running_server *s = facts_first(running_server, facts);

	return s && s->base.next;
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	if (!two_servers(exam->facts)) {
		return 0;
	}
	const struct evidence *ev =
		world_look(exam->world, LOOK_WALK, exam->target->workspace, LOOK_CAP_DIR);
	struct slice rest = ev->bytes;
	struct slice line;
	int64_t count = 0;

	if (!evidence_has_bytes(ev)) {
		return 0;
	}
	while (slice_line(&rest, &line)) {
		count += slice_starts(line, "mod ");
	}
	FACTS_ADD(exam->facts, module_count, ev, .count = count, .complete = ev->state == EV_READ);
	return 0;
}

const struct probe probe_module_count = {
	.id = "module_count",
	.title = "how many modules the workspace holds, when two servers run",
	.stage = STAGE_ANSWER,
	.yields = FACT_BIT(module_count),
	.look = look,
};
