/* SPDX-License-Identifier: MIT
 * GOPATH is a list, split at ':'. A directory with that letter in its name cannot be in it (go help
 * gopath).
 */
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"

static int look(struct exam *exam, struct err *err) {
	const struct fact_govar *v = facts_govar(exam->facts, "GOPATH");
	(void)err;
	if (!v || !str_has(v->value, ":")) {
		return 0;
	}
	struct slice rest = slice_str(v->value);
	struct slice word;
	const char *relative = NULL;
	while (slice_cut(&rest, ':', &word) && !relative) {
		if (word.len > 0 && word.data[0] != '/') {
			relative = arena_slicedup(exam->arena, word);
		}
	}
	/* The whole text is meant as one path: it is there, or what it would be made in. A first member
	 * that is there makes it a list. */
	const char *parent = path_parent(exam->arena, v->value);
	const char *first = arena_strndup(exam->arena, v->value, strcspn(v->value, ":"));
	bool list = !str_has(parent, ":") && world_stat(exam->world, first).is_dir;
	bool one = world_stat(exam->world, v->value).is_dir ||
	           (!list && world_stat(exam->world, parent).is_dir);
	if (relative && one) {
		FACTS_ADD(exam->facts, odd_path, v->base.ev, .path = v->value, .what = "gopath",
		          .name = "GOPATH", .text = relative);
	}
	return 0;
}

const struct probe probe_gopath_split = {
	.id = "gopath_split",
	.title = "whether a directory of GOPATH has a ':' in its name",
	.stage = STAGE_SOURCE,
	.yields = FACT_BIT(odd_path),
	.look = look,
};
