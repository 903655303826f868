/* SPDX-License-Identifier: MIT
 * How many processes and threads may be started here, below the editor and below the servers that run, and
 * how much processor time a control group lets them have.
 */
#include "base/str.h"
#include "core/probe.h"

#include <stdlib.h>

#define NEAR 1024 /* more room than that is not worth a fact about the whole system */

static void state_user(struct exam *exam, const struct evidence *ev, const char *scope,
                       int64_t pid) {
	const char *text = keyline_get(exam->arena, ev->bytes, "rlimit");
	int64_t current = keyline_number(exam->arena, ev->bytes, "user_tasks", -1);
	int64_t soft = text ? strtoll(text, NULL, 10) : 0;

	if (text && text[0] != 'u' && current >= 0 &&
	    keyline_number(exam->arena, ev->bytes, "exempt", -1) == 0) {
		FACTS_ADD(exam->facts, task_limit, ev, .scope = scope, .pid = pid, .kind = "rlimit",
		          .limit = soft, .current = current, .room = soft - current, .refused = -1);
	}
}

/* "MAX CURRENT REFUSED PATH" */
static void state_cgroup(struct exam *exam, const struct evidence *ev, const char *scope,
                         int64_t pid, struct slice line) {
	int64_t number[3] = {0};
	struct slice word;

	for (size_t i = 0; i < 3; i++) {
		if (!slice_cut(&line, ' ', &word) ||
		    str_to_int64(arena_slicedup(exam->arena, word), &number[i]) != 0) {
			return;
		}
	}
	FACTS_ADD(exam->facts, task_limit, ev, .scope = scope, .pid = pid, .kind = "cgroup",
	          .where = arena_slicedup(exam->arena, line), .limit = number[0],
	          .current = number[1], .room = number[0] - number[1], .refused = number[2]);
}

/* "QUOTA PERIOD PERIODS THROTTLED PATH" */
static void state_quota(struct exam *exam, const struct evidence *ev, const char *scope,
                        int64_t pid, struct slice line) {
	int64_t number[4] = {0};
	struct slice word;

	for (size_t i = 0; i < 4; i++) {
		if (!slice_cut(&line, ' ', &word) ||
		    str_to_int64(arena_slicedup(exam->arena, word), &number[i]) != 0) {
			return;
		}
	}
	FACTS_ADD(exam->facts, cpu_quota, ev, .scope = scope, .pid = pid,
	          .where = arena_slicedup(exam->arena, line), .quota_us = number[0],
	          .period_us = number[1], .periods = number[2], .throttled = number[3]);
}

static void state_system(struct exam *exam, const struct evidence *ev) {
	static const struct {
		const char *key, *where;
	} limits[] = {{"threads_max", "kernel.threads-max"}, {"pid_max", "kernel.pid_max"}};
	int64_t tasks = keyline_number(exam->arena, ev->bytes, "system_tasks", -1);

	for (size_t i = 0; i < 2 && tasks > 0; i++) {
		int64_t limit = keyline_number(exam->arena, ev->bytes, limits[i].key, -1);

		if (limit > 0 && limit - tasks < NEAR) {
			FACTS_ADD(exam->facts, task_limit, ev, .scope = "own", .kind = "system",
			          .where = limits[i].where, .limit = limit, .current = tasks,
			          .room = limit - tasks, .refused = -1);
		}
	}
}

static void look_at(struct exam *exam, const char *scope, int64_t pid) {
	const char *arg = pid > 0 ? arena_printf(exam->arena, "%lld", (long long)pid) : "self";
	const struct evidence *ev = world_look(exam->world, LOOK_TASKS, arg, LOOK_CAP_SMALL);
	struct slice rest = ev->bytes;
	struct slice line;

	if (!evidence_has_bytes(ev)) {
		return;
	}
	state_user(exam, ev, scope, pid);
	while (slice_line(&rest, &line)) {
		if (slice_starts(line, "cgroup=")) {
			state_cgroup(exam, ev, scope, pid, slice_of(line.data + 7, line.len - 7));
		} else if (slice_starts(line, "cpu=")) {
			state_quota(exam, ev, scope, pid, slice_of(line.data + 4, line.len - 4));
		}
	}
	if (pid == 0) {
		state_system(exam, ev);
	}
}

static int look(struct exam *exam, struct err *err) {
	(void)err;
	look_at(exam, "own", 0);
	if (exam->target->editor_pid > 0) {
		look_at(exam, "judged", exam->target->editor_pid);
	}
	facts_each (running_server, s, exam->facts) {
		if (s->here && !streq(s->role, "command")) {
			look_at(exam, "server", s->pid);
		}
	}
	return 0;
}

const struct probe probe_tasks = {
	.id = "tasks",
	.title = "how many processes and threads may be started",
	.stage = STAGE_WORLD,
	.yields = FACT_BIT(task_limit) | FACT_BIT(cpu_quota),
	.look = look,
};
