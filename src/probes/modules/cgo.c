/* SPDX-License-Identifier: MIT
 * Whether cgo is on, and where its C compiler is.
 */
#include "base/str.h"
#include "core/probe.h"
#include "probes/modules/cgo_env.h"

static int look(struct exam *exam, struct err *err) {
	(void)err;
	struct cgo_env cgo = cgo_env(exam);
	bool off = streq(cgo.why, "variable") && !cgo.enabled;
	if (str_empty(cgo.path) && !cgo.path_known && !off) {
		return 0; /* PATH could not be looked through: nothing is known */
	}
	FACTS_ADD(exam->facts, cgo, NULL, .enabled = cgo.enabled, .why = cgo.why, .cc = cgo.cc,
	          .path = cgo.path, .origin = cgo.origin);
	return 0;
}

const struct probe probe_cgo = {
	.id = "cgo",
	.title = "whether go builds code that imports \"C\", and with which compiler",
	.stage = STAGE_SOURCE,
	.yields = FACT_BIT(cgo),
	.look = look,
};
