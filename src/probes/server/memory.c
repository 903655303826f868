/* SPDX-License-Identifier: MIT
 * What memory the trial server, and the editor that starts the real one, may have; and whether the
 * kernel ended somebody for want of it while the trial ran.
 */
#include "base/path.h"
#include "base/str.h"
#include "probes/server/handshake.h"
#include "probes/server/memory_groups.h"

static int64_t kills_before(const struct memory_seen *before, const char *path) {
	for (size_t i = 0; i < before->count; i++) {
		if (streq(before->groups[i].path, path)) {
			return before->groups[i].kills;
		}
	}
	return -1;
}

static bool has_group(const struct memory_seen *seen, const char *path) {
	return kills_before(seen, path) >= 0;
}

/* The count as it stands now, for a group whose process is gone. */
static int64_t kills_now(struct exam *exam, const struct memory_group *g) {
	const char *dir = path_parent(exam->arena, g->file);
	const char *file = path_join(exam->arena, dir,
	                             g->version == 1 ? "memory.oom_control" : "memory.events");
	const struct evidence *ev = world_look(exam->world, LOOK_FILE, file, LOOK_CAP_SMALL);
	struct slice rest = ev->bytes;
	struct slice line, word;
	int64_t number = -1;

	while (evidence_has_bytes(ev) && slice_line(&rest, &line)) {
		if (slice_cut(&line, ' ', &word) && slice_eq(word, "oom_kill")) {
			str_to_int64(arena_slicedup(exam->arena, slice_trim(line)), &number);
		}
	}
	return number;
}

/* Those that matter: with a limit, or in which somebody was ended. */
static void state_groups(struct exam *exam, const char *scope, int64_t pid,
                         const struct memory_seen *seen, const struct memory_seen *before,
                         const struct memory_seen *known) {
	for (size_t i = 0; seen->known && i < seen->count; i++) {
		const struct memory_group *g = &seen->groups[i];
		int64_t was = before && before->known ? kills_before(before, g->path) : -1;
		int64_t kills = g->kills;

		if (streq(scope, "server")) {
			was = g->kills;
			kills = kills_now(exam, g);
		}

		if ((g->limit < 0 && kills <= 0) || (known && has_group(known, g->path))) {
			continue;
		}
		FACTS_ADD(exam->facts, memory_group, seen->ev, .scope = scope, .pid = pid,
		          .path = g->path, .file = g->file, .version = g->version,
		          .limit = g->limit, .usage = g->usage, .reclaimable = g->reclaimable,
		          .peak = g->peak, .kills = kills,
		          .killed = was >= 0 && kills >= was ? kills - was : -1, .whole = g->whole);
	}
}

static int look(struct exam *exam, struct err *err) {
	const struct memory_seen *before = memory_look(exam, "self", MEMORY_BEFORE);
	const struct memory_seen *now =
		facts_hurt(exam->facts) ? memory_look(exam, "self", MEMORY_AFTER) : before;
	int64_t server = exam->handshake ? exam->handshake->server_pid : 0;
	int64_t editor = exam->target->editor_pid;

	(void)err;
	if (now->known) {
		FACTS_ADD(exam->facts, memory, now->ev, .available = now->available,
		          .total = now->total, .swap_free = now->swap_free,
		          .overcommit = now->overcommit, .commit_limit = now->commit_limit,
		          .committed = now->committed,
		          .killed = before->kills >= 0 && now->kills >= before->kills
		                            ? now->kills - before->kills
		                            : -1);
	}
	state_groups(exam, "own", 0, now, before, NULL);
	if (server > 0) {
		/* It is gone by now: its groups are those it was seen in. */
		const char *pid = arena_printf(exam->arena, "%lld", (long long)server);

		state_groups(exam, "server", server, memory_look(exam, pid, MEMORY_DURING), NULL,
		             now);
	}
	if (exam->target->recorded) {
		state_groups(exam, "server", 0, memory_look(exam, MEMORY_VICTIM, MEMORY_DURING),
		             NULL, now);
	}
	if (editor > 0) {
		const char *pid = arena_printf(exam->arena, "%lld", (long long)editor);

		state_groups(exam, "judged", editor, memory_look(exam, pid, MEMORY_BEFORE), NULL,
		             now);
	}
	return 0;
}

const struct probe probe_memory = {
	.id = "memory",
	.title = "what memory the server may have",
	.stage = STAGE_AFTER,
	.yields = FACT_BIT(memory) | FACT_BIT(memory_group),
	.look = look,
};
