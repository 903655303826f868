/* SPDX-License-Identifier: MIT
 * What lies in the place of the socket is put aside, or removed when it is a socket at which nobody listens. A directory
 * that a start-up file names and that is not there is named no more.
 */
#include "base/str.h"
#include "core/fix.h"
#include "core/mend.h"

static void plan(const struct facts *facts, const struct finding *finding, struct plan *out) {
	const struct fact_daemon_socket *s = finding_first(daemon_socket, finding);
	const struct fact_daemon_place *p = finding_first(daemon_place, finding);
	if (s && !s->reachable && streq(s->state, "foreign")) {
		out->why = arena_printf(out->arena,
		                        "%s belongs to %s, nobody listens there, and gopls cannot "
		                        "replace it.",
		                        s->path, s->owner);
		plan_remove(out, s->path);
	} else if (s && streq(s->state, "full_dir")) {
		out->why = arena_printf(out->arena, "%s stands where gopls makes its socket.",
		                        s->path);
		plan_move(out, s->path, NULL);
	} else if (p && STR_IN(p->origin, "XDG_RUNTIME_DIR", "TMPDIR")) {
		out->why =
			arena_printf(out->arena,
		                     "%s=%s cannot hold a socket; without the variable gopls takes "
		                     "the directory for temporary files.",
		                     p->origin, p->dir);
		mend_name(out, facts, p->origin, NULL);
	} else {
		plan_unable(out,
		            "the daemon that answers belongs to somebody else: do without -remote");
	}
}

const struct fix fix_ipc_remote_socket_stale_or_foreign = {
	.cause = "ipc-remote-socket-stale-or-foreign",
	.title = "make room for the socket of the daemon",
	.plan = plan,
};
