/* SPDX-License-Identifier: MIT
 * `dialtone fix [CAUSE...] [DIR]`: what would be done about what is wrong, and with --yes does it, examines again, and
 * takes back what did not help.
 */
#include "cmd/fix.h"

#include "apply/script.h"
#include "base/fd.h"
#include "cmd/help.h"
#include "cmd/options.h"
#include "core/registry.h"

#include <unistd.h>

#define OPERANDS_MAX 32

static const struct option_spec specs[] = {
	{"yes", 'y', NULL, OPTION_FLAG, offsetof(struct fix_options, yes), "do it"},
	{"interactive", 'i', NULL, OPTION_FLAG, offsetof(struct fix_options, interactive),
         "ask for each cause, then do it"},
	{"dry-run", 'n', NULL, OPTION_FLAG, offsetof(struct fix_options, dry_run),
         "only show what would be done (the default)"},
	{"disruptive", 0, NULL, OPTION_FLAG, offsetof(struct fix_options, disruptive),
         "also what ends a program of yours"},
	{"script", 0, NULL, OPTION_FLAG, offsetof(struct fix_options, script),
         "a shell script of what needs root or the network"},
	{"resume", 0, NULL, OPTION_FLAG, offsetof(struct fix_options, resume),
         "finish a repair that was interrupted"},
	CHECK_TARGET_SPECS(struct fix_options),
	{"timeout", 't', "S", OPTION_TEXT, CHECK_AT(struct fix_options, timeout),
         "seconds for each examination (" CHECK_TIMEOUT_DEFAULT ")"},
	CHECK_HOW_SPECS(struct fix_options),
	{0},
};

/* A cause as it was perhaps meant, for a word that is neither a cause nor looks like a path. */
static const char *near_cause(struct arena *arena, const char *word) {
	return !word || strchr(word, '/') ? NULL
	                                  : options_nearest(word, rule_ids(arena, registry_rules));
}

/* Causes first, then at most one directory. */
static int split_operands(struct fix_run *run, const char *const *operands, size_t count) {
	const char **causes = arena_array_of(run->arena, const char *, count + 1);
	size_t n = 0;
	while (n < count && rule_find(registry_rules, operands[n])) {
		causes[n] = operands[n];
		n++;
	}
	run->causes = causes;
	run->dir = n < count ? operands[n] : NULL;
	bool absent = run->dir && access(run->dir, F_OK) < 0;
	if (n + 1 < count || (absent && near_cause(run->arena, run->dir))) {
		const char *near = near_cause(run->arena, operands[n]);
		output_complain("there is no cause '%s'%s%s%s", operands[n],
		                near ? "; did you mean '" : "; `dialtone explain` lists them",
		                near ? near : "", near ? "'?" : "");
		return STATUS_USAGE;
	}
	return STATUS_HEALTHY;
}

static int verdict_status(const struct fix_run *run) {
	switch (run->latest->diagnosis.verdict) {
	case VERDICT_HEALTHY:
		return STATUS_HEALTHY;
	case VERDICT_UNKNOWN:
		return STATUS_UNKNOWN;
	case VERDICT_DEGRADED:
	case VERDICT_BROKEN:
		break;
	}
	return STATUS_FOUND;
}

static int write_script(struct fix_run *run) {
	struct strbuf out;
	struct script script;
	strbuf_init(&out, run->arena);
	script_begin(&script, &out, examination_name(run->first));
	for (size_t i = 0; i < run->count; i++) {
		const struct proposal *p = run->proposals[i];
		if (p->outcome == FIX_SHOWN) {
			script_add(&script, p->plan, &p->repair);
		}
	}
	script_end(&script);
	return output_write(&out, STATUS_HEALTHY);
}

static int tell(struct fix_run *run, int status) {
	struct strbuf out;
	strbuf_init(&out, run->arena);
	if (run->options->check.json) {
		fix_json(&out, run);
		return output_write(&out, status);
	}
	for (size_t i = 0; i < run->count; i++) {
		fix_show(&out, run, run->proposals[i]);
	}
	if (run->count > 0 && run->causes[0]) {
		fix_show_left(&out, run);
	}
	if (run->count == 0) {
		const struct diagnosis *d = &run->latest->diagnosis;
		strbuf_printf(&out, "%s: %s\n", verdict_name(d->verdict),
		              run->causes[0] ? "what you named was not found here"
		              : d->cause_count == 0
		                      ? fix_nothing(d->verdict)
		                      : "nothing that was found can be fixed from here; "
		                        "`dialtone check` says what to do");
	}
	return output_write(&out, status);
}

static int work(struct fix_run *run) {
	const struct fix_options *o = run->options;
	int status = STATUS_HEALTHY;
	if (o->resume) {
		return fix_resume(run);
	}
	run->first = run->latest = fix_examine(run, &status);
	if (!run->first) {
		return status;
	}
	fix_propose(run);
	if (o->script) {
		return write_script(run);
	}
	if (o->yes || o->interactive) {
		status = fix_do(run);
		return o->check.json ? tell(run, status) : status;
	}
	return tell(run, verdict_status(run));
}

static int validate(struct arena *arena, const struct fix_options *o) {
	struct err err;
	if (check_options_validate(arena, &o->check, 0, &err) < 0) {
		output_complain("%s", err.msg);
		return STATUS_USAGE;
	}
	if (o->yes + o->interactive + o->dry_run + o->script + o->resume > 1) {
		output_complain("--yes, --interactive, --dry-run, --script and --resume exclude "
		                "each other");
		return STATUS_USAGE;
	}
	if (o->interactive && o->check.json) {
		output_complain("--interactive and --json do not go together");
		return STATUS_USAGE;
	}
	return color_is_valid(o->check.color) ? STATUS_HEALTHY : STATUS_USAGE;
}

static int run(const void *options, const char *const *operands, size_t operand_count) {
	const struct fix_options *o = options;
	struct arena *arena = arena_new();
	struct fix_run run = {.arena = arena,
	                      .options = o,
	                      .interrupt = {.fd = -1, .signal_fd = -1, .timer_fd = -1}};
	int status = validate(arena, o);
	status = status == STATUS_HEALTHY ? split_operands(&run, operands, operand_count) : status;
	if (status == STATUS_HEALTHY) {
		run.terminal = terminal_find(o->check.color);
		run.progress.columns = run.terminal.columns;
		interrupt_open(&run.interrupt, INT64_MAX);
		status = work(&run);
		int signal = fix_signal(&run);
		interrupt_close(&run.interrupt);
		status = signal != 0 ? STATUS_SIGNAL_BASE + signal : status;
	}
	arena_free(arena);
	return status;
}

const struct command command_fix = {
	.name = "fix",
	.synopsis = "[CAUSE] [DIR|WINDOW]",
	.summary = "Show what would mend what is wrong; with --yes do it",
	.options = specs,
	.options_size = sizeof(struct fix_options),
	.notes = "Without --yes or --interactive nothing is changed: what would be done is\n"
		 "shown. What is done is in the journal first (dialtone journal), followed by\n"
		 "an examination, and taken back when it did not help (status 4). What needs\n"
		 "root or the network is shown, not done: --script > fix.sh.\n",
	.max_operands = OPERANDS_MAX,
	.run = run,
};
