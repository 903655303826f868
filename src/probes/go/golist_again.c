/* SPDX-License-Identifier: MIT
 * Counter-check when the server reports that its go ended with a trace of Go's runtime: does the same
 * question, asked of go directly, end so too?
 */
#include "base/clock.h"
#include "base/str.h"
#include "core/probe.h"
#include "probes/go/go_run.h"

#define DEADLINE_NS (5 * NS_PER_S)
#define MARGIN_NS   (400 * NS_PER_MS)

static bool is_trace(const char *text) {
	return str_has(text, "panic: ") || str_has(text, "fatal error: ") ||
	       str_has(text, "[signal SIG");
}

static bool server_saw_one(const struct facts *facts) {
	facts_each (message, m, facts) {
		if (str_has(m->text, "stderr:") && is_trace(m->text)) {
			return true;
		}
	}
	facts_each (diagnostic, d, facts) {
		if (streq(d->source, "go list") && is_trace(d->text)) {
			return true;
		}
	}
	return false;
}

static int look(struct exam *exam, struct err *err) {
	const struct target *t = exam->target;
	int64_t left = exam->deadline_ns - MARGIN_NS - world_now_ns(exam->world);

	(void)err;
	if (!t->server_go || t->do_not_run_go || !facts_hurt(exam->facts) ||
	    !server_saw_one(exam->facts) || left < NS_PER_MS * 200) {
		return 0;
	}
	struct envset env;
	envset_copy(&env, &t->server);
	envset_set(&env, "GOPROXY", "off");
	const char *const argv[] = {t->server_go, "list", "-e", "-deps", "-json", "./...", NULL};

	go_run_state(exam, "list again", argv, &env, t->server_cwd ? t->server_cwd : t->workspace,
	             left < DEADLINE_NS ? left : DEADLINE_NS);
	return 0;
}

const struct probe probe_golist_again = {
	.id = "golist_again",
	.title = "whether go list ends with a trace by itself",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(go_run),
	.look = look,
};
