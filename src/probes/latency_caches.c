/* SPDX-License-Identifier: MIT
 * How quickly the file systems of Go and of its caches answer, if they are not local.
 */
#include "probes/latency.h"

static int look(struct exam *exam, struct err *err) {
	static const char *const names[] = {"GOROOT", "GOMODCACHE", "GOCACHE"};
	(void)err;
	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		latency_state(exam, names[i], facts_govar_value(exam->facts, names[i]));
	}
	return 0;
}

const struct probe probe_latency_caches = {
	.id = "latency_caches",
	.title = "how quickly the file systems of Go and its caches answer, if they are not local",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(slow_place),
	.look = look,
};
