/* SPDX-License-Identifier: MIT
 * Can the server find and read its own program? gopls hashes it for the name of its cache
 * (internal/filecache, getCacheDir); os.Executable of Go on Linux reads /proc/self/exe.
 */
#include "base/str.h"
#include "core/probe.h"

static void state_unreadable(struct exam *exam, const char *path) {
	struct file_stat st = world_stat(exam->world, path);

	if (st.is_file && st.can_exec && !st.can_read) {
		FACTS_ADD(exam->facts, self_exe, st.ev, .state = "unreadable", .path = path,
		          .uid = st.uid, .mode = st.mode);
	}
}

/* "can't hash gopls executable: open PATH: permission denied": the file behind a wrapper. */
static const char *path_in(struct exam *exam, const char *text) {
	static const char words[] = "hash gopls executable: open ";
	const char *at = text ? strstr(text, words) : NULL;
	const char *end = at ? strstr(at, ": permission denied") : NULL;

	return end ? arena_strndup(exam->arena, at + strlen(words),
	                           (size_t)(end - at) - strlen(words))
	           : NULL;
}

static int look(struct exam *exam, struct err *err) {
	const struct fact_tool *gopls = facts_chosen(exam->facts, "gopls");
	const struct fact_server *server = facts_first(server, exam->facts);
	const char *named = server ? path_in(exam, server->err) : NULL;

	(void)err;
	facts_each (diagnostic, d, exam->facts) {
		named = named ? named : path_in(exam, d->text);
	}
	if (gopls) {
		state_unreadable(exam, gopls->path);
	}
	if (named && (!gopls || !streq(named, gopls->path))) {
		state_unreadable(exam, named);
	}
	const struct evidence *ev =
		world_look(exam->world, LOOK_LINK, "/proc/self/exe", LOOK_CAP_SMALL);

	if (ev->state == EV_ABSENT) {
		FACTS_ADD(exam->facts, self_exe, ev, .state = "no_proc", .path = "/proc/self/exe");
	}
	return 0;
}

const struct probe probe_self_exe = {
	.id = "self_exe",
	.title = "whether the server can read its own program",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(self_exe),
	.look = look,
};
