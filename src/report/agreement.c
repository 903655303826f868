/* SPDX-License-Identifier: MIT */
#include "report/agreement.h"

#include "core/rule.h"
#include "report/json_writer.h"

#define CALLS      "calls:" /* trace/testimony.h */
#define LINES_MAX  3
#define PLACES_MAX (2 * (FINDING_CITES_MAX + 1))
#define LINE_BYTES ((size_t)400)

/* ---- what was called, for a finding ---- */

struct places {
	const char *items[PLACES_MAX];
	size_t count;
};

static void add_place(struct places *p, const char *place) {
	for (size_t i = 0; i < p->count; i++) {
		if (streq(p->items[i], place)) {
			return;
		}
	}
	if (p->count < PLACES_MAX) {
		p->items[p->count++] = place;
	}
}

/* Where the evidence of a finding was looked for: paths, runs, the conversation. */
static void add_places(struct places *p, const struct finding *f) {
	if (!f) {
		return;
	}
	if (f->subject[0] == '/') {
		add_place(p, f->subject);
	}
	for (size_t i = 0; i < f->cite_count; i++) {
		const char *source = f->cites[i]->ev ? f->cites[i]->ev->source : "";
		const char *colon = strchr(source, ':');
		bool names = str_starts(source, "run:go ") || str_starts(source, "session:");
		if (names) {
			add_place(p, source);
		} else if (colon && colon[1] == '/') {
			add_place(p, colon + 1);
		}
	}
}

/* The place itself, for a run the same command with whatever follows it, or something below the path. */
static bool is_at(const char *about, const char *place) {
	size_t len = strlen(place);
	bool runs = str_starts(about, "run:");
	return streq(about, place) ||
	       (runs && str_starts(place, about) && place[strlen(about)] == ' ') ||
	       (!runs && str_starts(about, place) && about[len] == '/');
}

static const char *const *lines_about(struct arena *arena, const struct evidence_store *calls,
                                      const struct finding *seen, const struct finding *called) {
	struct places places = {0};
	const char **lines = arena_array_of(arena, const char *, LINES_MAX + 1);
	size_t count = 0;
	add_places(&places, called);
	add_places(&places, seen);
	for (size_t i = 0; i < places.count; i++) {
		const struct evidence *ev =
			evidence_find(calls, arena_printf(arena, CALLS "%s", places.items[i]));
		if (ev && count < LINES_MAX) {
			lines[count++] = arena_slicedup(arena, ev->bytes);
		}
	}
	for (size_t i = 0; i < calls->count && count == 0; i++) {
		const struct evidence *ev = calls->items[i];
		for (size_t k = 0; str_starts(ev->source, CALLS) && k < places.count; k++) {
			if (count == 0 && is_at(ev->source + strlen(CALLS), places.items[k])) {
				lines[count++] = arena_slicedup(arena, ev->bytes);
			}
		}
	}
	return lines;
}

/* ---- who found what ---- */

static const struct finding *same_in(const struct finding *const *findings,
                                     const struct finding *f) {
	const struct finding *same = NULL;
	for (size_t i = 0; findings[i]; i++) {
		if (findings[i]->rule == f->rule &&
		    (!same || streq(findings[i]->subject, f->subject))) {
			same = findings[i];
		}
	}
	return same;
}

static const struct finding *found_in(const struct diagnosis *d, const struct finding *f) {
	const struct finding *same = same_in(d->causes, f);
	same = same ? same : same_in(d->symptoms, f);
	return same ? same : same_in(d->notes, f);
}

static void compare(struct arena *arena, struct agreement *a, const struct diagnosis *state,
                    const struct diagnosis *calls, const struct evidence_store *store) {
	a->causes = arena_array_of(arena, struct agreement_cause,
	                           state->cause_count + calls->cause_count + 1);
	for (size_t i = 0; i < state->cause_count; i++) {
		const struct finding *f = state->causes[i], *called = found_in(calls, f);
		a->causes[a->count++] =
			(struct agreement_cause){f, called, lines_about(arena, store, f, called)};
	}
	for (size_t i = 0; i < calls->cause_count; i++) {
		const struct finding *f = calls->causes[i];
		if (!found_in(state, f)) {
			a->causes[a->count++] = (struct agreement_cause){
				NULL, f, lines_about(arena, store, NULL, f)};
		}
	}
}

/* The first that only the calls show, or NULL. */
static const struct finding *first_of_calls(const struct agreement *a) {
	for (size_t i = 0; i < a->count; i++) {
		if (!a->causes[i].seen) {
			return a->causes[i].called;
		}
	}
	return NULL;
}

static void judge(struct arena *arena, struct agreement *a, const struct diagnosis *state) {
	const struct finding *other = first_of_calls(a);
	if (state->cause_count > 0 && a->causes[0].called) {
		a->word = AGREEMENT_AGREE;
		a->sentence =
			other ? arena_printf(arena,
		                             "the system calls show the same, and besides %s: "
		                             "%s",
		                             other->rule->id, other->title)
			      : "the system calls show the same";
	} else if (a->trace.lost > 0 && (other || a->verdict != state->verdict)) {
		a->word = AGREEMENT_SILENT;
		a->sentence = "so many system calls were missed that the others prove nothing";
	} else if (other) {
		a->word = AGREEMENT_DIFFER;
		a->sentence = arena_printf(arena, "the system calls show something else, %s: %s",
		                           other->rule->id, other->title);
	} else if (state->cause_count > 0) {
		a->word = AGREEMENT_SILENT;
		a->sentence = "the system calls neither show this nor contradict it: nobody asked "
			      "the kernel for what would show it";
	} else if (a->verdict == state->verdict) {
		a->word = AGREEMENT_AGREE;
		a->sentence = state->verdict == VERDICT_HEALTHY
		                      ? "the system calls show nothing wrong either"
		                      : "the system calls show no cause either";
	} else {
		a->word = AGREEMENT_SILENT;
		a->sentence = arena_printf(arena,
		                           "by the system calls alone it would be %s, with "
		                           "no cause",
		                           verdict_name(a->verdict));
	}
}

const struct agreement *agreement_make(struct arena *arena, const struct diagnosis *by_state,
                                       const struct diagnosis *by_calls,
                                       const struct evidence_store *calls,
                                       const struct agreement_trace *trace) {
	struct agreement *a = arena_new_of(arena, struct agreement);
	a->trace = *trace;
	a->verdict = VERDICT_UNKNOWN;
	if (trace->because) {
		a->word = AGREEMENT_NONE;
		a->sentence = trace->because;
		return a;
	}
	a->verdict = by_calls->verdict;
	compare(arena, a, by_state, by_calls, calls);
	judge(arena, a, by_state);
	return a;
}

/* ---- for programs ---- */

void agreement_json(struct json *j, const struct agreement *a) {
	static const char *const words[] = {"agree", "silent", "differ", NULL};
	json_newline(j, 1);
	json_open_member(j, "trace", '{');
	json_put(j, "agreement", words[a->word]);
	json_put(j, "sentence", a->sentence);
	json_put(j, "backend", a->trace.backend);
	json_put_number(j, "events", (int64_t)a->trace.events);
	json_put_number(j, "lost", (int64_t)a->trace.lost);
	json_put(j, "file", a->trace.file);
	json_put(j, "verdict", a->word == AGREEMENT_NONE ? NULL : verdict_name(a->verdict));
	json_open_member(j, "causes", '[');
	for (size_t i = 0; i < a->count; i++) {
		const struct agreement_cause *c = &a->causes[i];
		const struct finding *f = c->seen ? c->seen : c->called;
		json_newline(j, 2);
		json_open(j, '{');
		json_put(j, "id", f->rule->id);
		json_put(j, "subject", f->subject);
		json_put(j, "title", f->title);
		json_put(j, "confidence", confidence_name(f->confidence));
		json_put(j, "seen_by", c->seen && c->called ? "both" : c->seen ? "state" : "calls");
		json_put_names(j, "calls", c->calls);
		json_close(j, '}');
	}
	json_close(j, ']');
	json_close(j, '}');
}
