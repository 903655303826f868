/* SPDX-License-Identifier: MIT
 * What the programs of a recorded server were refused by the kernel (trace/testimony_calls.c).
 */
#include "base/str.h"
#include "core/probe.h"

static void state_line(struct exam *exam, const struct evidence *ev, struct slice line) {
	struct slice part[4];
	int64_t number[2] = {0, 0};

	for (size_t i = 0; i < 4; i++) {
		if (!slice_cut(&line, ' ', &part[i])) {
			return;
		}
		if (i < 2) {
			(void)str_to_int64(arena_slicedup(exam->arena, part[i]), &number[i]);
		}
	}
	FACTS_ADD(exam->facts, refused_call, ev, .path = arena_slicedup(exam->arena, line),
	          .program = arena_slicedup(exam->arena, part[3]),
	          .call = arena_slicedup(exam->arena, part[2]), .error = number[0],
	          .times = number[1]);
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	if (!exam->target->recorded) {
		return 0;
	}
	const struct evidence *ev =
		world_look(exam->world, LOOK_FILE, TARGET_RECORDED_REFUSALS, LOOK_CAP_SETTINGS);
	struct slice rest = evidence_has_bytes(ev) ? ev->bytes : slice_of("", 0);
	struct slice line;

	while (slice_line(&rest, &line)) {
		state_line(exam, ev, line);
	}
	return 0;
}

const struct probe probe_recorded_refusals = {
	.id = "recorded_refusals",
	.title = "what recorded programs were refused",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(refused_call),
	.look = look,
};
