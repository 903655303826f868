/* SPDX-License-Identifier: MIT
 */
#include "probes/server/memory_groups.h"

#include "base/str.h"

static void take_machine(struct arena *arena, struct slice block, struct memory_seen *ret) {
	ret->kills = keyline_number(arena, block, "kills", -1);
	ret->available = keyline_number(arena, block, "available", -1);
	ret->total = keyline_number(arena, block, "total", -1);
	ret->swap_free = keyline_number(arena, block, "swap_free", -1);
	ret->overcommit = keyline_number(arena, block, "overcommit", -1);
	ret->commit_limit = keyline_number(arena, block, "commit_limit", -1);
	ret->committed = keyline_number(arena, block, "committed", -1);
}

static void take_group(struct arena *arena, struct slice block, struct memory_seen *ret) {
	if (ret->count >= MEMORY_GROUPS_MAX) {
		return;
	}
	ret->groups[ret->count++] = (struct memory_group){
		.path = keyline_text(arena, block, "path"),
		.file = keyline_text(arena, block, "file"),
		.version = keyline_number(arena, block, "version", -1),
		.limit = keyline_number(arena, block, "limit", -1),
		.usage = keyline_number(arena, block, "usage", -1),
		.reclaimable = keyline_number(arena, block, "reclaimable", -1),
		.peak = keyline_number(arena, block, "peak", -1),
		.kills = keyline_number(arena, block, "kills", -1),
		.whole = keyline_number(arena, block, "group", -1) == 1,
	};
}

void memory_parse(struct arena *arena, struct slice bytes, struct memory_seen *ret) {
	bool first = true;
	struct slice block;

	while (keyline_block(&bytes, &block)) {
		if (first) {
			take_machine(arena, block, ret);
		} else if (slice_trim(block).len > 0) {
			take_group(arena, block, ret);
		}
		first = false;
	}
}

const struct memory_seen *memory_look(struct exam *exam, const char *pid, const char *when) {
	struct memory_seen *seen = arena_new_of(exam->arena, struct memory_seen);

	seen->kills = -1; /* not known, which is not none */
	seen->ev = world_look(exam->world, LOOK_MEMORY,
	                      arena_printf(exam->arena, "%s %s", pid, when), LOOK_CAP_SMALL);
	seen->known = evidence_has_bytes(seen->ev);
	if (seen->known) {
		memory_parse(exam->arena, seen->ev->bytes, seen);
	}
	return seen;
}
