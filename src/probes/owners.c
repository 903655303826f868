/* SPDX-License-Identifier: MIT
 * When something is wrong: entries of the caches this user cannot use.
 */
#include "base/path.h"
#include "base/str.h"
#include "core/probe.h"

static void state_line(struct exam *exam, const char *role, struct slice line,
                       const struct evidence *ev) {
	struct slice part[5];
	for (size_t i = 0; i < 5; i++) {
		if (!slice_cut(&line, ' ', &part[i])) {
			return;
		}
	}
	int64_t uid = -1;
	int64_t mode = 0;
	(void)str_to_int64(arena_slicedup(exam->arena, part[1]), &uid);
	for (size_t i = 0; i < part[2].len; i++) {
		mode = mode * 8 + (part[2].data[i] - '0');
	}
	FACTS_ADD(exam->facts, owner_gap, ev, .role = role,
	          .path = arena_slicedup(exam->arena, line),
	          .kind = arena_slicedup(exam->arena, part[0]), .uid = uid, .mode = mode,
	          .read = slice_eq(part[3], "1"), .write = slice_eq(part[4], "1"));
}

static void look_below(struct exam *exam, const char *role, const char *dir) {
	const struct evidence *ev = world_look(exam->world, LOOK_OWNERS, dir, LOOK_CAP_SMALL);
	struct slice rest = ev->bytes;
	struct slice line;
	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		if (!slice_starts(line, "entries ")) {
			state_line(exam, role, line, ev);
		}
	}
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	if (facts_healthy(exam->facts)) {
		return 0;
	}
	const struct fact_place *cache = facts_place(exam->facts, "GOCACHE");
	const struct fact_place *mod = facts_place(exam->facts, "GOMODCACHE");
	const struct fact_place *index = facts_place(exam->facts, "GOPLSCACHE");
	if (cache && streq(cache->state, "ok")) {
		look_below(exam, "GOCACHE", cache->path);
	}
	if (mod && streq(mod->state, "ok")) {
		look_below(exam, "GOMODCACHE", path_join(exam->arena, mod->path, "cache"));
	}
	if (index && streq(index->state, "ok")) {
		look_below(exam, "GOPLSCACHE", index->path);
	}
	return 0;
}

const struct probe probe_owners = {
	.id = "owners",
	.title = "entries of the caches that this user cannot use",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(owner_gap),
	.look = look,
};
