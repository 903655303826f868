/* SPDX-License-Identifier: MIT */
#include "cmd/exam.h"

#include "base/clock.h"
#include "base/str.h"
#include "probes/scratch.h"

#include <errno.h>

void exam_init(struct exam *exam, struct arena *arena, struct facts *facts, struct target *target) {
	*exam = (struct exam){.arena = arena, .facts = facts, .target = target};
	*target = (struct target){.home = ""};
	envset_init(&target->own, arena);
	envset_init(&target->judged, arena);
	envset_init(&target->launch, arena);
	envset_init(&target->server, arena);
	facts_init(facts, arena);
}

static void refuse_all(struct facts *facts, fact_set yields, const char *because,
                       const char *needs) {
	for (unsigned kind = 0; kind < FACT_KIND_COUNT; kind++) {
		if (yields & FACT_SET_OF(kind)) {
			facts_refuse(facts, (enum fact_kind)kind, because, needs);
		}
	}
}

static bool is_left_out(const struct exam_plan *plan, const struct probe *probe) {
	for (size_t i = 0; plan->without && i < plan->without->count; i++) {
		if (streq(plan->without->items[i], probe->id)) {
			return true;
		}
	}
	return false;
}

/* A server that was started is asked what it has said so far even when the time is up. */
static bool is_too_late(const struct exam *exam, const struct probe *probe) {
	bool collects = probe->stage == STAGE_ANSWER && exam->handshake;
	return !collects &&
	       (exam->world->interrupted || world_now_ns(exam->world) >= exam->deadline_ns);
}

static int run_probe(struct exam *exam, const struct exam_plan *plan, const struct probe *probe,
                     struct err *err) {
	if (is_left_out(plan, probe)) {
		if (probe->required) {
			return err_set(
				err, -EINVAL,
				"option '--without': nothing can be said without the probe '%s'",
				probe->id);
		}
		refuse_all(exam->facts, probe->yields,
		           arena_printf(exam->arena, "left out with --without %s", probe->id),
		           arena_printf(exam->arena, "a run without --without %s", probe->id));
		return 0;
	}
	if (is_too_late(exam, probe)) {
		refuse_all(exam->facts, probe->yields,
		           arena_printf(exam->arena, "the time limit of %s s was reached",
		                        plan->limit),
		           "a longer --timeout");
		return 0;
	}
	if (plan->on_probe) {
		plan->on_probe(probe, plan->context);
	}
	int r = probe->look(exam, err);
	if (r < 0 && probe->required) {
		return r;
	}
	if (r < 0) {
		refuse_all(exam->facts, probe->yields, err->msg, "");
	}
	return 0;
}

static int run_stages(struct exam *exam, const struct exam_plan *plan, struct err *err) {
	for (int stage = STAGE_ENVIRONMENT; stage <= STAGE_AFTER; stage++) {
		for (size_t i = 0; plan->probes[i]; i++) {
			if ((int)plan->probes[i]->stage != stage) {
				continue;
			}
			int r = run_probe(exam, plan, plan->probes[i], err);
			if (r < 0) {
				return r;
			}
		}
	}
	return 0;
}

int exam_run(struct exam *exam, const struct exam_plan *plan, struct err *err) {
	int r = run_stages(exam, plan, err);

	scratch_remove(exam->target->shield);
	exam->target->shield = NULL;
	return r;
}

const char *stage_name(enum stage stage) {
	static const char *const names[] = {"environment", "settings", "tools",  "source",
	                                    "start",       "world",    "answer", "after"};
	return names[stage];
}
