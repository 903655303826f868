/* SPDX-License-Identifier: MIT
 * Repeats, in the file that login shells read, what stands in the file that only interactive ones read.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"
#include "core/origin.h"

/* Missing for the editor, and the same thing is wrong without it. */
static bool belongs(const struct facts *facts, const struct fact_startup *s,
                    const struct fact *need) {
	return need && streq(s->kind, "interactive") && !streq(s->name, "PATH") &&
	       !facts_var(facts, "judged", s->name) && origin_startup(facts, s->name, NULL) == s &&
	       origin_need(facts, s->name, s->value) == need;
}

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_startup *line = finding_first(startup, finding);
	if (!line) {
		plan_unable(out, "it is not known which line is not read");
		return;
	}
	out->why = arena_printf(out->arena,
	                        "%s line %lld sets %s for interactive shells, and the remote "
	                        "server is started by none. What a login shell reads, it has.",
	                        line->file, (long long)line->line, line->name);
	out->keeps = arena_printf(out->arena, "%s", line->file);
	if (streq(line->name, "PATH")) {
		mend_path(out, facts, line->value, false);
	} else {
		const struct fact *need = origin_need(facts, line->name, line->value);
		facts_each (startup, s, facts) {
			if (s == line || belongs(facts, s, need)) {
				mend_export(out, facts, s->name, s->value);
			}
		}
	}
	out->then = "end the remote server (\"Kill VS Code Server on Host\") and connect again";
}

const struct fix fix_env_remote_noninteractive_shell = {
	.cause = "env-remote-noninteractive-shell",
	.title = "repeat the exports where login shells read them",
	.plan = plan,
};
