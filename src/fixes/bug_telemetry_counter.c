/* SPDX-License-Identifier: MIT
 * A new one is made; what was counted is nothing anybody works with. All that are damaged go together: each of them hangs
 * whoever opens it.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

/* gopls and go begin a new file at once. */
static void put_aside(struct plan *out, const char *path) {
	struct step *step = plan_move(out, path, NULL);
	if (step) {
		step->remade = true;
	}
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_counter_file *cited = finding_first(counter_file, finding);
	const struct fact_target *t = facts_first(target, facts);
	out->why = "Whoever opens a counter file that is damaged dies or hangs; a new one is made.";
	if (cited) {
		put_aside(out, cited->path);
		facts_each (counter_file, c, facts) {
			if (c != cited) {
				put_aside(out, c->path);
			}
		}
	} else if (t && t->home[0] == '/') {
		plan_move(out, path_join(out->arena, t->home, ".config/go/telemetry/local"), NULL);
	} else {
		plan_unable(out, "it is not known where the counters lie");
	}
}

const struct fix fix_bug_telemetry_counter = {
	.cause = "bug-telemetry-counter",
	.title = "put the damaged counter file aside",
	.plan = plan,
};
