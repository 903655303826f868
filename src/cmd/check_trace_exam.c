/* SPDX-License-Identifier: MIT */
#include "cmd/check_trace.h"
#include "cmd/exam.h"
#include "core/registry.h"

int check_trace_examine(struct arena *arena, const struct calls_exam *plan, struct diagnosis *ret,
                        struct err *err) {
	const struct option_list none = {0};
	const struct exam_plan all = {.probes = registry_probes, .without = &none, .limit = ""};
	struct exam *exam = arena_new_of(arena, struct exam);
	struct facts *facts = arena_new_of(arena, struct facts);
	struct target *target = arena_new_of(arena, struct target);
	const struct check_options options = {.editor = "none", .file = plan->file};

	exam_init(exam, arena, facts, target);
	exam->rules = registry_rules;
	exam->world = plan->world;
	exam->deadline_ns = plan->world->start_ns + plan->limit_ns;
	int code = check_target_fill(arena, plan->world, &options, plan->workspace, target, err);

	target->unasked = plan->unasked;
	target->recorded = plan->recorded;
	code = code < 0 ? code : exam_run(exam, &all, err);
	if (code == 0) {
		*ret = infer(registry_rules, facts);
	}
	return code;
}
