/* SPDX-License-Identifier: MIT
 * The debugger that lies where the editor looks for the server: only what it was built with.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"
#include "gofile/binary.h"
#include "probes/search.h"

#define PLACES_MAX 24

static bool state_debugger(struct exam *exam, const char *path) {
	struct file_stat st = world_stat(exam->world, path);
	if (!st.is_file || !st.can_exec) {
		return false;
	}
	const struct evidence *ev = world_look(exam->world, LOOK_BINARY, path, LOOK_CAP_SMALL);
	struct binary bin =
		binary_from_text(exam->arena, evidence_has_bytes(ev) ? ev->bytes : slice_str(""));
	if (bin.kind != BINARY_ELF) {
		return false;
	}
	FACTS_ADD(exam->facts, binary, ev, .tool = "dlv", .path = path,
	          .format = binary_kind_name(bin.kind), .machine = bin.goarch, .machine_ok = true,
	          .interpreter_present = true, .go_version = bin.go_version, .module = bin.module,
	          .version = bin.module_version, .chosen = true, .size = (int64_t)bin.size_bytes);
	return true;
}

/* The places of the server come first, in their order; the rest of PATH is searched behind it. */
static int look(struct exam *exam, struct err *err) {
	(void)err;
	size_t places = 0;
	facts_each (tool, t, exam->facts) {
		if (!streq(t->tool, "gopls") || streq(t->via, "elsewhere") ||
		    streq(t->via, "alternate") || places++ >= PLACES_MAX) {
			continue;
		}
		const char *dir = path_parent(exam->arena, t->path);
		if (state_debugger(exam, path_join(exam->arena, dir, "dlv"))) {
			return 0;
		}
	}
	const char *path = envset_get(&exam->target->judged, "PATH");
	const char *found = search_path_only(exam, path ? path : "", "dlv");
	if (found) {
		(void)state_debugger(exam, found);
	}
	return 0;
}

const struct probe probe_debugger = {
	.id = "debugger",
	.title = "what the debugger was built with",
	.stage = STAGE_WORLD,
	.yields = 0,
	.look = look,
};
