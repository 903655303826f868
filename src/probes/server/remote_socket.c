/* SPDX-License-Identifier: MIT
 * The socket a forwarder complained about, and those of other users that -remote=ADDRESS names.
 * Its words (lsprpc/autostart_posix.go, dialer.go): `socket "PATH" is owned by a different user`,
 * `removing remote socket file: remove PATH: …`.
 */
#include "base/str.h"
#include "core/probe.h"
#include "probes/server/names.h"

static const char *between(struct exam *exam, const char *text, const char *before,
                           const char *behind) {
	const char *at = strstr(text, before);
	const char *end = at ? strstr(at + strlen(before), behind) : NULL;

	return end ? arena_strndup(exam->arena, at + strlen(before),
	                           (size_t)(end - at) - strlen(before))
	           : NULL;
}

static void state_socket(struct exam *exam, const char *path, bool reachable) {
	const struct fact_target *target = facts_first(target, exam->facts);
	struct file_stat st = world_stat(exam->world, path);

	if (!st.known || !st.exists || !target) {
		return;
	}
	const char *state = st.uid != target->uid ? "foreign" : st.is_dir ? "full_dir" : "other";

	FACTS_ADD(exam->facts, daemon_socket, st.ev, .path = path, .state = state, .uid = st.uid,
	          .owner = names_of_uid(exam, st.uid), .own = target->uid, .reachable = reachable);
}

static int look(struct exam *exam, struct err *err) {
	const struct fact_server *server = facts_first(server, exam->facts);
	const char *text = server ? server->err : "";
	const char *path = between(exam, text, "socket \"", "\" is owned by a different user");

	(void)err;
	path = path ? path : between(exam, text, "removing remote socket file: remove ", ": ");
	if (path && path[0] == '/') {
		state_socket(exam, path, false);
	}
	facts_each (remote, r, exam->facts) {
		if (streq(r->network, "unix") && str_starts(r->address, "unix;/")) {
			state_socket(exam, r->address + strlen("unix;"), r->reachable);
		}
	}
	return 0;
}

const struct probe probe_remote_socket = {
	.id = "remote_socket",
	.title = "whose the socket of the daemon is",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(daemon_socket),
	.look = look,
};
