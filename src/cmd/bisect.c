/* SPDX-License-Identifier: MIT
 */
#include "cmd/bisect.h"

#include "base/clock.h"
#include "base/str.h"
#include "cmd/interrupt.h"

#include <sched.h>

/* The ends: a server that works answers within a second; one with cold caches is asked again. */
#define END_LIMIT_NS       (5 * NS_PER_S)
#define COLD_LIMIT_NS      (30 * NS_PER_S)
#define TRIAL_LIMIT_MIN_NS (2500 * NS_PER_MS)
#define TRIAL_LIMIT_MAX_NS (15 * NS_PER_S)
#define SHORTEST_NS        (300 * NS_PER_MS)
#define SLOW_MS            700 /* with ends that take as long, time is dearer than trials */
#define TRIALS_MEANT                                                                               \
	25 /* with both ends; near that many, what follows from others is not tried any more */
#define LEAST_NS (1500 * NS_PER_MS) /* left of the time, or no trial is begun */

struct work {
	struct bisect *bisect;
	int64_t limit_ns;
};

static size_t processors(void) {
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;

	return n < 1 ? 1 : n > SEARCH_WIDTH_MAX ? SEARCH_WIDTH_MAX : (size_t)n;
}

static int64_t time_left(const struct bisect *b) {
	return b->deadline_ns - clock_now_ns();
}

/* ---- trials ---- */

static struct bisect_trial *note(struct bisect *b, const struct subset *set) {
	if (b->trial_count == b->trial_size) {
		size_t size = b->trial_size > 0 ? 2 * b->trial_size : 64;
		struct bisect_trial *grown = arena_array_of(b->arena, struct bisect_trial, size);

		if (b->trial_count > 0) {
			memcpy(grown, b->trials, b->trial_count * sizeof *grown);
		}
		b->trials = grown;
		b->trial_size = size;
	}
	b->trials[b->trial_count] = (struct bisect_trial){.set = *set};
	return &b->trials[b->trial_count++];
}

static int64_t limited(const struct bisect *b, int64_t limit_ns) {
	int64_t left_ns = time_left(b) - LEAST_NS;

	left_ns = left_ns < limit_ns ? left_ns : limit_ns;
	return left_ns < SHORTEST_NS ? SHORTEST_NS : left_ns;
}

static void try_sets(struct bisect *b, const struct subset *sets, size_t count, int64_t limit_ns,
                     struct trial_outcome *ret) {
	struct trial_wish wishes[REHEARSALS_MAX];

	if (b->progress) {
		progress_begin(b->progress,
		               arena_printf(b->arena, "trial %zu", b->trial_count + 1));
	}
	for (size_t i = 0; i < count; i++) {
		wishes[i] = (struct trial_wish){.limit_ns = limited(b, limit_ns)};
		b->give(b->context, &sets[i], &wishes[i]);
	}
	trials_run(b->arena, &b->subject, wishes, count, ret);
	if (b->progress) {
		progress_end(b->progress);
	}
}

/* Bad or merely slow? The bad end was not late, so it is asked again, alone and for longer. */
static enum trial weigh(struct work *w, const struct subset *set, struct trial_outcome *outcome) {
	struct bisect *b = w->bisect;
	const struct trial_outcome *good = &b->trials[0].outcome;
	enum trial result = trial_judge(good, outcome);

	if (result == TRIAL_GOOD || !outcome->late || b->trials[1].outcome.late ||
	    time_left(b) < w->limit_ns) {
		return result;
	}
	try_sets(b, set, 1, 2 * w->limit_ns, outcome);
	result = trial_judge(good, outcome);
	return result == TRIAL_BAD && outcome->late ? TRIAL_UNRESOLVED : result;
}

static bool run_trials(void *context, const struct subset *sets, size_t count, enum trial *ret) {
	struct work *w = context;
	struct bisect *b = w->bisect;
	struct trial_outcome outcomes[SEARCH_WIDTH_MAX];

	if (time_left(b) < 2 * LEAST_NS || interrupt_came(b->subject.interrupt_fd)) {
		return false;
	}
	try_sets(b, sets, count, w->limit_ns, outcomes);
	for (size_t i = 0; i < count; i++) {
		if (outcomes[i].end == TRIAL_INTERRUPTED) {
			return false;
		}
		ret[i] = weigh(w, &sets[i], &outcomes[i]);
		struct bisect_trial *trial = note(b, &sets[i]);
		trial->outcome = outcomes[i];
		trial->result = ret[i];
	}
	return true;
}

/* ---- the ends ---- */

/* A few times what the good end took. */
static int64_t trial_limit(const struct trial_outcome *good) {
	int64_t limit_ns = 3 * good->ms * NS_PER_MS + NS_PER_S;

	return limit_ns < TRIAL_LIMIT_MIN_NS   ? TRIAL_LIMIT_MIN_NS
	       : limit_ns > TRIAL_LIMIT_MAX_NS ? TRIAL_LIMIT_MAX_NS
	                                       : limit_ns;
}

/* Both side by side; one that was late gets more time by itself. */
static void ask_ends(struct bisect *b, const struct subset ends[2], size_t count,
                     struct trial_outcome outcomes[2]) {
	try_sets(b, ends, count, END_LIMIT_NS, outcomes);
	if (outcomes[0].late) {
		try_sets(b, ends, 1, COLD_LIMIT_NS, outcomes);
	}
	if (count == 2 && outcomes[1].late &&
	    (trial_limit(&outcomes[0]) > END_LIMIT_NS || outcomes[1].end != TRIAL_SAID)) {
		try_sets(b, &ends[1], 1, trial_limit(&outcomes[0]), &outcomes[1]);
	}
}

/* Tries both. True when one is well and the other is not. */
static bool try_ends(struct bisect *b) {
	const struct subset ends[] = {{{0}}, subset_first(b->count)};
	size_t count = b->count > 0 ? 2 : 1;
	struct trial_outcome outcomes[2];

	ask_ends(b, ends, count, outcomes);
	for (size_t i = 0; i < count; i++) {
		bool well = STR_IN(outcomes[i].state, "healthy", "degraded");
		bool said = outcomes[i].end == TRIAL_SAID && !streq(outcomes[i].state, "unknown");
		struct bisect_trial *trial = note(b, &ends[i]);

		trial->outcome = outcomes[i];
		trial->result = !said ? TRIAL_UNRESOLVED : well ? TRIAL_GOOD : TRIAL_BAD;
	}
	for (size_t i = 0; i < count; i++) {
		if (outcomes[i].end == TRIAL_INTERRUPTED) {
			b->end = BISECT_INTERRUPTED;
			return false;
		}
		if (outcomes[i].end != TRIAL_SAID || streq(outcomes[i].state, "unknown")) {
			b->end = BISECT_NO_TRIAL;
			bool said = outcomes[i].end == TRIAL_SAID;
			b->because = arena_printf(b->arena, "%s: %s%s",
			                          i == 0 ? b->good_name : b->bad_name,
			                          said ? outcomes[i].hurt : outcomes[i].because,
			                          said && !b->subject.options->trust
			                                  ? "; with --trust it would be run"
			                                  : "");
			return false;
		}
	}
	if (!STR_IN(outcomes[0].state, "healthy", "degraded")) {
		b->end = BISECT_GOOD_HURTS;
		b->because = outcomes[0].hurt;
		return false;
	}
	b->end = BISECT_BOTH_WELL;
	if (count == 2) {
		b->trials[1].result = trial_judge(&outcomes[0], &outcomes[1]);
	}
	return count == 2 && b->trials[1].result == TRIAL_BAD;
}

static bool is_slow(const struct bisect *b) {
	return b->trials[0].outcome.ms > SLOW_MS || b->trials[1].outcome.ms > SLOW_MS;
}

void bisect_run(struct bisect *b) {
	struct work w = {.bisect = b};

	b->because = "";
	if (try_ends(b)) {
		unsigned *weights = arena_array_of(b->arena, unsigned, b->count);

		for (size_t i = 0; i < b->count; i++) {
			weights[i] = b->elements[i].weight > 0 ? b->elements[i].weight : 1;
		}
		w.limit_ns = trial_limit(&b->trials[0].outcome);
		search(&(struct search_spec){.arena = b->arena,
		                             .count = b->count,
		                             .weights = weights,
		                             .width = processors(),
		                             .cuts = is_slow(b) ? processors() : 1,
		                             .dear = TRIALS_MEANT - b->trial_count,
		                             .run = run_trials,
		                             .context = &w},
		       &b->found);
		b->end = b->found.stopped ? BISECT_STOPPED : BISECT_FOUND;
	}
	b->timings = report_timings_since(b->start_ns);
}

const struct bisect_trial *bisect_trial_of(const struct bisect *b, const struct subset *set) {
	for (size_t i = 0; i < b->trial_count; i++) {
		if (subset_equal(&b->trials[i].set, set)) {
			return &b->trials[i];
		}
	}
	return NULL;
}

const struct bisect_trial *bisect_cure(const struct bisect *b) {
	struct subset rest = subset_first(b->count);

	for (size_t i = 0; i < b->found.set_count; i++) {
		rest = subset_minus(&rest, &b->found.sets[i].set);
	}
	return b->found.set_count > 0 ? bisect_trial_of(b, &rest) : NULL;
}

int bisect_status(const struct bisect *b) {
	switch (b->end) {
	case BISECT_FOUND:
		return STATUS_FOUND;
	case BISECT_BOTH_WELL:
		return STATUS_HEALTHY;
	default:
		return STATUS_UNKNOWN;
	}
}
