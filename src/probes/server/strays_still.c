/* SPDX-License-Identifier: MIT
 * Processes that were left behind: those that are so in two looks with the server's work between them. One that is
 * about to notice its editor's end has ended by then. When something is wrong and no first look was made, two looks
 * follow each other: a go command that lost its gopls holds on for long.
 */
#include "base/clock.h"
#include "base/path.h"
#include "base/str.h"
#include "core/census.h"
#include "core/probe.h"

static const struct census_mark *left_mark(const struct census_process *p) {
	for (size_t i = 0; p && i < p->mark_count; i++) {
		if (census_mark_is_left_over(p->marks[i].kind)) {
			return &p->marks[i];
		}
	}
	return NULL;
}

static struct census census_seen(struct exam *exam, const char *which,
                                 const struct evidence **ret_ev) {
	*ret_ev = world_look(exam->world, LOOK_CENSUS, which, CENSUS_CAP);
	return census_read(exam->arena,
	                   evidence_has_bytes(*ret_ev) ? (*ret_ev)->bytes : slice_of(NULL, 0));
}

static bool first_look_was_made(const struct exam *exam) {
	facts_each (running_server, s, exam->facts) {
		if (s->editor_pid == 0 || s->gone || streq(s->state, "T")) {
			return true;
		}
	}
	return false;
}

static int look(struct exam *exam, struct err *err) {
	const struct evidence *ev;
	bool any = false;

	(void)err;
	if (!first_look_was_made(exam) && !facts_hurt(exam->facts)) {
		return 0;
	}
	struct census before = census_seen(exam, "own 1", &ev);

	for (size_t i = 0; i < before.count; i++) {
		any = any || left_mark(&before.items[i]);
	}
	if (!any) {
		return 0;
	}
	struct census now = census_seen(exam, "own 2", &ev);
	int64_t began_ns = now.now_wall_ns - (world_now_ns(exam->world) - exam->world->start_ns);

	for (size_t i = 0; i < now.count; i++) {
		const struct census_process *p = &now.items[i];
		const struct census_process *was = census_by_pid(&before, p->pid);
		const struct census_process *parent = census_by_pid(&now, p->ppid);
		const struct census_mark *mark = left_mark(p);

		/* What we started and could not end, since it waits for a disk, is none that was left behind. */
		if (!mark || !left_mark(was) || p->start_wall_ns >= began_ns ||
		    was->start_wall_ns / NS_PER_S != p->start_wall_ns / NS_PER_S) {
			continue;
		}
		FACTS_ADD(exam->facts, stray, ev, .mark = census_mark_name(mark->kind),
		          .pid = p->pid, .ppid = p->ppid, .parent = parent ? parent->comm : "",
		          .role = census_role_name(p->role), .name = p->name, .cwd = p->cwd,
		          .here = p->cwd[0] && path_below(p->cwd, exam->target->workspace),
		          .exe = p->exe, .state = arena_printf(exam->arena, "%c", p->state),
		          .age_ms = (now.now_wall_ns - p->start_wall_ns) / NS_PER_MS,
		          .cpu_ms = p->cpu_ms, .rss_bytes = p->rss_bytes,
		          .evidence = mark->evidence, .start_ticks = p->start_ticks);
	}
	return 0;
}

const struct probe probe_strays_still = {
	.id = "strays_still",
	.title = "processes that were left behind",
	.stage = STAGE_ANSWER,
	.yields = FACT_BIT(stray),
	.look = look,
};
