/* SPDX-License-Identifier: MIT
 * The runner of tests/cases: facts in, diagnosis out, no machine needed. TAP on stdout.
 *
 *   run-cases DIR [FILTER]     DIR/<id>/<name>.d/{facts,expect}; FILTER: only paths that contain it
 *
 * facts:  a fact per line in its text form (core/facts.h), `refused KIND "because"`, '#' comments
 * expect: cause ID [SUBJECT] | symptom ID | note ID | cannot_tell ID | verdict WORD | silent
 * Every cause, symptom and note must be expected, and every expected one found. `silent` says that
 * there is none. cannot_tell and verdict are only compared when they are there. The first expected
 * cause must be the first found.
 * plan (may be missing): what `dialtone fix` must propose, a step per line as step_text (core/plan.h) writes it, in their
 * order and no others; `unable` instead when nothing can be done. It is about the first cause, or behind a line
 * `for ID [SUBJECT]` about that finding.
 */
#include "base/path.h"
#include "core/fix.h"
#include "core/infer.h"
#include "core/registry.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

struct case_run {
	struct arena *arena;
	const char *dir;
	struct strbuf failures; /* lines of "# …"; empty when all is well */
	struct facts facts;
	struct diagnosis diagnosis;
	bool *met[3]; /* which causes, symptoms, notes were expected */
	size_t causes_expected;
	size_t lines_expected;
	struct plan plan;      /* of the finding that the lines of `plan` are about */
	bool planned;          /* it was asked for */
	size_t steps_expected; /* of plan.steps */
};

static void fail(struct case_run *run, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

static void fail(struct case_run *run, const char *fmt, ...) {
	va_list ap;
	va_start(ap, fmt);
	strbuf_printf(&run->failures, "#   %s\n", arena_vprintf(run->arena, fmt, ap));
	va_end(ap);
}

/* Calls on_line for each line, without its newline. */
static void each_line(struct case_run *run, const char *name,
                      void (*on_line)(struct case_run *run, const char *line, const char *where)) {
	const char *path = path_join(run->arena, run->dir, name);
	FILE *f = fopen(path, "re");
	if (!f) {
		fail(run, "%s: %s", path, strerror(errno));
		return;
	}
	char *line = NULL;
	size_t size = 0;
	ssize_t n;
	for (int number = 1; (n = getline(&line, &size, f)) >= 0; number++) {
		const char *text =
			arena_slicedup(run->arena, slice_trim(slice_of(line, (size_t)n)));
		on_line(run, text, arena_printf(run->arena, "%s:%d", path, number));
	}
	free(line);
	fclose(f);
}

static void read_fact(struct case_run *run, const char *line, const char *where) {
	struct err err;
	if (facts_add_text(&run->facts, line, &err) < 0) {
		fail(run, "%s: %s", where, err.msg);
	}
}

static bool meet(const struct finding *const *findings, bool *met, const char *id,
                 const char *subject, bool only_first) {
	for (size_t i = 0; findings[i] && (i == 0 || !only_first); i++) {
		bool same = streq(findings[i]->rule->id, id) &&
		            (*subject == '\0' || streq(findings[i]->subject, subject));
		if (same && !met[i]) {
			met[i] = true;
			return true;
		}
	}
	return false;
}

static bool has_doubt(const struct diagnosis *d, const char *id) {
	for (size_t i = 0; i < d->doubt_count; i++) {
		if (streq(d->doubts[i].id, id)) {
			return true;
		}
	}
	return false;
}

/* The rest may hold blanks: a subject. */
static void compare_line(struct case_run *run, const char *line, const char *where) {
	struct slice rest = slice_str(line);
	struct slice word = {0};
	const struct diagnosis *d = &run->diagnosis;
	if (rest.len == 0 || line[0] == '#') {
		return;
	}
	run->lines_expected++;
	(void)slice_cut(&rest, ' ', &word);
	const char *what = arena_slicedup(run->arena, word);
	(void)slice_cut(&rest, ' ', &word);
	const char *id = arena_slicedup(run->arena, word);
	const char *subject = arena_slicedup(run->arena, slice_trim(rest));
	bool ok = true;
	if (streq(what, "cause")) {
		ok = meet(d->causes, run->met[0], id, subject, run->causes_expected++ == 0);
	} else if (streq(what, "symptom")) {
		ok = meet(d->symptoms, run->met[1], id, subject, false);
	} else if (streq(what, "note")) {
		ok = meet(d->notes, run->met[2], id, subject, false);
	} else if (streq(what, "cannot_tell")) {
		ok = has_doubt(d, id);
	} else if (streq(what, "verdict")) {
		ok = streq(verdict_name(d->verdict), id);
	} else if (!streq(what, "silent")) {
		fail(run, "%s: unknown expectation '%s'", where, what);
	}
	if (!ok) {
		fail(run, "%s: not so: %s", where, line);
	}
}

static void complain_unexpected(struct case_run *run, const char *what,
                                const struct finding *const *findings, const bool *met) {
	for (size_t i = 0; findings[i]; i++) {
		if (!met[i]) {
			fail(run, "found %s %s %s: %s", what, findings[i]->rule->id,
			     findings[i]->subject, findings[i]->title);
		}
	}
}

static const struct finding *finding_of(const struct diagnosis *d, const char *id,
                                        const char *subject) {
	const struct finding *const *const all[] = {d->causes, d->symptoms, d->notes};
	for (size_t k = 0; k < 3; k++) {
		for (size_t i = 0; all[k][i]; i++) {
			if (streq(all[k][i]->rule->id, id) &&
			    (*subject == '\0' || streq(all[k][i]->subject, subject))) {
				return all[k][i];
			}
		}
	}
	return NULL;
}

/* All steps of the plan before were expected? */
static void end_plan(struct case_run *run) {
	for (size_t i = run->steps_expected; run->planned && i < run->plan.step_count; i++) {
		fail(run, "%s/plan: proposed as well: %s", run->dir,
		     step_text(run->arena, &run->plan.steps[i]));
	}
}

static void begin_plan(struct case_run *run, const struct finding *finding, const char *where) {
	end_plan(run);
	run->steps_expected = 0;
	run->planned = finding && fix_plan(registry_fixes, &run->facts, finding, &run->plan);
	if (!run->planned) {
		fail(run, "%s: %s", where,
		     finding ? "its cause has no fix" : "there is no such finding");
		plan_init(&run->plan, run->arena, "", "");
		run->planned = true;
	}
}

static void compare_step(struct case_run *run, const char *line, const char *where) {
	if (*line == '\0' || *line == '#') {
		return;
	}
	if (str_starts(line, "for ")) {
		struct slice rest = slice_str(line + 4);
		struct slice id = {0};
		(void)slice_cut(&rest, ' ', &id);
		begin_plan(run,
		           finding_of(&run->diagnosis, arena_slicedup(run->arena, id),
		                      arena_slicedup(run->arena, slice_trim(rest))),
		           where);
		return;
	}
	if (!run->planned) {
		begin_plan(run, run->diagnosis.causes[0], where);
	}
	const struct plan *plan = &run->plan;
	if (streq(line, "unable")) {
		if (!plan->unable) {
			fail(run, "%s: something can be done", where);
		}
		return;
	}
	const char *got = run->steps_expected < plan->step_count
	                          ? step_text(run->arena, &plan->steps[run->steps_expected])
	                          : "nothing";
	run->steps_expected++;
	if (plan->unable) {
		fail(run, "%s: unable: %s", where, plan->unable);
	} else if (!streq(got, line)) {
		fail(run, "%s: proposed instead: %s", where, got);
	}
}

static bool run_case(struct arena *arena, const char *dir, struct strbuf *ret_failures) {
	struct case_run run = {.arena = arena, .dir = dir};
	strbuf_init(&run.failures, arena);
	facts_init(&run.facts, arena);
	each_line(&run, "facts", read_fact);
	run.diagnosis = infer(registry_rules, &run.facts);
	run.met[0] = arena_array_of(arena, bool, run.diagnosis.cause_count);
	run.met[1] = arena_array_of(arena, bool, run.diagnosis.symptom_count);
	run.met[2] = arena_array_of(arena, bool, run.diagnosis.note_count);
	each_line(&run, "expect", compare_line);
	complain_unexpected(&run, "cause", run.diagnosis.causes, run.met[0]);
	complain_unexpected(&run, "symptom", run.diagnosis.symptoms, run.met[1]);
	complain_unexpected(&run, "note", run.diagnosis.notes, run.met[2]);
	if (run.lines_expected == 0) {
		fail(&run, "%s/expect expects nothing; write `silent` if nothing is to be found",
		     dir);
	}
	if (access(path_join(arena, dir, "plan"), F_OK) == 0) {
		each_line(&run, "plan", compare_step);
		end_plan(&run);
	}
	*ret_failures = run.failures;
	return run.failures.len == 0;
}

static int by_name(const struct dirent **a, const struct dirent **b) {
	return strcmp((*a)->d_name, (*b)->d_name);
}

static int is_visible(const struct dirent *entry) {
	return entry->d_name[0] != '.';
}

struct tally {
	const char *filter; /* "" for all */
	int count;
	int failed;
};

static void run_cases_below(struct arena *arena, const char *dir, int depth, struct tally *tally) {
	struct dirent **entries = NULL;
	int n = scandir(dir, &entries, is_visible, by_name);
	for (int i = 0; i < n; i++) {
		const char *path = path_join(arena, dir, entries[i]->d_name);
		free(entries[i]);
		if (depth == 0) {
			run_cases_below(arena, path, 1, tally);
		} else if (str_ends(path, ".d") &&
		           (!*tally->filter || str_has(path, tally->filter))) {
			struct strbuf failures;
			bool ok = run_case(arena, path, &failures);
			tally->failed += !ok;
			printf("%s %d - %s\n%s", ok ? "ok" : "not ok", ++tally->count, path,
			       failures.data);
		}
	}
	free(entries);
}

int main(int argc, char **argv) {
	if (argc < 2 || argc > 3) {
		fprintf(stderr, "usage: run-cases DIR [FILTER]\n");
		return 2;
	}
	struct arena *arena = arena_new();
	struct tally tally = {.filter = argc > 2 ? argv[2] : ""};
	run_cases_below(arena, argv[1], 0, &tally);
	printf("1..%d\n", tally.count);
	arena_free(arena);
	if (tally.count == 0) {
		fprintf(stderr, "run-cases: no case in %s\n", argv[1]);
		return 2;
	}
	return tally.failed > 0;
}
