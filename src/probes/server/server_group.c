/* SPDX-License-Identifier: MIT
 * A wrapper may put the server into a control group of its own (systemd-run, cgexec): only while it runs
 * can that be seen. Named so that it comes late in its stage.
 */
#include "base/str.h"
#include "probes/server/handshake.h"
#include "probes/server/memory_groups.h"

static bool is_wrapped(const struct exam *exam) {
	facts_each (binary, b, exam->facts) {
		if (b->chosen && streq(b->tool, "gopls") && streq(b->format, "script")) {
			return true;
		}
	}
	return false;
}

static int look(struct exam *exam, struct err *err) {
	struct handshake *h = exam->handshake;

	(void)err;
	if (!h || !h->session || h->session->pid <= 0 || !is_wrapped(exam)) {
		return 0;
	}
	const struct memory_seen *own = memory_look(exam, "self", MEMORY_BEFORE);
	const struct evidence *ev =
		world_look(exam->world, LOOK_TREE,
	                   arena_printf(exam->arena, "%lld group", (long long)h->session->pid),
	                   LOOK_CAP_SMALL);
	struct slice rest = ev->bytes;
	struct slice line, word;

	while (evidence_has_bytes(ev) && slice_line(&rest, &line) && slice_cut(&line, ' ', &word)) {
		const char *pid = arena_slicedup(exam->arena, word);
		const struct memory_seen *its = memory_look(exam, pid, MEMORY_DURING);

		if (own->known && its->known && its->count > 0 && own->count > 0 &&
		    !streq(its->groups[0].path, own->groups[0].path)) {
			str_to_int64(pid, &h->server_pid);
		}
	}
	return 0;
}

const struct probe probe_server_group = {
	.id = "server_group",
	.title = "which control group a wrapper has put the server into",
	.stage = STAGE_WORLD,
	.look = look,
};
