/* SPDX-License-Identifier: MIT
 * Where two starts part. Starts differ a little every time, so what is compared is what has a name: a
 * phase that takes much longer or never ends, a process that only one has, an episode that only one has.
 */
#include "base/clock.h"
#include "base/str.h"
#include "trace/timeline.h"

#include <stdlib.h>
#include <sys/wait.h>

#define MUCH_LONGER 3
#define WORTH_NS    (200 * NS_PER_MS)

static const struct phase *phase_of(const struct timeline *line, enum phase_kind kind) {
	for (size_t i = 0; i < line->phase_count; i++) {
		if (line->phases[i].kind == kind) {
			return &line->phases[i];
		}
	}
	return NULL;
}

static double seconds(int64_t ns) {
	return (double)ns / (double)NS_PER_S;
}

struct finding_at {
	int64_t at_ns;
	const char *what;
};

static void take(struct finding_at *first, int64_t at_ns, const char *what) {
	if (!first->what || at_ns < first->at_ns) {
		*first = (struct finding_at){.at_ns = at_ns, .what = what};
	}
}

static void compare_phase(struct arena *arena, const struct phase *a, const struct phase *b,
                          const char *name, struct finding_at *first) {
	int64_t in_a = a->end_ns - a->start_ns;
	int64_t in_b = b->end_ns - b->start_ns;
	if (a->is_open != b->is_open && a->kind != PHASE_WORK) {
		take(first, b->start_ns,
		     b->is_open
		             ? arena_printf(
				       arena,
				       "the phase %s took %.2f s in the first and did not end in "
				       "the second (%.2f s)",
				       name, seconds(in_a), seconds(in_b))
		             : arena_printf(
				       arena,
				       "the phase %s did not end in the first (%.2f s) and took "
				       "%.2f s in the second",
				       name, seconds(in_a), seconds(in_b)));
		return;
	}
	int64_t more = in_a > in_b ? in_a : in_b;
	int64_t less = in_a > in_b ? in_b : in_a;
	bool is_wait = a->kind == PHASE_WAITING || a->kind == PHASE_WORK;
	if (!is_wait && more - less > WORTH_NS && more > MUCH_LONGER * less) {
		take(first, b->start_ns,
		     arena_printf(arena,
		                  "the phase %s took %.2f s in the first and %.2f s in the second",
		                  name, seconds(in_a), seconds(in_b)));
	}
}

static void compare_phases(struct arena *arena, const struct timeline *a, const struct timeline *b,
                           struct finding_at *first) {
	for (enum phase_kind kind = 0; kind < PHASE_COUNT; kind++) {
		const struct phase *x = phase_of(a, kind);
		const struct phase *y = phase_of(b, kind);
		if (x && y) {
			compare_phase(arena, x, y, phase_name(kind), first);
		} else if (x && kind != PHASE_COMMANDS && kind != PHASE_SPAWN) {
			take(first, b->end_ns,
			     arena_printf(arena,
			                  "the first came to the phase %s, the second never did",
			                  phase_name(kind)));
		}
	}
}

/* The same command line, and for the same turn of it. */
static const struct timeline_process *same_process(const struct timeline *line,
                                                   const struct timeline_process *p, size_t turn) {
	for (size_t i = 0; i < line->process_count; i++) {
		const struct timeline_process *q = &line->processes[i];
		if (streq(q->program, p->program) && streq(q->words, p->words) && turn-- == 0) {
			return q;
		}
	}
	return NULL;
}

static size_t turn_of(const struct timeline *line, size_t at) {
	size_t turn = 0;
	for (size_t i = 0; i < at; i++) {
		turn += streq(line->processes[i].program, line->processes[at].program) &&
		        streq(line->processes[i].words, line->processes[at].words);
	}
	return turn;
}

static const char *end_words(struct arena *arena, const struct timeline_process *p) {
	if (!p->ended) {
		return "still ran at the end";
	}
	return WIFSIGNALED(p->status)
	               ? arena_printf(arena, "was ended by signal %d", WTERMSIG(p->status))
	               : arena_printf(arena, "ended with status %d", WEXITSTATUS(p->status));
}

/* Only commands directly below the server: what those start depends on what is cached. */
static void compare_processes(struct arena *arena, const struct timeline *a,
                              const struct timeline *b, struct finding_at *first) {
	for (size_t i = 0; i < b->process_count; i++) {
		const struct timeline_process *q = &b->processes[i];
		if (q->depth > 1) {
			continue;
		}
		const struct timeline_process *p = same_process(a, q, turn_of(b, i));
		if (p && (p->ended != q->ended || p->status != q->status) && !q->is_server) {
			take(first, q->ended ? q->end_ns : q->start_ns,
			     arena_printf(arena, "%s %s %s in the first and %s in the second",
			                  q->program, q->words, end_words(arena, p),
			                  end_words(arena, q)));
		}
	}
}

static bool has_episode(const struct timeline *line, const struct episode *e) {
	struct episodes copy = {.items = (struct episode[]){*e}, .count = 1};
	copy.items[0].is_noise = false;
	episodes_compare(&copy, &line->episodes);
	return copy.items[0].is_noise;
}

static void compare_episodes(struct arena *arena, const struct timeline *a,
                             const struct timeline *b, struct finding_at *first) {
	for (size_t i = 0; i < b->episodes.count; i++) {
		const struct episode *e = &b->episodes.items[i];
		if (e->kind != EPISODE_SLEEP && !has_episode(a, e)) {
			take(first, e->start_ns,
			     arena_printf(arena, "only in the second: %s",
			                  episode_sentence(arena, e)));
		}
	}
}

struct divergence timeline_compare(struct arena *arena, const struct timeline *a,
                                   const struct timeline *b) {
	struct finding_at first = {0};
	/* An episode or a process tells more than the phase that grew by it. */
	compare_episodes(arena, a, b, &first);
	compare_processes(arena, a, b, &first);
	if (!first.what) {
		compare_phases(arena, a, b, &first);
	}
	return (struct divergence){.found = first.what != NULL,
	                           .what = first.what,
	                           .at_ns = first.what ? first.at_ns - b->start_ns : 0};
}
