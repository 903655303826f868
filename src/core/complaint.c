/* SPDX-License-Identifier: MIT */
#include "core/complaint.h"

#include "base/str.h"

/* Walks over all texts, past the place that is known. */
struct hunt {
	const struct facts *facts;
	const char *needle;
	const struct complaint *after; /* NULL once its text was met */
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
	const char *from = text;

	if (h->found.fact || (h->after && h->after->text != text)) {
		return;
	}
	if (h->after) {
		from = h->after->at + 1;
		h->after = NULL;
	}
	const char *at = strstr(from, h->needle);

	if (at) {
		h->found = (struct complaint){.fact = fact,
		                              .path = path_before(h->facts->arena, text, at),
		                              .line = line_around(h->facts->arena, text, at),
		                              .text = text,
		                              .at = at};
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
	struct hunt h = {
		.facts = facts,
		.needle = words[0] == ' ' ? words + 1 : arena_printf(facts->arena, ": %s", words),
		.after = after,
	};

	hunt_all(&h);
	return h.found;
}

struct complaint complaint_find(const struct facts *facts, const char *words) {
	return complaint_next(facts, words, NULL);
}
