/* SPDX-License-Identifier: MIT */
#include "cmd/examination.h"

#include "base/clock.h"
#include "base/str.h"
#include "cmd/failure.h"
#include "cmd/output.h"
#include "cmd/remember.h"
#include "core/registry.h"
#include "world/live.h"

/* A folder that is open as a window of its own is examined as part of it; of several one must be chosen by who does not
 * take windows. */
static int take_window(struct examination *e, struct vscode_window *window) {
	struct target *t = &e->target;
	if (!check_window_find(e->arena, e->exam.world, t->workspace, window) ||
	    !check_window_counts(e->exam.world, e->options->editor, t->workspace, window)) {
		window->count = 0;
		return STATUS_HEALTHY;
	}
	if (window->count > 1 && !e->takes_windows) {
		output_complain("'%s' has %zu folders; give one of them, for instance '%s'",
		                window->file, window->count, window->folders[0]);
		return STATUS_USAGE;
	}
	if (window->count == 1) {
		t->workspace = window->folders[0];
		t->window_file = window->file;
		t->window_folders = window->folders;
		t->window_missing = window->missing;
	}
	return STATUS_HEALTHY;
}

static struct exam_plan plan_of(const struct examination *e) {
	return (struct exam_plan){
		.probes = e->probes ? e->probes : registry_probes,
		.without = &e->options->without,
		.limit = e->options->timeout ? e->options->timeout : CHECK_TIMEOUT_DEFAULT,
		.on_probe = e->on_probe,
		.context = e->context,
	};
}

static int examine_window(struct examination *e, const struct vscode_window *window) {
	struct err err = {0};
	e->window = arena_new_of(e->arena, struct window_check);
	*e->window = (struct window_check){
		.window = window,
		.target = &e->target,
		.plan = plan_of(e),
		.interrupt_fd = e->interrupt_fd,
		.deadline_ns = e->exam.deadline_ns,
	};
	int r = check_window_run(e->arena, e->window, &err);
	if (r < 0) {
		return failure_of_target(&err, r);
	}
	const struct report_folder *worst = &e->window->folders[e->window->worst];
	e->diagnosis = e->window->diagnosis;
	e->target = *worst->target;
	e->facts = *worst->facts;
	return STATUS_HEALTHY;
}

static int examine(struct examination *e) {
	struct err err;
	struct vscode_window *window = arena_new_of(e->arena, struct vscode_window);
	int r = check_target_fill(e->arena, e->exam.world, e->options, e->dir, &e->target, &err);
	if (r < 0) {
		return failure_of_target(&err, r);
	}
	e->target.environment_change = e->environment;
	e->target.terms = e->terms;
	int status = take_window(e, window);
	if (status == STATUS_HEALTHY && window->count > 1) {
		return examine_window(e, window);
	}
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
	const struct exam_plan plan = plan_of(e);
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

static bool is_in(const struct diagnosis *d, const struct finding *finding) {
	const struct finding *const *const all[] = {d->causes, d->symptoms, d->notes};
	for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++) {
		for (size_t i = 0; all[k][i]; i++) {
			if (all[k][i] == finding) {
				return true;
			}
		}
	}
	return false;
}

struct examined examination_of(const struct examination *e, const struct finding *finding) {
	for (size_t i = 0; e->window && i < e->window->count; i++) {
		const struct report_folder *folder = &e->window->folders[i];
		if (is_in(folder->diagnosis, finding)) {
			return (struct examined){.target = folder->target, .facts = folder->facts};
		}
	}
	return (struct examined){.target = &e->target, .facts = &e->facts};
}

const char *examination_name(const struct examination *e) {
	return e->window ? e->window->window->file : e->target.workspace;
}
