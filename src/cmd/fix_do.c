/* SPDX-License-Identifier: MIT
 * From proposals to deeds, each followed by an examination; and what a crash left.
 */
#include "apply/lock.h"
#include "apply/steps.h"
#include "apply/turn.h"
#include "base/fd.h"
#include "base/vec.h"
#include "cmd/conflict.h"
#include "cmd/fix.h"
#include "cmd/remember.h"
#include "core/rule.h"
#include "report/harmless.h"
#include "report/sheet.h"
#include "world/live.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#define ROUNDS_MAX 12

int fix_signal(struct fix_run *run) {
	if (run->signal == 0) {
		run->signal = interrupt_signal(&run->interrupt);
	}
	return run->signal;
}

/* ---- looking ---- */

static void show_probe(const struct probe *probe, void *context) {
	progress_begin(context, probe->title);
}

struct examination *fix_examine(struct fix_run *run, int *ret_status) {
	struct examination *e = arena_new_of(run->arena, struct examination);
	bool shown = run->terminal.progress;
	*e = (struct examination){.arena = run->arena,
	                          .options = &run->options->check,
	                          .dir = run->dir,
	                          .environment = run->environment,
	                          .interrupt_fd = run->interrupt.fd,
	                          .on_probe = shown ? show_probe : NULL,
	                          .on_wait = shown ? progress_tick : NULL,
	                          .takes_windows = true,
	                          .will_remember = run->options->yes || run->options->interactive,
	                          .context = &run->progress};
	*ret_status = examination_run(e);
	if (shown) {
		progress_end(&run->progress);
	}
	if (*ret_status == STATUS_HEALTHY && fix_signal(run) != 0) {
		*ret_status = STATUS_UNKNOWN;
	}
	return *ret_status == STATUS_HEALTHY ? e : NULL;
}

/* ---- doing ---- */

static void say(struct fix_run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void say(struct fix_run *run, const char *fmt, ...) {
	if (run->options->check.json) {
		return;
	}
	const struct report_style style = {.columns = run->terminal.columns};
	struct strbuf out;
	struct sheet sheet = {.out = &out, .style = &style};
	struct slice line;
	va_list args;
	va_start(args, fmt);
	strbuf_init(&out, run->arena);
	struct slice rest = slice_str(harmless_lines(
		run->arena, arena_vprintf(run->arena, fmt, args), run->terminal.utf8));
	va_end(args);
	while (slice_line(&rest, &line)) {
		sheet_prose(&sheet, 0, 2, 0, arena_slicedup(run->arena, line));
	}
	(void)output_write(&out, STATUS_HEALTHY);
	(void)fflush(stdout);
}

static bool agrees(struct fix_run *run) {
	char answer[8] = "";
	if (!run->options->interactive) {
		return true;
	}
	/* At the question nothing has begun: Ctrl-C ends us at once. */
	sigset_t held;
	(void)sigprocmask(SIG_SETMASK, &run->interrupt.before, &held);
	fputs("Do this? [y/N] ", stderr);
	bool yes = fgets(answer, sizeof(answer), stdin) && (answer[0] == 'y' || answer[0] == 'Y');
	(void)sigprocmask(SIG_SETMASK, &held, NULL);
	return yes;
}

/* The same among these, or NULL. */
static const struct finding *find_among(const struct finding *const *findings,
                                        const struct finding *f) {
	for (size_t i = 0; findings[i]; i++) {
		if (streq(findings[i]->rule->id, f->rule->id) &&
		    streq(findings[i]->subject, f->subject)) {
			return findings[i];
		}
	}
	return NULL;
}

static bool is_among(const struct finding *const *findings, const struct finding *f) {
	return find_among(findings, f) != NULL;
}

static int badness(enum verdict verdict) {
	return verdict == VERDICT_HEALTHY ? 0 : verdict == VERDICT_DEGRADED ? 1 : 2;
}

/* "" when it did. */
static const char *why_no_help(struct fix_run *run, const struct proposal *p,
                               const struct examination *after) {
	const struct diagnosis *before = &run->latest->diagnosis;
	const struct diagnosis *now = &after->diagnosis;
	if (now->verdict == VERDICT_UNKNOWN) {
		return "the examination afterwards came to no verdict";
	}
	/* What was an error and harms nobody any more is a note: a disk stays full that nothing needs now. */
	bool helped = p->finding->severity != SEV_NOTE &&
	              badness(now->verdict) < badness(before->verdict);
	if (is_among(now->causes, p->finding) || is_among(now->symptoms, p->finding) ||
	    (!helped && is_among(now->notes, p->finding))) {
		return "it is still found afterwards";
	}
	if (badness(now->verdict) > badness(before->verdict)) {
		return arena_printf(run->arena, "afterwards it is %s, before it was %s",
		                    verdict_name(now->verdict), verdict_name(before->verdict));
	}
	return "";
}

static void add_environment(struct fix_run *run, const struct plan *plan) {
	for (size_t i = 0; plan->environment && plan->environment[i]; i++) {
		VEC_ROOM(run->arena, run->environment, run->environment_count + 1,
		         &run->environment_slots);
		run->environment[run->environment_count++] = plan->environment[i];
		run->environment[run->environment_count] = NULL;
	}
}

static void take_back(struct fix_run *run, struct proposal *p, struct steps *steps) {
	struct err err;
	if (steps_undo(steps, &p->repair, &err) < 0) {
		p->outcome = FIX_FAILED;
		p->because = arena_printf(run->arena, "%s; and it could not be taken back: %s",
		                          p->because, err.msg);
		say(run, "That did not help: %s.\n", p->because);
		if (!run->options->check.json) {
			conflict_show(steps);
		}
		return;
	}
	p->outcome = FIX_NO_HELP;
	say(run, "That did not help: %s. It was taken back.\n", p->because);
}

/* The real examination again; what did not help is taken back by itself. */
static int verify(struct fix_run *run, struct proposal *p, struct steps *steps) {
	int status = STATUS_HEALTHY;
	size_t environment_count = run->environment_count;
	add_environment(run, p->plan);
	struct examination *after = fix_examine(run, &status);
	p->because = after ? why_no_help(run, p, after) : "the examination afterwards failed";
	if (*p->because) {
		run->environment_count = environment_count;
		if (run->environment) {
			run->environment[environment_count] = NULL;
		}
		take_back(run, p, steps);
		return -EAGAIN;
	}
	p->outcome = FIX_DONE;
	run->latest = after;
	say(run,
	    "Done, and it helped: %s is gone. Repair %lld; `dialtone undo %lld` takes it back.\n",
	    p->plan->cause, (long long)p->repair.id, (long long)p->repair.id);
	if (*p->plan->then) {
		say(run, "Left to you: %s\n", p->plan->then);
	}
	return 0;
}

static int do_one(struct fix_run *run, struct journal *journal, struct proposal *p) {
	struct err err;
	struct evidence_store store;
	struct steps steps;
	steps_init(&steps, run->arena, journal);
	evidence_store_init(&store, run->arena);
	steps.world = world_live_open(run->arena, &store, run->interrupt.fd, &err);
	steps.env = &p->found_in.target->judged;
	steps.disruptive = run->options->disruptive;
	int r = steps.world ? steps_apply(&steps, &p->repair, &err) : err.code;
	world_close(steps.world);
	steps.world = NULL;
	p->notes = steps.notes.data;
	if (r < 0) {
		p->outcome = FIX_FAILED;
		p->because = arena_strdup(run->arena, err.msg);
		say(run, "Not done: %s.\n", p->because);
		if (!run->options->check.json) {
			conflict_show(&steps);
		}
		return r;
	}
	say(run, "%s", p->notes);
	return verify(run, p, &steps);
}

static int sum_up(struct fix_run *run, bool failed) {
	const struct diagnosis *d = &run->latest->diagnosis;
	size_t done = 0;
	size_t left = 0;
	for (size_t i = 0; i < run->count; i++) {
		done += run->proposals[i]->outcome == FIX_DONE;
		left += run->proposals[i]->outcome != FIX_DONE;
	}
	if (run->count == 0) {
		say(run, "%s: %s\n", verdict_name(d->verdict),
		    d->cause_count == 0 ? fix_nothing(d->verdict)
		                        : "nothing that was found can be fixed from here; "
		                          "`dialtone check` says what to do");
	} else {
		say(run, "Now %s.\n", verdict_name(d->verdict));
		if (!run->options->check.json) {
			struct strbuf out;
			strbuf_init(&out, run->arena);
			fix_show_left(&out, run);
			(void)output_write(&out, STATUS_HEALTHY);
		}
	}
	if (failed || (done == 0 && left > 0)) {
		return STATUS_NOT_FIXED;
	}
	return d->verdict == VERDICT_HEALTHY ? STATUS_HEALTHY : STATUS_FOUND;
}

/* What was done since may have ended this as well, or made another thing right to do. */
static void think_again(struct fix_run *run, struct proposal *p) {
	const struct diagnosis *d = &run->latest->diagnosis;
	const struct finding *now = find_among(d->causes, p->finding);
	now = now ? now : find_among(d->symptoms, p->finding);
	now = now ? now : find_among(d->notes, p->finding);
	if (now) {
		(void)fix_think(run, now, p);
		return;
	}
	p->outcome = FIX_NOTHING;
	p->because = "it went away with what was done before";
	say(run, "Not needed any more: %s: %s.\n", p->plan->cause, p->because);
}

static bool do_next(struct fix_run *run, struct journal *journal, size_t index, bool *ret_failed) {
	struct proposal *p = run->proposals[index];
	if (p->seen != run->latest) {
		think_again(run, p);
		if (p->outcome == FIX_NOTHING) {
			return true;
		}
	}
	if (!run->options->check.json) {
		struct strbuf out;
		strbuf_init(&out, run->arena);
		fix_show(&out, run, p);
		(void)output_write(&out, STATUS_HEALTHY);
		(void)fflush(stdout);
	}
	if (p->outcome != FIX_PROPOSED) {
		return true;
	}
	if (!agrees(run)) {
		p->outcome = FIX_DECLINED;
		return true;
	}
	/* The files may have changed since: somebody took long to answer. */
	fix_resolve(run, p);
	if (p->outcome != FIX_PROPOSED) {
		say(run, "Not done: %s.\n", p->because);
		return true;
	}
	if (do_one(run, journal, p) < 0) {
		*ret_failed = true;
	}
	return fix_signal(run) == 0;
}

/* All works now: what it is like is kept, where `dialtone check` would keep it; like there, that it cannot be kept is no
 * news. */
static void keep_good(struct fix_run *run) {
	struct examination *e = run->latest;
	struct err ignored;
	bool done = false;
	for (size_t i = 0; i < run->count; i++) {
		done = done || run->proposals[i]->outcome == FIX_DONE;
	}
	if (done && !e->window && e->target.states_file) {
		(void)remember(run->arena, &e->target, &e->facts, &e->store, &e->diagnosis,
		               &ignored);
	}
}

int fix_do(struct fix_run *run) {
	struct err err;
	bool failed = false;
	if (run->count == 0) {
		return sum_up(run, false);
	}
	CLEANUP(turn_end) struct turn turn = turn_take(run->arena, &err);
	if (!turn.journal) {
		output_complain("%s", err.msg);
		return STATUS_NOT_FIXED;
	}
	bool goes_on = true;
	for (size_t i = 0; goes_on && i < run->count && i < ROUNDS_MAX; i++) {
		/* What one repair uncovers is proposed behind what is known. */
		goes_on = do_next(run, turn.journal, i, &failed);
		fix_propose(run);
	}
	/* And it may have made possible what was not, while another thing was wrong as well. */
	for (size_t i = 0; goes_on && i < run->count && i < ROUNDS_MAX; i++) {
		if (run->proposals[i]->outcome == FIX_REFUSED &&
		    run->proposals[i]->seen != run->latest) {
			goes_on = do_next(run, turn.journal, i, &failed);
		}
	}
	keep_good(run);
	return sum_up(run, failed);
}

/* ---- after a crash ---- */

static int resume_one(struct fix_run *run, struct journal *journal, struct repair *repair) {
	struct err err;
	struct steps steps;
	struct evidence_store store;
	struct envset own;
	bool forward = repair->state == REPAIR_WORKING;
	steps_init(&steps, run->arena, journal);
	evidence_store_init(&store, run->arena);
	envset_init(&own, run->arena);
	for (char **var = environ; *var; var++) {
		envset_add_block(&own, slice_of(*var, strlen(*var) + 1));
	}
	steps.env = &own;
	steps.disruptive = run->options->disruptive;
	steps.world = world_live_open(run->arena, &store, run->interrupt.fd, &err);
	int r = steps.world ? steps_resume(&steps, repair, &err) : err.code;
	world_close(steps.world);
	if (r < 0) {
		output_complain("%s", err.msg);
		conflict_show(&steps);
		return STATUS_NOT_FIXED;
	}
	say(run, "%s%s repair %lld (%s).\n", steps.notes.data,
	    forward ? "Finished" : "Finished taking back", (long long)repair->id, repair->why);
	return STATUS_HEALTHY;
}

static int resume(struct fix_run *run, struct journal *journal) {
	struct err err;
	struct repair repair = {0};
	int status = STATUS_HEALTHY;
	bool any = false;
	while (status == STATUS_HEALTHY &&
	       journal_find_interrupted(journal, run->arena, &repair, &err) == 0) {
		status = resume_one(run, journal, &repair);
		any = true;
	}
	if (!any) {
		say(run, "Nothing was interrupted.\n");
	}
	return status;
}

int fix_resume(struct fix_run *run) {
	struct err err;
	CLEANUP(journal_closep) struct journal *journal = journal_open(false, &err);
	if (!journal) {
		if (err.code == -ENOENT) {
			say(run, "Nothing was interrupted.\n");
			return STATUS_HEALTHY;
		}
		output_complain("%s", err.msg);
		return STATUS_UNKNOWN;
	}
	CLEANUP(fd_closep) int lock = lock_take(run->arena, LOCK_WAIT_NS, &err);
	if (lock < 0) {
		output_complain("%s", err.msg);
		return STATUS_NOT_FIXED;
	}
	return resume(run, journal);
}
