/* SPDX-License-Identifier: MIT */
#include "cmd/fail_on.h"

#include "base/str.h"
#include "cmd/options.h"

#include <errno.h>

static const char *const levels[] = {"never", "broken", "degraded", "note", NULL};

static bool is_level(struct slice word) {
	for (size_t i = 0; levels[i]; i++) {
		if (slice_eq(word, levels[i])) {
			return true;
		}
	}
	return false;
}

/* A level or an id that was perhaps meant. */
static const char *nearest(struct arena *arena, const char *word, const struct rule *const *rules) {
	const char *near = options_nearest(word, levels);
	return near ? near : options_nearest(word, rule_ids(arena, rules));
}

static int validate_word(struct arena *arena, struct slice word, const struct rule *const *rules,
                         struct err *err) {
	const char *text = arena_slicedup(arena, word);
	if (is_level(word) || rule_find(rules, text)) {
		return 0;
	}
	const char *near = nearest(arena, text, rules);
	return err_set(err, -EINVAL,
	               "option '--fail-on': expected never, broken, degraded, note or the id of a "
	               "cause, got '%s'; %s%s%s",
	               text, near ? "did you mean '" : "",
	               near ? near : "`dialtone explain` lists the causes", near ? "'?" : "");
}

/* "a,b" and so on; an empty word counts, also behind the last comma. */
static int validate_words(struct arena *arena, const char *text, const struct rule *const *rules,
                          size_t *count, bool *never, struct err *err) {
	for (const char *p = text; p; (*count)++) {
		const char *comma = strchrnul(p, ',');
		struct slice word = slice_of(p, (size_t)(comma - p));
		int r = validate_word(arena, word, rules, err);
		if (r < 0) {
			return r;
		}
		*never = *never || slice_eq(word, "never");
		p = *comma ? comma + 1 : NULL;
	}
	return 0;
}

int fail_on_validate(struct arena *arena, const struct option_list *words,
                     const struct rule *const *rules, struct err *err) {
	size_t count = 0;
	bool never = false;
	int r = 0;
	for (size_t i = 0; r == 0 && i < words->count; i++) {
		r = validate_words(arena, words->items[i], rules, &count, &never, err);
	}
	if (r == 0 && never && count > 1) {
		r = err_set(err, -EINVAL, "option '--fail-on': 'never' goes with nothing else");
	}
	return r;
}

static bool is_found(const struct diagnosis *d, struct slice id) {
	const struct finding *const *const all[] = {d->causes, d->symptoms, d->notes};
	for (size_t k = 0; k < sizeof(all) / sizeof(*all); k++) {
		for (size_t i = 0; all[k][i]; i++) {
			if (slice_eq(id, all[k][i]->rule->id)) {
				return true;
			}
		}
	}
	return false;
}

static bool is_doubtful(const struct diagnosis *d, struct slice id) {
	for (size_t i = 0; i < d->doubt_count; i++) {
		if (slice_eq(id, d->doubts[i].id)) {
			return true;
		}
	}
	return false;
}

/* Whoever asks for less than was asked here has it, too: a broken set-up is worse than a degraded one. */
static int status_of_word(const struct diagnosis *d, struct slice word) {
	bool broken = d->verdict == VERDICT_BROKEN;
	bool degraded = broken || d->verdict == VERDICT_DEGRADED;
	if (slice_eq(word, "never")) {
		return STATUS_HEALTHY;
	}
	if (is_level(word)) {
		bool found = slice_eq(word, "broken")     ? broken
		             : slice_eq(word, "degraded") ? degraded
		                                          : degraded || d->note_count > 0;
		return found                           ? STATUS_FOUND
		       : d->verdict == VERDICT_UNKNOWN ? STATUS_UNKNOWN
		                                       : STATUS_HEALTHY;
	}
	bool unsure = d->verdict == VERDICT_UNKNOWN || is_doubtful(d, word);
	return is_found(d, word) ? STATUS_FOUND : unsure ? STATUS_UNKNOWN : STATUS_HEALTHY;
}

int fail_on_status(const struct option_list *words, const struct diagnosis *d, int otherwise) {
	int status = words->count == 0 ? otherwise : STATUS_HEALTHY;
	for (size_t i = 0; i < words->count; i++) {
		struct slice rest = slice_str(words->items[i]);
		struct slice word;
		while (slice_cut(&rest, ',', &word)) {
			int s = status_of_word(d, word);
			if (s == STATUS_FOUND) {
				return s;
			}
			status = s == STATUS_UNKNOWN ? s : status;
		}
	}
	return status;
}
