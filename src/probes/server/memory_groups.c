/* SPDX-License-Identifier: MIT
 */
#include "probes/server/memory_groups.h"

#include "base/str.h"

static int64_t number_in(struct arena *arena, struct slice block, const char *key) {
	const char *text = keyline_get(arena, block, key);
	int64_t number;

	return text && str_to_int64(text, &number) == 0 ? number : -1;
}

static const char *text_in(struct arena *arena, struct slice block, const char *key) {
	const char *text = keyline_get(arena, block, key);

	return text ? text : "";
}

static void take_machine(struct arena *arena, struct slice block, struct memory_seen *ret) {
	ret->kills = number_in(arena, block, "kills");
	ret->available = number_in(arena, block, "available");
	ret->total = number_in(arena, block, "total");
	ret->swap_free = number_in(arena, block, "swap_free");
	ret->overcommit = number_in(arena, block, "overcommit");
	ret->commit_limit = number_in(arena, block, "commit_limit");
	ret->committed = number_in(arena, block, "committed");
}

static void take_group(struct arena *arena, struct slice block, struct memory_seen *ret) {
	if (ret->count >= MEMORY_GROUPS_MAX) {
		return;
	}
	ret->groups[ret->count++] = (struct memory_group){
		.path = text_in(arena, block, "path"),
		.file = text_in(arena, block, "file"),
		.version = number_in(arena, block, "version"),
		.limit = number_in(arena, block, "limit"),
		.usage = number_in(arena, block, "usage"),
		.reclaimable = number_in(arena, block, "reclaimable"),
		.peak = number_in(arena, block, "peak"),
		.kills = number_in(arena, block, "kills"),
		.whole = number_in(arena, block, "group") == 1,
	};
}

void memory_parse(struct arena *arena, struct slice bytes, struct memory_seen *ret) {
	bool first = true;

	while (bytes.len > 0) {
		const char *end = memmem(bytes.data, bytes.len, "\n\n", 2);
		size_t len = end ? (size_t)(end - bytes.data) + 1 : bytes.len;
		struct slice block = slice_of(bytes.data, len);

		if (first) {
			take_machine(arena, block, ret);
		} else if (slice_trim(block).len > 0) {
			take_group(arena, block, ret);
		}
		first = false;
		bytes = slice_of(bytes.data + len + (end ? 1 : 0), bytes.len - len - (end ? 1 : 0));
	}
}

const struct memory_seen *memory_look(struct exam *exam, const char *pid, const char *when) {
	struct memory_seen *seen = arena_new_of(exam->arena, struct memory_seen);

	seen->ev = world_look(exam->world, LOOK_MEMORY,
	                      arena_printf(exam->arena, "%s %s", pid, when), LOOK_CAP_SMALL);
	seen->known = evidence_has_bytes(seen->ev);
	if (seen->known) {
		memory_parse(exam->arena, seen->ev->bytes, seen);
	}
	return seen;
}
