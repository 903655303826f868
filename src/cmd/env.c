/* SPDX-License-Identifier: MIT
 * `dialtone env [DIR]`: environments side by side, by what they are and what follows from them.
 */
#include "base/clock.h"
#include "cmd/bisect.h"
#include "cmd/check_options.h"
#include "cmd/env_bisect.h"
#include "cmd/env_case.h"
#include "cmd/env_mask.h"
#include "cmd/exam.h"
#include "cmd/failure.h"
#include "cmd/interrupt.h"
#include "cmd/output.h"
#include "cmd/progress.h"
#include "core/editor.h"
#include "core/registry.h"
#include "probes/sides/side_origin.h"
#include "probes/sides/sides.h"
#include "report/compare.h"
#include "world/live.h"
#include "world/replay.h"

#define ENV_TIMEOUT_DEFAULT "15"

#define AT(member) offsetof(struct env_options, member)
static const struct option_spec env_specs[] = {
	{"against", 'a', "SPEC", OPTION_TEXT, AT(against),
         "only this one: pid:N, shell, desktop, systemd, file:F"},
	{"all", 0, NULL, OPTION_FLAG, AT(all), "also what is equal or does not matter"},
	{"bisect", 0, NULL, OPTION_FLAG, AT(bisect),
         "which difference breaks the server? real trials"},
	{"good", 0, "SPEC", OPTION_TEXT, AT(good), "--bisect: where it works (shell)"},
	{"bad", 0, "SPEC", OPTION_TEXT, AT(bad),
         "--bisect: where it does not (editor); as --against, self"},
	{"editor", 'e', "NAME", OPTION_TEXT, AT(editor), "--bisect: whose rules count"},
	{"file", 'f', "F", OPTION_TEXT, AT(file), "--bisect: the file you have open"},
	{"verbose", 'v', NULL, OPTION_FLAG, AT(verbose), "--bisect: each trial as well"},
	{"json", 'j', NULL, OPTION_FLAG, AT(json),
         "for programs: dialtone.env/1, dialtone.bisect/1"},
	{"no-shell", 0, NULL, OPTION_FLAG, AT(no_shell), "do not start a login shell"},
	{"trust", 0, NULL, OPTION_FLAG, AT(trust),
         "run what the workspace names: direnv, mise, drivers"},
	{"save", 0, "FILE", OPTION_TEXT, AT(save), "also record all evidence in a case file"},
	{"raw", 0, NULL, OPTION_FLAG, AT(raw), "with --save: keep home and user names"},
	{"from", 0, "FILE", OPTION_TEXT, AT(from), "compare from a case file, not this machine"},
	{"timeout", 't', "S", OPTION_TEXT, AT(timeout),
         "seconds for everything (" ENV_TIMEOUT_DEFAULT "; with --bisect " BISECT_TIMEOUT_DEFAULT
         ")"},
	{"color", 0, "WHEN", OPTION_TEXT, AT(color), "auto, always or never"},
	{0},
};
#undef AT

struct env_run {
	struct env_options *options;
	struct arena *arena;
	struct evidence_store store;
	struct evidence_store recorded; /* what the case file holds */
	struct facts facts;
	struct target target;
	struct exam exam;
	struct interrupt interrupt;
	struct terminal terminal;
	struct progress progress;
	struct sides sides;
	const char *against; /* with an absolute path */
	const char *dir;     /* the operand, or the workspace of the case file, or NULL */
	int64_t start_ns;
};

/* ---- origins ---- */

/* Where a value comes from is looked up for what is shown only. */
static void find_origins(struct env_run *r, struct comparison *c) {
	for (size_t i = 0; i < c->count; i++) {
		struct difference *d = &c->items[i];
		bool shown = d->matters || r->options->all;
		if (!shown || (d->what != DIFF_GO_ENV && d->what != DIFF_VARIABLE)) {
			continue;
		}
		for (size_t k = 0; k < r->sides.count; k++) {
			const struct side *side = &r->sides.items[k];
			const char *value = envset_get(&side->tools_env, d->name);
			struct cell *cell = &d->cells[k];
			if (cell->state != CELL_SET || !str_empty(cell->origin) || !value ||
			    !streq(value, cell->value)) {
				continue;
			}
			struct side_origin o = side_origin_find(&r->exam, side, d->name, value);
			cell->origin = o.words;
			cell->file = o.file;
			cell->line = o.line;
		}
	}
}

/* ---- the run ---- */

/* Whose environment it is and what start-up files and settings say; nothing is started. */
static int look_around(struct env_run *r, struct err *err) {
	size_t n = 0;
	while (registry_probes[n]) {
		n++;
	}
	const struct probe **probes = arena_array_of(r->arena, const struct probe *, n + 1);
	size_t kept = 0;
	for (size_t i = 0; i < n; i++) {
		if (registry_probes[i]->stage <= STAGE_SETTINGS) {
			probes[kept++] = registry_probes[i];
		}
	}
	struct exam_plan plan = {.probes = probes, .limit = r->options->timeout};
	return exam_run(&r->exam, &plan, err);
}

static int status_of(const struct comparison *c) {
	switch (compare_verdict(c)) {
	case COMPARE_DIFFERS:
		return STATUS_FOUND;
	case COMPARE_UNKNOWN:
		return STATUS_UNKNOWN;
	case COMPARE_SAME:
		break;
	}
	return STATUS_HEALTHY;
}

static int show(struct env_run *r) {
	struct comparison c =
		compare_sides(r->arena, &r->sides, &r->facts, r->target.workspace, r->options->all);
	find_origins(r, &c);
	compare_mask(&c, r->arena, env_mask);
	struct report_style style = {.verbose = r->options->all,
	                             .colour = r->terminal.colour,
	                             .utf8 = r->terminal.utf8,
	                             .columns = r->terminal.columns};
	struct compare_view view = {
		.workspace = r->target.workspace,
		.everything = r->options->all,
		.timings = report_timings_since(r->start_ns),
	};
	struct strbuf out;
	strbuf_init(&out, r->arena);
	if (r->options->json) {
		compare_json(&out, &c, &view);
	} else {
		compare_text(&out, &c, &view, &style);
	}
	return output_write(&out, status_of(&c));
}

/* Closes the world first: what still runs must not be left behind by a full disk. */
static int save_case(struct env_run *r, int status) {
	struct err err = {0};
	if (!r->options->save) {
		return status;
	}
	world_close(r->exam.world);
	r->exam.world = NULL;
	const char *home = envset_get(&r->target.own, "HOME");
	if (env_case_save(r->arena, r->options, r->against, r->target.workspace, home ? home : "",
	                  &r->store, &err) < 0) {
		output_complain("the case was not saved: %s", err.msg);
		return STATUS_UNKNOWN;
	}
	return status;
}

static int look_and_show(struct env_run *r) {
	struct err err = {0};
	struct check_options as_check = {.environment = "self", .trust = r->options->trust};
	if (check_target_fill(r->arena, r->exam.world, &as_check, r->dir, &r->target, &err) < 0) {
		output_complain("%s", err.msg);
		return STATUS_UNKNOWN;
	}
	int status = r->options->from
	                     ? STATUS_HEALTHY
	                     : failure_of_folder(r->exam.world, r->target.workspace, r->dir);
	if (status != STATUS_HEALTHY) {
		return status;
	}
	struct sides_wish wish = {.against = r->options->against, .no_shell = r->options->no_shell};
	if (wish.against && str_starts(wish.against, "file:")) {
		struct target place = {0};
		struct check_options of_file = {.environment = wish.against};
		if (check_target_fill(r->arena, r->exam.world, &of_file, NULL, &place, &err) < 0) {
			output_complain("%s", err.msg);
			return STATUS_UNKNOWN;
		}
		wish.against = place.environment;
	}
	r->against = wish.against;
	if (r->terminal.progress) {
		r->progress.columns = r->terminal.columns;
		r->exam.world->on_wait = progress_tick;
		r->exam.world->wait_context = &r->progress;
		progress_begin(&r->progress,
		               wish.no_shell ? "looking at processes" : "asking the login shell");
	}
	int code = look_around(r, &err);
	if (code == 0 && r->options->bisect) {
		if (r->terminal.progress) {
			progress_end(&r->progress);
		}
		return env_bisect(
			&(struct env_bisect){.options = r->options,
		                             .exam = &r->exam,
		                             .interrupt = &r->interrupt,
		                             .terminal = &r->terminal,
		                             .progress = r->terminal.progress ? &r->progress : NULL,
		                             .start_ns = r->start_ns});
	}
	if (code == 0) {
		code = sides_collect(&r->exam, &wish, &r->sides, &err);
	}
	if (r->terminal.progress) {
		progress_end(&r->progress);
	}
	int stopped = failure_of_interrupt(&r->interrupt);
	if (stopped != STATUS_HEALTHY) {
		return stopped;
	}
	if (code < 0) {
		return failure_of_target(&err, code);
	}
	return save_case(r, show(r));
}

/* A world of the kind that was asked for, or an exit status with a sentence on stderr. */
static int open_world(struct env_run *r) {
	struct err err = {0};
	int code = 0;
	if (r->options->from) {
		evidence_store_init(&r->recorded, r->arena);
		code = env_case_open(r->arena, &r->recorded, r->options, &r->dir, &err);
		if (code == 0) {
			r->exam.world = world_replay_open(r->arena, &r->store, &r->recorded);
		}
	} else {
		r->exam.world = world_live_open(r->arena, &r->store, r->interrupt.fd, &err);
	}
	if (r->exam.world) {
		return STATUS_HEALTHY;
	}
	return failure_of_file(&err, code);
}

static int run_in(struct arena *arena, struct env_options *options, const char *dir,
                  int64_t limit_ns) {
	struct env_run r = {
		.options = options,
		.dir = dir,
		.arena = arena,
		.interrupt = {.fd = -1, .signal_fd = -1, .timer_fd = -1},
		.start_ns = clock_now_ns(),
	};
	exam_init(&r.exam, arena, &r.facts, &r.target);
	r.exam.deadline_ns = r.start_ns + limit_ns;
	evidence_store_init(&r.store, arena);
	interrupt_open(&r.interrupt, r.exam.deadline_ns);
	r.terminal = terminal_find(options->color);
	int status = open_world(&r);
	if (status == STATUS_HEALTHY) {
		status = look_and_show(&r);
	}
	world_close(r.exam.world);
	interrupt_close(&r.interrupt);
	return status;
}

static bool against_is_valid(const char *spec) {
	int64_t pid = 0;
	if (!spec || streq(spec, "shell") || streq(spec, "desktop") || streq(spec, "systemd")) {
		return true;
	}
	if (str_starts(spec, "pid:") && str_to_int64(spec + 4, &pid) == 0 && pid > 0 &&
	    pid <= INT32_MAX) {
		return true;
	}
	if (str_starts(spec, "file:") && spec[5] != '\0') {
		return true;
	}
	output_complain("option '--against': expected pid:N, shell, desktop, systemd or file:F, "
	                "got '%s'",
	                spec);
	return false;
}

static bool bisect_makes_sense(const struct env_options *o) {
	const char *const ends[] = {o->good, o->bad};
	bool needs = o->good || o->bad || o->editor || o->file || o->verbose;
	char names[256];

	if (!o->bisect && needs) {
		output_complain("'--good', '--bad', '--editor', '--file' and '--verbose' only go "
		                "with '--bisect'");
		return false;
	}
	if (o->bisect && (o->against || o->all || o->save || o->from || o->no_shell)) {
		output_complain("'--bisect' goes with no --against, --all, --save, --from or "
		                "--no-shell: its ends are --good and --bad");
		return false;
	}
	for (size_t i = 0; i < 2; i++) {
		if (!env_bisect_names_end(ends[i])) {
			output_complain("option '%s': expected self, shell, desktop, systemd, "
			                "pid:N, file:F, editor or the name of one, got '%s'",
			                i == 0 ? "--good" : "--bad", ends[i]);
			return false;
		}
	}
	if (o->editor && !editor_find(o->editor)) {
		editor_names(names, sizeof names);
		output_complain("option '--editor': there is no '%s'; known are %s", o->editor,
		                names);
		return false;
	}
	return true;
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	struct env_options o = *(const struct env_options *)options;
	int64_t limit_ns = 0;
	if (!color_is_valid(o.color) || !against_is_valid(o.against) || !bisect_makes_sense(&o)) {
		return STATUS_USAGE;
	}
	o.timeout = o.timeout ? o.timeout : o.bisect ? BISECT_TIMEOUT_DEFAULT : ENV_TIMEOUT_DEFAULT;
	if (seconds_parse(o.timeout, &limit_ns) < 0) {
		output_complain("option '--timeout': expected seconds, more than 0, got '%s'",
		                o.timeout);
		return STATUS_USAGE;
	}
	if (o.from && (operand_count > 0 || o.against || o.save || o.trust || o.no_shell)) {
		output_complain("'--from' goes with no DIR, --against, --save, --trust or "
		                "--no-shell: the case file says what was compared");
		return STATUS_USAGE;
	}
	if (o.raw && !o.save) {
		output_complain("option '--raw' only goes with '--save'");
		return STATUS_USAGE;
	}
	struct arena *arena = arena_new();
	int status = run_in(arena, &o, operand_count > 0 ? operands[0] : NULL, limit_ns);
	arena_free(arena);
	return status;
}

const struct command command_env = {
	.name = "env",
	.synopsis = "[DIR]",
	.summary = "Tell what differs between shell and editor",
	.options = env_specs,
	.options_size = sizeof(struct env_options),
	.max_operands = 1,
	.run = run,
};
