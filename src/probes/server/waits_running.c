/* SPDX-License-Identifier: MIT
 */
#include "probes/server/waits_running.h"

#include "probes/server/wait_facts.h"

/* A server that runs may load for a while, and waits for this and that then. */
#define SETTLED_MS 5000

bool waits_concerns(const struct fact_running_server *s) {
	return s->here && (streq(s->role, "server") || streq(s->role, "forwarder") ||
	                   streq(s->role, "daemon"));
}

const struct evidence *waits_look_at(struct exam *exam, const struct fact_running_server *s) {
	return world_look(exam->world, LOOK_WAITS,
	                  arena_printf(exam->arena, "%lld", (long long)s->pid), LOOK_CAP_MODULE);
}

/* The fresh one ended at the same leaf: that is one thing, already said. */
static bool is_known(const struct facts *facts, const struct wait_chain *chain) {
	facts_each (wait_leaf, l, facts) {
		if (l->pid == chain->leaf.process->pid) {
			return true;
		}
	}
	return false;
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	facts_each (running_server, s, exam->facts) {
		struct waits w;

		if (!waits_concerns(s)) {
			continue;
		}
		const struct evidence *ev = waits_look_at(exam, s);

		if (!evidence_has_bytes(ev) || !waits_parse(exam->arena, ev->bytes, &w)) {
			continue;
		}
		struct wait_chain chain = waits_chain(&w, SETTLED_MS);

		if (chain.leaf.process && !is_known(exam->facts, &chain)) {
			wait_facts_state(exam->facts, ev, "running", &w, &chain);
		}
	}
	return 0;
}

const struct probe probe_waits_running = {
	.id = "waits_running",
	.title = "whether a running server of the workspace is stuck",
	.stage = STAGE_ANSWER,
	.yields = FACT_BIT(wait_leaf) | FACT_BIT(wait_link) | FACT_BIT(wait_unread),
	.look = look,
};
