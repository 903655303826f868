/* SPDX-License-Identifier: MIT
 * `dialtone check [DIR]`: looks, thinks, reports.
 */
#include "base/clock.h"
#include "cmd/behind.h"
#include "cmd/check_case.h"
#include "cmd/check_options.h"
#include "cmd/check_trace.h"
#include "cmd/check_window.h"
#include "cmd/exam.h"
#include "cmd/fail_on.h"
#include "cmd/failure.h"
#include "cmd/interrupt.h"
#include "cmd/output.h"
#include "cmd/progress.h"
#include "cmd/prove_apply.h"
#include "cmd/remember.h"
#include "core/fix.h"
#include "core/registry.h"
#include "report/report.h"
#include "world/live.h"
#include "world/replay.h"

#define RESERVE_MAX_NS (300 * NS_PER_MS)

struct check {
	unsigned unasked; /* of target */
	struct check_options options;
	const char *dir; /* the operand, or the workspace of the case file, or NULL */
	struct terminal terminal;
	struct progress progress;
	struct interrupt interrupt;
	struct arena *arena;
	struct evidence_store store;
	struct evidence_store recorded; /* what the case file holds */
	struct facts facts;
	struct target target;
	struct exam exam;
	int64_t start_ns;
	const char *unrecorded; /* why --trace was not possible, or NULL */
};

static int list_probes(struct arena *arena) {
	struct strbuf out;
	strbuf_init(&out, arena);
	strbuf_add(&out, "PROBE           STAGE        ABOUT\n");
	for (int stage = STAGE_ENVIRONMENT; stage <= STAGE_AFTER; stage++) {
		for (size_t i = 0; registry_probes[i]; i++) {
			const struct probe *p = registry_probes[i];
			if ((int)p->stage == stage) {
				strbuf_printf(&out, "%-15s %-12s %s\n", p->id, stage_name(p->stage),
				              p->title);
			}
		}
	}
	return output_write(&out, STATUS_HEALTHY);
}

static void show_probe(const struct probe *probe, void *context) {
	progress_begin(context, probe->title);
}

static int status_of(const struct check *c, const struct report *r) {
	return fail_on_status(&c->options.fail_on, r->diagnosis, report_status(r));
}

static int write_page(const struct check *c, const struct report *r) {
	struct strbuf page;
	struct err err;
	strbuf_init(&page, c->arena);
	report_html(&page, r);
	if (output_file(c->options.html, &page, REPORT_HTML_MARK, &err) < 0) {
		output_complain("the page was not written: %s", err.msg);
		return STATUS_UNKNOWN;
	}
	return status_of(c, r);
}

static void report(struct check *c, struct report *r, struct strbuf *out, int *ret_status) {
	r->timings = report_timings_since(c->start_ns);
	struct report_style style = {
		.verbose = c->options.verbose,
		.colour = c->terminal.colour,
		.utf8 = c->terminal.utf8,
		.columns = c->terminal.columns,
	};
	if (c->options.json) {
		report_json(out, r);
	} else {
		report_text(out, r, &style);
	}
	*ret_status = c->options.html ? write_page(c, r) : status_of(c, r);
	if (c->options.quiet && *ret_status == STATUS_HEALTHY) {
		strbuf_init(out, c->arena);
	}
}

/* Part of the time that was given is kept back for ending the server and for the report. */
static int64_t reserve_ns(int64_t limit_ns) {
	int64_t reserve = limit_ns / 10;
	return reserve < RESERVE_MAX_NS ? reserve : RESERVE_MAX_NS;
}

static const char *limit_text(const struct check *c) {
	return c->options.timeout ? c->options.timeout
	       : c->options.prove ? CHECK_TIMEOUT_DEFAULT_PROVE
	                          : CHECK_TIMEOUT_DEFAULT;
}

static struct exam_plan plan_of(struct check *c) {
	if (c->terminal.progress) {
		c->progress.columns = c->terminal.columns;
		c->exam.world->on_wait = progress_tick;
		c->exam.world->wait_context = &c->progress;
	}

	return (struct exam_plan){
		.probes = registry_probes,
		.without = &c->options.without,
		.limit = limit_text(c),
		.on_probe = c->terminal.progress ? show_probe : NULL,
		.context = &c->progress,
	};
}

static int examine(struct check *c, struct err *err) {
	c->exam.rules = registry_rules;
	struct exam_plan plan = plan_of(c);
	int r = exam_run(&c->exam, &plan, err);
	if (c->terminal.progress) {
		progress_end(&c->progress);
	}
	return r;
}

/* The window is one thing; what --save writes is the evidence of one folder. */
static int check_window(struct check *c, const struct vscode_window *window) {
	struct err err = {0};
	const char *single = c->options.save                    ? "--save"
	                     : c->options.prove                 ? "--prove"
	                     : check_options_trace(&c->options) ? "--trace"
	                                                        : NULL;
	if (single) {
		output_complain("option '%s': '%s' has %zu folders; give one of them, for "
		                "instance '%s'",
		                single, window->file, window->count, window->folders[0]);
		return STATUS_USAGE;
	}
	struct window_check w = {
		.window = window,
		.target = &c->target,
		.plan = plan_of(c),
		.interrupt_fd = c->interrupt.fd,
		.deadline_ns = c->exam.deadline_ns,
	};
	int r = check_window_run(c->arena, &w, &err);
	if (c->terminal.progress) {
		progress_end(&c->progress);
	}
	if (r < 0) {
		return failure_of_target(&err, r);
	}
	int stopped = failure_of_interrupt(&c->interrupt);
	if (stopped != STATUS_HEALTHY) {
		return stopped;
	}
	struct report r_all = {
		.target = w.folders[w.worst].target,
		.facts = w.folders[w.worst].facts,
		.diagnosis = &w.diagnosis,
		.folders = w.folders,
		.folder_count = w.count,
	};
	struct strbuf out;
	strbuf_init(&out, c->arena);
	int status = STATUS_UNKNOWN;
	report(c, &r_all, &out, &status);
	return output_write(&out, status);
}

/* A recording is of one server, and a proof ends each cause by itself. */
static bool looks_again(const struct check *c) {
	return !c->options.once && !c->options.prove && !check_options_trace(&c->options);
}

/* What shows only when the variables that stop go are not set. It is looked for when the first server has ended. */
static struct diagnosis deepened(struct check *c, const struct diagnosis *diagnosis) {
	const struct exam_plan plan = plan_of(c);
	struct behind behind = {
		.arena = c->arena,
		.target = &c->target,
		.facts = &c->facts,
		.first = &c->store,
		.plan = &plan,
		.deadline_ns = c->exam.deadline_ns,
		.interrupt_fd = c->interrupt.fd,
		.recorded = check_options_replay(&c->options) ? &c->recorded : NULL,
	};
	struct diagnosis d = behind_look(&behind, diagnosis);
	if (c->terminal.progress) {
		progress_end(&c->progress);
	}
	behind_keep(&behind, &c->store);
	return d;
}

/* The server that was looked at has said what it had to say; it would only be in the way. */
static struct diagnosis proven(struct check *c, const struct diagnosis *diagnosis) {
	struct rehearse_subject subject = {
		.options = &c->options,
		.target = &c->target,
		.facts = &c->facts,
		.deadline_ns = c->exam.deadline_ns,
		.interrupt_fd = c->interrupt.fd,
	};
	if (diagnosis->cause_count == 0 || diagnosis->verdict == VERDICT_UNKNOWN) {
		return *diagnosis;
	}
	world_close(c->exam.world);
	c->exam.world = NULL;
	return prove(c->arena, &subject, diagnosis, prove_apply_plans);
}

/* The recorder is asked when the server has ended, so that it has seen all of it. NULL when nobody wants to know. */
static const struct agreement *recorded(struct check *c, const struct diagnosis *diagnosis) {
	if (!check_options_trace(&c->options)) {
		return NULL;
	}
	if (c->unrecorded) {
		const struct agreement_trace none = {.because = c->unrecorded};
		return agreement_make(c->arena, diagnosis, NULL, NULL, &none);
	}
	world_close(c->exam.world);
	c->exam.world = NULL;
	return check_trace_agree(c->arena, &c->options, diagnosis);
}

static int check_in_world(struct check *c) {
	struct err err;
	if (check_target_fill(c->arena, c->exam.world, &c->options, c->dir, &c->target, &err) < 0) {
		output_complain("%s", err.msg);
		return STATUS_UNKNOWN;
	}
	c->target.unasked = c->unasked;
	c->target.recorded = c->options.from_trace != NULL;
	for (size_t i = 0; c->target.logs && c->target.logs[i]; i++) {
		struct file_stat st = world_stat(c->exam.world, c->target.logs[i]);
		if (!check_options_replay(&c->options) && st.known && !st.is_file) {
			output_complain("option '--logs': there is no file '%s'",
			                c->target.logs[i]);
			return STATUS_USAGE;
		}
	}
	struct vscode_window window = {0};
	if (!check_options_replay(&c->options) &&
	    check_window_find(c->arena, c->exam.world, c->target.workspace, &window) &&
	    check_window_counts(c->exam.world, c->options.editor, c->target.workspace, &window)) {
		if (window.count > 1) {
			return check_window(c, &window);
		}
		c->target.workspace = window.folders[0];
		c->target.window_file = window.file;
		c->target.window_folders = window.folders;
		c->target.window_missing = window.missing;
	}
	int status = check_options_replay(&c->options)
	                     ? STATUS_HEALTHY
	                     : failure_of_folder(c->exam.world, c->target.workspace, c->dir);
	if (status != STATUS_HEALTHY) {
		return status;
	}
	remember_prepare(c->arena, c->exam.world, &c->target,
	                 c->options.no_remember || check_options_replay(&c->options));
	int r = examine(c, &err);
	if (r < 0) {
		return failure_of_target(&err, r);
	}
	int stopped = failure_of_interrupt(&c->interrupt);
	if (stopped != STATUS_HEALTHY) {
		return stopped;
	}
	struct diagnosis diagnosis = infer(registry_rules, &c->facts);
	if (!check_options_replay(&c->options)) {
		fix_advise(registry_fixes, &c->facts, &diagnosis.all, c->target.workspace);
	}
	if (looks_again(c)) {
		diagnosis = deepened(c, &diagnosis);
	}
	stopped = failure_of_interrupt(&c->interrupt);
	if (stopped != STATUS_HEALTHY) {
		return stopped;
	}
	if (c->options.prove) {
		diagnosis = proven(c, &diagnosis);
	}
	struct strbuf out;
	strbuf_init(&out, c->arena);
	struct report r_one = {.target = &c->target,
	                       .facts = &c->facts,
	                       .diagnosis = &diagnosis,
	                       .agreement = recorded(c, &diagnosis)};
	report(c, &r_one, &out, &status);
	world_close(c->exam.world);
	c->exam.world = NULL;
	interrupt_close(&c->interrupt);
	status = output_write(&out, status);
	/* The verdict is out: who cannot remember has lost nothing. */
	(void)remember(c->arena, &c->target, &c->facts, &c->store, &diagnosis, &err);
	if (c->options.save &&
	    check_case_save(c->arena, &c->options, &c->target, &c->store, &err) < 0) {
		output_complain("the case was not saved: %s", err.msg);
		return STATUS_UNKNOWN;
	}
	return status;
}

/* A world of the kind that was asked for, or an exit status with a sentence on stderr. */
static int open_world(struct check *c) {
	struct err err;
	int r = 0;
	if (check_options_replay(&c->options)) {
		evidence_store_init(&c->recorded, c->arena);
		r = c->options.from
		            ? check_case_open(c->arena, &c->recorded, &c->options, &c->dir, &err)
		            : check_trace_open(c->arena, &c->recorded, &c->options, &c->dir,
		                               &c->unasked, &err);
		if (r == 0) {
			c->exam.world = world_replay_open(c->arena, &c->store, &c->recorded);
		}
	} else {
		c->exam.world = world_live_open(c->arena, &c->store, c->interrupt.fd, &err);
	}
	if (c->exam.world) {
		return STATUS_HEALTHY;
	}
	return failure_of_file(&err, r);
}

static int run_in(struct arena *arena, const struct check_options *options, const char *dir,
                  const char *unrecorded) {
	struct check c = {
		.options = *options,
		.dir = dir,
		.arena = arena,
		.interrupt = {.fd = -1, .signal_fd = -1, .timer_fd = -1},
		.start_ns = clock_now_ns(),
		.unrecorded = unrecorded,
	};
	int64_t limit_ns = 0;
	(void)seconds_parse(limit_text(&c), &limit_ns);
	exam_init(&c.exam, arena, &c.facts, &c.target);
	evidence_store_init(&c.store, arena);
	interrupt_open(&c.interrupt, c.start_ns + limit_ns - reserve_ns(limit_ns) / 2);
	int status = open_world(&c);
	if (status == STATUS_HEALTHY) {
		/* A case file brings its own limit, and its time begins with its world. */
		(void)seconds_parse(limit_text(&c), &limit_ns);
		c.exam.deadline_ns = c.exam.world->start_ns + limit_ns - reserve_ns(limit_ns);
		c.terminal = terminal_find(options->color);
		status = check_in_world(&c);
	}
	world_close(c.exam.world);
	interrupt_close(&c.interrupt);
	return status;
}

/* Below a recorder when that is wanted and possible; else it is done all the same, and why not is said. */
static int run_recorded(struct arena *arena, const struct check_options *o, const char *dir) {
	const char *because = NULL;
	int status = check_options_trace(o) && o->traced_fd == 0
	                     ? check_trace_record(arena, o, &because)
	                     : -1;
	if (status >= 0) {
		return status;
	}
	status = run_in(arena, o, dir, because);
	if (because && o->save_trace) {
		output_complain("no recording was kept: %s", because);
		return status <= STATUS_FOUND ? STATUS_UNKNOWN : status;
	}
	return status;
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	const struct check_options *o = options;
	if (!color_is_valid(o->color)) {
		return STATUS_USAGE;
	}
	struct arena *arena = arena_new();
	struct err err;
	int status;
	if (check_options_validate(arena, o, operand_count, &err) < 0) {
		output_complain("%s", err.msg);
		status = STATUS_USAGE;
	} else if (o->list_probes) {
		status = list_probes(arena);
	} else {
		status = run_recorded(arena, o, operand_count > 0 ? operands[0] : NULL);
	}
	arena_free(arena);
	return status;
}

const struct command command_check = {
	.name = "check",
	.synopsis = "[DIR|WINDOW]",
	.summary = "Find the one cause of trouble in DIR",
	.options = check_option_specs,
	.options_size = sizeof(struct check_options),
	.max_operands = 1,
	.run = run,
};
