/* SPDX-License-Identifier: MIT
 * The server takes seconds, or does not come to an end: how much is there to walk? Counted only
 * then, and within bounds; go itself has none.
 */
#include "probes/modules/tree.h"

#include "base/str.h"
#include "gofile/gomod.h"
#include "probes/modules/modules_view.h"

#include <stdlib.h>

/* The directory go walks: the module, or with modules off the opened folder. */
static const char *root_of(const struct modules_view *view, const char **ret_because) {
	if (view->file && !view->modules_off) {
		*ret_because = view->file->path;
		return view->file->dir;
	}
	*ret_because = view->modules_off ? "GO111MODULE=off" : "";
	return view->modules_off ? view->workspace : NULL;
}

#define SLOW_MS 5000 /* a warm server answers in a fraction of a second */

static bool too_slow(const struct facts *facts) {
	const struct fact_server *server = facts_first(server, facts);
	if (!server || !streq(server->state, "answered")) {
		return false;
	}
	facts_each (feature, f, facts) {
		if (streq(f->state, "timeout") || streq(f->state, "no_answer") ||
		    f->ms >= SLOW_MS) {
			return true;
		}
	}
	const struct fact_health *health = facts_first(health, facts);
	return str_starts(health->hurt, "load-never-ended");
}

static void state(struct exam *exam, const char *root, const char *because,
                  const struct evidence *ev) {
	struct fact_tree tree = {.path = root, .cut = ev->state == EV_TRUNCATED};
	struct slice rest = ev->bytes;
	struct slice line;
	const char *largest = "";
	while (slice_line(&rest, &line)) {
		char *text = arena_slicedup(exam->arena, line);
		char *end = text;
		if (str_starts(text, "dirs ")) {
			tree.dirs = strtoll(text + strlen("dirs "), &end, 10);
		} else if (str_starts(text, "entries ")) {
			tree.entries = strtoll(text + strlen("entries "), &end, 10);
		} else if (str_starts(text, "largest ")) {
			tree.largest_entries = strtoll(text + strlen("largest "), &end, 10);
			largest = *end == ' ' ? end + 1 : end;
		}
	}
	FACTS_ADD(exam->facts, tree, ev, .path = root, .cut = tree.cut, .dirs = tree.dirs,
	          .entries = tree.entries, .largest = largest,
	          .largest_entries = tree.largest_entries, .because = because);
}

const struct fact_tree *tree_state(struct exam *exam) {
	struct modules_view view;
	const char *because = "";
	const struct fact_tree *known = facts_first(tree, exam->facts);
	if (known) {
		return known;
	}
	modules_view_init(&view, exam);
	const char *root = root_of(&view, &because);
	if (!root) {
		return NULL;
	}
	const struct evidence *ev = world_look(exam->world, LOOK_WALKED, root, LOOK_CAP_DIR);
	if (!evidence_has_bytes(ev)) {
		return NULL;
	}
	state(exam, root, because, ev);
	return facts_first(tree, exam->facts);
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	if (too_slow(exam->facts)) {
		(void)tree_state(exam);
	}
	return 0;
}

const struct probe probe_tree = {
	.id = "tree",
	.title = "how much lies below the module when the server does not end loading it",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(tree),
	.look = look,
};
