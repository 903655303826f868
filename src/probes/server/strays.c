/* SPDX-License-Identifier: MIT
 * The first look at processes that may have been left behind, while the server works; strays_still.c judges
 * by a second one. Only when a gopls without an editor runs: looking at all connections has its price.
 */
#include "base/str.h"
#include "core/census.h"
#include "core/probe.h"

static int look(struct exam *exam, struct err *err) {
	(void)err;
	facts_each (running_server, s, exam->facts) {
		if (s->editor_pid == 0 || s->gone || streq(s->state, "T")) {
			(void)world_look(exam->world, LOOK_CENSUS, "own 1", CENSUS_CAP);
			break;
		}
	}
	return 0;
}

const struct probe probe_strays = {
	.id = "strays",
	.title = "processes that may have been left behind",
	.stage = STAGE_WORLD,
	.look = look,
};
