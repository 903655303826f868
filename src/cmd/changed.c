/* SPDX-License-Identifier: MIT
 * `dialtone changed [DIR]`: what changed since it last worked; and, with --remember, how it is now that it works is kept.
 */
#include "apply/states.h"
#include "base/clock.h"
#include "cmd/examination.h"
#include "cmd/failure.h"
#include "cmd/output.h"
#include "cmd/progress.h"
#include "cmd/remember.h"
#include "cmd/since.h"
#include "report/changes.h"
#include "report/json_frame.h"
#include "report/sheet.h"

#include <errno.h>

struct changed_options {
	struct check_options check;
	const char *since;
	bool remember;
};

static const struct option_spec specs[] = {
	{"since", 's', "DATE", OPTION_TEXT, offsetof(struct changed_options, since),
         "since then: 2026-11-20, yesterday, 14:02, 3d"},
	{"remember", 0, NULL, OPTION_FLAG, offsetof(struct changed_options, remember),
         "keep what it is like now, if all works"},
	CHECK_TARGET_SPECS(struct changed_options),
	{"verbose", 'v', NULL, OPTION_FLAG, CHECK_AT(struct changed_options, verbose),
         "variables of others one by one, too"},
	{"timeout", 't', "S", OPTION_TEXT, CHECK_AT(struct changed_options, timeout),
         "seconds for everything (" CHECK_TIMEOUT_DEFAULT ")"},
	CHECK_HOW_SPECS(struct changed_options),
	{0},
};

struct changed_run {
	struct arena *arena;
	const struct changed_options *options;
	struct examination *exam;
	struct terminal terminal;
	struct progress progress;
	struct interrupt interrupt;
	bool kept;            /* with --remember: it is on the disk */
	const char *not_kept; /* why it is not, or NULL */
	int64_t now_ns;
};

static void show_probe(const struct probe *probe, void *context) {
	progress_begin(context, probe->title);
}

/* Why nothing can be said, a sentence; NULL when something can. */
static const char *because(const struct changed_run *run) {
	const struct facts *facts = &run->exam->facts;
	const struct coverage *c = &facts->coverage[FACT_last_good];
	if (facts_first(last_good, facts)) {
		return NULL;
	}
	return c->refused ? c->because
	       : !run->exam->target.states_file
	               ? "nothing was kept yet: dialtone keeps nothing until it is told that it "
	                 "may, "
	                 "with `dialtone changed --remember` while all works"
	               : "no state of this folder in which all worked was kept yet; `dialtone "
	                 "check` "
	                 "keeps one when all works";
}

static void prose(struct sheet *sheet, size_t indent, const char *text) {
	for (size_t i = 0; i < indent; i++) {
		strbuf_add_char(sheet->out, ' ');
	}
	sheet_prose(sheet, indent, indent + 2, 0, text);
}

/* Those that nothing of Go asks for are only counted up. */
static void show_changes(struct sheet *sheet, const struct changed_run *run,
                         const struct fact_last_good *good) {
	struct arena *arena = run->arena;
	const struct examination *e = run->exam;
	struct strbuf others;
	size_t count = 0;
	strbuf_init(&others, arena);
	struct ranked_change *all = changes_rank(arena, &e->facts, &e->diagnosis, &count);
	for (size_t i = 0; i < count; i++) {
		const struct fact_changed *c = all[i].change;
		if (!all[i].explains && streq(c->what, "variable") &&
		    all[i].weight < CHANGE_TELLS && c->worked_ns == 0 &&
		    !run->options->check.verbose) {
			strbuf_printf(&others, "%s%s", others.len > 0 ? ", " : "", c->name);
			continue;
		}
		prose(sheet, 2, change_in_words(arena, c, good, run->now_ns));
		if (all[i].explains) {
			prose(sheet, 6,
			      arena_printf(arena, "%s is about it: %s", all[i].explains->rule->id,
			                   all[i].explains->title));
		}
	}
	if (others.len > 0) {
		prose(sheet, 2,
		      arena_printf(arena, "variables that Go is not known to ask for: %s",
		                   others.data));
	}
	if (count == 0) {
		prose(sheet, 2, "nothing that dialtone keeps an eye on");
	}
}

static void show(struct strbuf *out, const struct changed_run *run) {
	struct arena *arena = run->arena;
	const struct examination *e = run->exam;
	const struct fact_last_good *good = facts_first(last_good, &e->facts);
	struct report_style style = {
		.colour = run->terminal.colour,
		.utf8 = run->terminal.utf8,
		.columns = run->terminal.columns,
	};
	struct sheet sheet = {.out = out, .style = &style};
	const char *verdict = verdict_name(e->diagnosis.verdict);
	if (!good && !run->kept) {
		prose(&sheet, 0, arena_printf(arena, "%s now: %s", verdict, because(run)));
	}
	if (good) {
		const char *when = when_in_words(arena, good->until_ns, run->now_ns);
		prose(&sheet, 0,
		      arena_printf(arena, "changed in %s since all worked, %s (it is %s now):",
		                   e->target.workspace,
		                   good->asked_ns == 0
		                           ? when
		                           : when_in_words(arena, good->at_ns, run->now_ns),
		                   verdict));
		show_changes(&sheet, run, good);
		if (good->older) {
			prose(&sheet, 0, "no older state than this one is kept");
		}
		if (!good->same_side) {
			prose(&sheet, 0,
			      arena_printf(arena,
			                   "it worked then for another editor or environment (%s, "
			                   "%s), so only files and the kernel are compared",
			                   good->editor, good->side));
		}
	}
	if (run->options->remember) {
		prose(&sheet, 0,
		      run->kept ? arena_printf(arena, "kept: what %s is like now that all works",
		                               e->target.workspace)
		                : arena_printf(arena, "not kept: %s", run->not_kept));
	}
}

static void show_json(struct strbuf *out, const struct changed_run *run) {
	struct json json = {.out = out};
	const struct examination *e = run->exam;
	json_begin(&json, "dialtone.changed/1");
	json_put_tool(&json);
	json_put(&json, "workspace", e->target.workspace);
	json_put(&json, "verdict", verdict_name(e->diagnosis.verdict));
	json_put(&json, "because", because(run));
	json_put_bool(&json, "kept", run->kept);
	json_put(&json, "not_kept", run->not_kept);
	changes_put(&json, run->arena, &e->facts, &e->diagnosis);
	json_end(&json);
}

/* Only what works is worth keeping; only then a directory is made for it. */
static void keep(struct changed_run *run) {
	struct examination *e = run->exam;
	struct err err = {0};
	if (e->diagnosis.verdict != VERDICT_HEALTHY) {
		run->not_kept = "it does not work as it is now";
		return;
	}
	int r = states_allow(run->arena, &err);
	if (r == 0) {
		e->target.states_file = states_file(run->arena, e->target.workspace);
		r = remember(run->arena, &e->target, &e->facts, &e->store, &e->diagnosis, &err);
	}
	run->kept = r == 0;
	run->not_kept = r < 0 ? arena_strdup(run->arena, err.msg) : NULL;
}

static int status_of(const struct changed_run *run) {
	const struct facts *facts = &run->exam->facts;
	if (run->options->remember) {
		return run->kept ? STATUS_HEALTHY
		       : run->exam->diagnosis.verdict == VERDICT_HEALTHY ||
		                       run->exam->diagnosis.verdict == VERDICT_UNKNOWN
		               ? STATUS_UNKNOWN
		               : STATUS_FOUND;
	}
	return because(run)                  ? STATUS_UNKNOWN
	       : facts_first(changed, facts) ? STATUS_FOUND
	                                     : STATUS_HEALTHY;
}

static int work(struct changed_run *run, const char *dir, int64_t since_ns) {
	const struct changed_options *o = run->options;
	struct strbuf out;
	struct examination *exam = arena_new_of(run->arena, struct examination);
	*exam = (struct examination){
		.arena = run->arena,
		.options = &o->check,
		.dir = dir,
		.interrupt_fd = run->interrupt.fd,
		.tell_changes = true,
		.will_remember = o->remember,
		.since_ns = since_ns,
		.on_probe = run->terminal.progress ? show_probe : NULL,
		.on_wait = run->terminal.progress ? progress_tick : NULL,
		.context = &run->progress,
	};
	run->exam = exam;
	int status = examination_run(exam);
	if (run->terminal.progress) {
		progress_end(&run->progress);
	}
	int stopped = failure_of_interrupt(&run->interrupt);
	if (stopped != STATUS_HEALTHY) {
		return stopped;
	}
	if (status != STATUS_HEALTHY) {
		return status;
	}
	if (o->remember) {
		keep(run);
	}
	strbuf_init(&out, run->arena);
	if (o->check.json) {
		show_json(&out, run);
	} else {
		show(&out, run);
	}
	return output_write(&out, status_of(run));
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	const struct changed_options *o = options;
	struct arena *arena = arena_new();
	struct changed_run run = {.arena = arena,
	                          .options = o,
	                          .interrupt = {.fd = -1, .signal_fd = -1, .timer_fd = -1},
	                          .now_ns = clock_wall_ns()};
	struct err err;
	int64_t since_ns = 0;
	int status = color_is_valid(o->check.color) ? STATUS_HEALTHY : STATUS_USAGE;
	if (status == STATUS_HEALTHY &&
	    ((o->since && since_parse(o->since, run.now_ns, &since_ns, &err) < 0) ||
	     check_options_validate(arena, &o->check, operand_count, &err) < 0)) {
		output_complain("%s", err.msg);
		status = STATUS_USAGE;
	}
	if (status == STATUS_HEALTHY) {
		run.terminal = terminal_find(o->check.color);
		run.progress.columns = run.terminal.columns;
		interrupt_open(&run.interrupt, INT64_MAX);
		status = work(&run, operand_count > 0 ? operands[0] : NULL, since_ns);
		interrupt_close(&run.interrupt);
	}
	arena_free(arena);
	return status;
}

const struct command command_changed = {
	.name = "changed",
	.synopsis = "[DIR]",
	.summary = "Tell what changed since it last worked",
	.options = specs,
	.options_size = sizeof(struct changed_options),
	.notes = "When all works, `dialtone check` keeps what the set-up is like (versions,\n"
		 "hashes, settings; no secrets), once it has been told that it may: --remember.\n"
		 "Exit status 1 when something changed, 3 when there is nothing to compare with;\n"
		 "with --remember 0 when it was kept, 1 when it does not work as it is.\n",
	.max_operands = 1,
	.run = run,
};
