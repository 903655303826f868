/* SPDX-License-Identifier: MIT
 */
#include "probes/server/wait_calls.h"

void wait_calls_look(struct exam *exam, struct waits *w, struct wait_chain *chain,
                     int64_t settled_ms) {
	const struct wait_process *p = chain->leaf.process;

	if (!p || chain->leaf.kind != WAIT_IDLE || !str_starts(p->comm, "gopls")) {
		return;
	}
	enum wait_role role = waits_role(w->arena, p);

	if (role != ROLE_SERVER && role != ROLE_DAEMON) {
		return;
	}
	const struct evidence *ev = world_look_anew(
		exam->world, LOOK_GOROUTINES,
		arena_printf(exam->arena, "%lld calls", (long long)p->pid), LOOK_CAP_SETTINGS);

	w->calls_hidden = ev->state == EV_DENIED;
	if (evidence_has_bytes(ev)) {
		waits_take_goroutines(w, p->pid, ev->bytes);
	}
	if (w->call_count > 0) {
		*chain = waits_chain(w, settled_ms);
	}
}
