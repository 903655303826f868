/* SPDX-License-Identifier: MIT */
#include "cmd/examination.h"

#include "base/clock.h"
#include "base/str.h"
#include "cmd/check_window.h"
#include "cmd/failure.h"
#include "cmd/output.h"
#include "cmd/remember.h"
#include "core/registry.h"
#include "world/live.h"

/* A folder that is open as a window of its own is examined as part of it; of several one must be chosen. */
static int take_window(struct examination *e) {
	struct vscode_window window = {0};
	struct target *t = &e->target;
	const char *editor = e->options->editor;
	bool can_be = !editor || streq(editor, "vscode") || streq(editor, "code-server");
	if (!can_be || !check_window_find(e->arena, e->exam.world, t->workspace, &window)) {
		return STATUS_HEALTHY;
	}
	if (window.count > 1) {
		output_complain("'%s' has %zu folders; give one of them, for instance '%s'",
		                window.file, window.count, window.folders[0]);
		return STATUS_USAGE;
	}
	t->workspace = window.folders[0];
	t->window_file = window.file;
	t->window_folders = window.folders;
	t->window_missing = window.missing;
	return STATUS_HEALTHY;
}

static int examine(struct examination *e) {
	struct err err;
	const char *timeout = e->options->timeout ? e->options->timeout : CHECK_TIMEOUT_DEFAULT;
	int r = check_target_fill(e->arena, e->exam.world, e->options, e->dir, &e->target, &err);
	if (r < 0) {
		return failure_of_target(&err, r);
	}
	e->target.environment_change = e->environment;
	e->target.terms = e->terms;
	int status = take_window(e);
	status = status == STATUS_HEALTHY
	                 ? failure_of_folder(e->exam.world, e->target.workspace, e->dir)
	                 : status;
	if (status != STATUS_HEALTHY) {
		return status;
	}
	/* Trials have nothing to do with what was once. */
	remember_prepare(e->arena, e->exam.world, &e->target,
	                 e->options->no_remember || e->only_look);
	e->target.will_remember = e->will_remember;
	e->target.tell_changes = e->tell_changes;
	e->target.since_ns = e->since_ns;
	const struct exam_plan plan = {.probes = e->probes ? e->probes : registry_probes,
	                               .without = &e->options->without,
	                               .limit = timeout,
	                               .on_probe = e->on_probe,
	                               .context = e->context};
	e->exam.world->on_wait = e->on_wait;
	e->exam.world->wait_context = e->context;
	r = exam_run(&e->exam, &plan, &err);
	if (r < 0) {
		return failure_of_target(&err, r);
	}
	if (!e->only_look) {
		e->diagnosis = infer(registry_rules, &e->facts);
	}
	return STATUS_HEALTHY;
}

int examination_run(struct examination *e) {
	struct err err;
	int64_t limit_ns = 0;
	const char *timeout = e->options->timeout ? e->options->timeout : CHECK_TIMEOUT_DEFAULT;
	(void)seconds_parse(timeout, &limit_ns);
	exam_init(&e->exam, e->arena, &e->facts, &e->target);
	e->exam.rules = e->only_look ? NULL : registry_rules;
	e->exam.deadline_ns = clock_now_ns() + limit_ns;
	evidence_store_init(&e->store, e->arena);
	e->exam.world = world_live_open(e->arena, &e->store, e->interrupt_fd, &err);
	if (!e->exam.world) {
		output_complain("%s", err.msg);
		return STATUS_UNKNOWN;
	}
	int status = examine(e);
	world_close(e->exam.world);
	e->exam.world = NULL;
	return status;
}
