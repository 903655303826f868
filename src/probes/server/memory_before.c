/* SPDX-License-Identifier: MIT
 * How many processes the kernel has ended for want of memory, before the server is started: only what
 * comes on top of that (probes/server/memory) is about this server.
 */
#include "probes/server/memory_groups.h"

static int look(struct exam *exam, struct err *err) {
	(void)err;
	world_look(exam->world, LOOK_MEMORY, "self " MEMORY_BEFORE, LOOK_CAP_SMALL);
	return 0;
}

const struct probe probe_memory_before = {
	.id = "memory_before",
	.title = "how often memory has run out before",
	.stage = STAGE_START,
	.look = look,
};
