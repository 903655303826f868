/* SPDX-License-Identifier: MIT */
#include "core/complaint.h"

#include "base/str.h"

/* Walks over all texts; skip counts down to the one that is wanted. */
struct hunt {
	const struct facts *facts;
	const char *words;
	const struct complaint *after;
	bool passed; /* `after` was met */
	struct complaint found;
};

static const char *path_before(struct arena *arena, const char *text, const char *at) {
	const char *end = at;
	const char *begin = end;

	while (begin > text && !strchr(" \t\n\"'(", begin[-1])) {
		begin--;
	}
	return begin < end && *begin == '/' ? arena_strndup(arena, begin, (size_t)(end - begin))
	                                    : "";
}

static const char *line_around(struct arena *arena, const char *text, const char *at) {
	const char *begin = at;

	while (begin > text && begin[-1] != '\n') {
		begin--;
	}
	return arena_strndup(arena, begin, strcspn(begin, "\n"));
}

static void hunt_text(struct hunt *h, const struct fact *fact, const char *text) {
	const char *words = h->words;
	const char *needle =
		words[0] == ' ' ? words + 1 : arena_printf(h->facts->arena, ": %s", words);

	for (const char *at = strstr(text, needle); at && !h->found.fact;
	     at = strstr(at + 1, needle)) {
		struct complaint c = {.fact = fact,
		                      .path = path_before(h->facts->arena, text, at),
		                      .line = line_around(h->facts->arena, text, at)};
		if (h->after && !h->passed) {
			h->passed = fact == h->after->fact && streq(c.path, h->after->path);
			continue;
		}
		h->found = c;
	}
}

static void hunt_all(struct hunt *h) {
	facts_each (server, s, h->facts) {
		hunt_text(h, &s->base, s->err);
	}
	facts_each (message, m, h->facts) {
		hunt_text(h, &m->base, m->text);
	}
	facts_each (diagnostic, d, h->facts) {
		if (streq(d->severity, "error")) {
			hunt_text(h, &d->base, d->text);
		}
	}
	facts_each (go_run, run, h->facts) {
		hunt_text(h, &run->base, run->err);
		hunt_text(h, &run->base, run->out);
	}
	facts_each (health, health, h->facts) {
		hunt_text(h, &health->base, health->hurt);
	}
	facts_each (feature, f, h->facts) {
		if (!streq(f->state, "ok")) {
			hunt_text(h, &f->base, f->detail);
		}
	}
}

struct complaint complaint_next(const struct facts *facts, const char *words,
                                const struct complaint *after) {
	struct hunt h = {.facts = facts, .words = words, .after = after};

	hunt_all(&h);
	return h.found;
}

struct complaint complaint_find(const struct facts *facts, const char *words) {
	return complaint_next(facts, words, NULL);
}
