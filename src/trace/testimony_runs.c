/* SPDX-License-Identifier: MIT
 * What go said when the server asked it, as if it had been asked in a look at the machine.
 *
 *   run:go version, run:go env   what was asked so; for the first, when it was not asked and go never did anything else
 *                                than fail, its first failure
 *   run:go own version           go version, when no other toolchain answered in its place
 *   run:go list                  of the first list of packages that failed
 *   run:go list again            of the last that ended with a trace of Go's runtime
 *   run:go recorded N            each other that failed
 *   run:packages driver          the last of the program that was asked in go's place (GOPACKAGESDRIVER)
 */
#include "base/envset.h"
#include "base/path.h"
#include "core/run_record.h"
#include "trace/testimony_work.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <sys/wait.h>

#define RUNS_MAX     4096
#define RECORDED_MAX 16 /* of probes/go/go_recorded.c */

/* A go that the server started: the first program of its process and the last, which may be another
 * when the first was a script. */
struct go_run {
	const struct witness *first, *last;
};

struct go_runs {
	struct go_run items[RUNS_MAX];
	size_t count;
	bool any_worked;
	const struct witness *stuck; /* the first that had not ended when the server was stopped */
};

static bool ended_by_itself(const struct testimony *t, const struct witness *w) {
	bool late = t->server->stopped_ns > 0 && w->end_ns > t->server->stopped_ns;
	return w->ended && w->stopped_ns == 0 && !late;
}

static bool failed(const struct go_run *run) {
	return run->last->exec_error != 0 || run->last->status != 0;
}

/* The program its process ran in the end. */
static const struct witness *last_of(struct testimony *t, size_t at) {
	const struct witness *last = t->witnesses[at];
	for (size_t i = at + 1; i < t->witness_count; i++) {
		const struct witness *w = t->witnesses[i];
		last = w->parent == last && w->pid == last->pid ? w : last;
	}
	return last;
}

/* A go that could not be started at all. */
static void collect_attempts(struct testimony *t, struct go_runs *runs) {
	for (size_t i = 0; i < t->attempt_count && runs->count < RUNS_MAX; i++) {
		const struct witness *w = t->attempts[i];
		const struct witness *above = testimony_above(w);
		if (streq(path_base(w->exe), "go") && !w->parent->replaced && above &&
		    above->pid == t->server->pid) {
			runs->items[runs->count++] = (struct go_run){.first = w, .last = w};
		}
	}
}

static struct go_runs *collect(struct testimony *t) {
	struct go_runs *runs = arena_new_of(t->arena, struct go_runs);
	collect_attempts(t, runs);
	for (size_t i = 0; i < t->witness_count && runs->count < RUNS_MAX; i++) {
		if (!testimony_is_asked(t, t->witnesses[i])) {
			continue;
		}
		struct go_run run = {.first = t->witnesses[i], .last = last_of(t, i)};
		const struct witness *w = run.last;
		if (!ended_by_itself(t, w)) {
			runs->stuck = runs->stuck ? runs->stuck : t->witnesses[i];
			continue;
		}
		if (run.first->flows[1]->cut || run.first->flows[2]->cut) {
			continue;
		}
		runs->any_worked = runs->any_worked || !failed(&run);
		runs->items[runs->count++] = run;
	}
	return runs;
}

static const char *word(struct testimony *t, const struct go_run *run, size_t n) {
	return testimony_string(t, run->first->argv, n);
}

static void put(struct testimony *t, struct evidence_store *store, const char *label,
                const struct go_run *run) {
	const char *source = arena_printf(t->arena, "run:%s", label);
	const struct witness *w = run->last;
	if (w->exec_error != 0) {
		testimony_put_error(t, store, source, w->start_ns, w->exec_error);
		return;
	}
	const struct flow *out = run->first->flows[1];
	const struct flow *err = run->first->flows[2];
	struct run_record record = {
		.started = true,
		.exit_code = WIFEXITED(w->status) ? WEXITSTATUS(w->status) : -1,
		.signal = WIFSIGNALED(w->status) ? WTERMSIG(w->status) : 0,
		.ms = (w->end_ns - run->first->start_ns) / 1000000,
		.out = slice_of(out->bytes.data, out->bytes.len),
		.err = err == out ? slice_of("", 0) : slice_of(err->bytes.data, err->bytes.len),
	};
	testimony_put(t, store, source, run->first->start_ns, run_record_format(t->arena, &record));
}

/* Nothing that go was asked was ever answered. */
static void put_stuck(struct testimony *t, struct evidence_store *store, const struct witness *w) {
	struct run_record record = {.started = true,
	                            .timed_out = true,
	                            .exit_code = -1,
	                            .ms = (t->server->stopped_ns - w->start_ns) / 1000000};
	testimony_put(t, store, "run:go version", w->start_ns,
	              run_record_format(t->arena, &record));
}

/* What it asks is not about the workspace: any question would have failed so. */
static bool is_plain(struct testimony *t, const struct go_run *run) {
	struct slice argv = run->first->argv;
	return streq(word(t, run, 1), "env") ||
	       (streq(word(t, run, 1), "list") && slice_has(argv, "unsafe"));
}

static bool has_trace(const struct go_run *run) {
	struct slice err =
		slice_of(run->first->flows[2]->bytes.data, run->first->flows[2]->bytes.len);
	return slice_has(err, "panic: ") || slice_has(err, "fatal error: ") ||
	       slice_has(err, "[signal SIG");
}

/* The program that is named, or the one by the name that golang.org/x/tools/go/packages looks for on PATH. */
static bool is_driver(struct testimony *t, const struct witness *w) {
	struct envset env;
	envset_init(&env, t->arena);
	envset_add_block(&env, t->server->env);
	const char *named = envset_get(&env, "GOPACKAGESDRIVER");
	const char *name = str_empty(named) ? "gopackagesdriver" : path_base(named);
	const struct witness *above = testimony_above(w);
	return w->is_new && above && above->pid == t->server->pid && !streq(name, "off") &&
	       streq(path_base(w->exe), name);
}

/* A script that becomes another program answers as what it became. */
static void put_driver(struct testimony *t, struct evidence_store *store) {
	for (size_t i = t->witness_count; i > 0; i--) {
		const struct witness *w = t->witnesses[i - 1];
		if (!is_driver(t, w)) {
			continue;
		}
		struct go_run run = {.first = w, .last = last_of(t, i - 1)};
		if (ended_by_itself(t, run.last) && !w->flows[1]->cut && !w->flows[2]->cut) {
			put(t, store, "packages driver", &run);
			return;
		}
	}
}

void testimony_give_runs(struct testimony *t, struct evidence_store *store) {
	struct go_runs *runs = t->server ? collect(t) : NULL;
	size_t told = 0;
	if (t->server) {
		put_driver(t, store);
	}
	for (size_t i = 0; runs && i < runs->count; i++) {
		const struct go_run *run = &runs->items[i];
		const char *what = word(t, run, 1);
		if ((streq(what, "version") && str_empty(word(t, run, 2))) || streq(what, "env")) {
			put(t, store, arena_printf(t->arena, "go %s", what), run);
		}
		if (streq(what, "version") && run->first == run->last && !failed(run)) {
			put(t, store, "go own version", run);
		}
		if (!failed(run)) {
			continue;
		}
		if (!runs->any_worked && is_plain(t, run)) {
			put(t, store, "go version", run);
		}
		if (streq(what, "list") && !is_plain(t, run)) {
			put(t, store, "go list", run);
		}
		if (told < RECORDED_MAX && !streq(what, "env") && !streq(what, "version")) {
			put(t, store, arena_printf(t->arena, "go recorded %zu", ++told), run);
		}
	}
	if (runs && runs->stuck && !runs->any_worked && t->server->stopped_ns > 0) {
		put_stuck(t, store, runs->stuck);
	}
	for (size_t i = runs ? runs->count : 0; i > 0; i--) {
		const struct go_run *run = &runs->items[i - 1];
		if (streq(word(t, run, 1), "list") && failed(run) && has_trace(run)) {
			put(t, store, "go list again", run);
		}
	}
}
