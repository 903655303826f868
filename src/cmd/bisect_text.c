/* SPDX-License-Identifier: MIT
 */
#include "base/clock.h"
#include "base/str.h"
#include "cmd/bisect.h"
#include "cmd/env_mask.h"
#include "report/harmless.h"

#define NAMED_MAX 4 /* elements of a trial that are named */
#define VALUE_MAX 200

const char *bisect_element_words(struct arena *arena, const struct element *e) {
	switch (e->kind) {
	case ELEMENT_PATH_ENTRY:
		return e->bad ? arena_printf(arena, "`%s` in PATH", *e->name ? e->name : ".")
		              : arena_printf(arena, "`%s` missing from PATH", e->name);
	case ELEMENT_LIMIT:
		return arena_printf(arena, "the limit `%s`", e->name);
	case ELEMENT_UMASK:
		return "the umask";
	case ELEMENT_CWD:
		return "the working directory";
	case ELEMENT_VARIABLE:
	case ELEMENT_SETTING:
		break;
	}
	return e->bad ? arena_printf(arena, "`%s`", e->name)
	              : arena_printf(arena, "`%s` missing", e->name);
}

const char *bisect_value(struct arena *arena, const struct element *e, const char *value) {
	bool secret;
	const char *name = strrchr(e->name, '.');

	if (!value) {
		return e->kind == ELEMENT_PATH_ENTRY ? "not in PATH" : "not set";
	}
	return e->kind == ELEMENT_VARIABLE || e->kind == ELEMENT_SETTING
	               ? env_mask(arena, name ? name + 1 : e->name, value, &secret)
	               : value;
}

/* ---- the answer ---- */

static void add_names(struct strbuf *out, const struct bisect *b, const struct subset *set) {
	size_t count = subset_count(set), n = 0;

	for (size_t i = 0; i < b->count; i++) {
		if (subset_has(set, i)) {
			n++;
			strbuf_add(out, n == 1 ? "" : n == count ? " and " : ", ");
			strbuf_add(out, bisect_element_words(b->arena, &b->elements[i]));
		}
	}
}

/* "A and B, each alone", or set by set. */
static void add_found(struct strbuf *out, const struct bisect *b, const struct subset *all) {
	if (subset_count(all) == b->found.set_count && b->found.set_count > 1) {
		add_names(out, b, all);
		strbuf_add(out, ", each alone");
		return;
	}
	for (size_t i = 0; i < b->found.set_count; i++) {
		const struct subset *set = &b->found.sets[i].set;

		strbuf_add(out, i > 0 ? ", and " : "");
		add_names(out, b, set);
		strbuf_add(out, subset_count(set) == 1 ? " alone" : " together");
	}
}

static const char *number(struct arena *arena, size_t n) {
	static const char *const words[] = {"no",  "one",   "two",   "three", "four", "five",
	                                    "six", "seven", "eight", "nine",  "ten"};
	return n < sizeof words / sizeof *words ? words[n] : arena_printf(arena, "%zu", n);
}

/* "all six features answer". */
static const char *well(struct arena *arena, const struct trial_outcome *trial) {
	size_t asked, answered = trial_answered(trial, &asked);

	if (answered == asked && streq(trial->state, "healthy")) {
		return arena_printf(arena, "all %s features answer", number(arena, asked));
	}
	return arena_printf(arena, "%s of %s features answer", number(arena, answered),
	                    number(arena, asked));
}

/* "it", "them", or, when something is missing, the difference itself. */
static const char *without(const struct bisect *b, const struct subset *all) {
	size_t count = subset_count(all), missing = 0;

	for (size_t i = 0; i < b->count; i++) {
		missing += subset_has(all, i) && !b->elements[i].bad;
	}
	if (missing == count) {
		return count == 1 ? "with it" : "with them";
	}
	return missing > 0  ? "without these differences"
	       : count == 1 ? "without it"
	                    : "without them";
}

static const char *answer_found(const struct bisect *b) {
	struct subset all = {0};
	struct strbuf out;
	const struct bisect_trial *cure = bisect_cure(b);

	strbuf_init(&out, b->arena);
	for (size_t i = 0; i < b->found.set_count; i++) {
		all = subset_plus(&all, &b->found.sets[i].set);
	}
	add_found(&out, b, &all);
	if (cure && cure->result == TRIAL_GOOD) {
		strbuf_printf(&out, "; %s %s.", without(b, &all), well(b->arena, &cure->outcome));
	} else if (cure && cure->result == TRIAL_BAD) {
		strbuf_printf(&out, "; %s it is still %s: %s.", without(b, &all),
		              cure->outcome.state, trial_hurt(b->arena, &cure->outcome));
	} else {
		strbuf_printf(&out, "; %s there was no trial that says anything.",
		              without(b, &all));
	}
	return out.data;
}

/* The ends of `settings --bisect` are the same server with and without them. */
static const char *answer_settings(const struct bisect *b) {
	if (b->end == BISECT_BOTH_WELL) {
		return arena_printf(b->arena, "These settings do no harm: %s.",
		                    well(b->arena, &b->trials[b->trial_count - 1].outcome));
	}
	return arena_printf(b->arena, "It is not these settings: without them it is %s, %s.",
	                    b->trials[0].outcome.state,
	                    trial_hurt(b->arena, &b->trials[0].outcome));
}

const char *bisect_answer(const struct bisect *b) {
	const struct trial_outcome *bad = b->trial_count > 1 ? &b->trials[1].outcome : NULL;

	if (streq(b->what, "settings") &&
	    (b->end == BISECT_BOTH_WELL || b->end == BISECT_GOOD_HURTS)) {
		return answer_settings(b);
	}
	switch (b->end) {
	case BISECT_FOUND:
		return answer_found(b);
	case BISECT_BOTH_WELL:
		if (!bad) {
			return arena_printf(b->arena,
			                    "Nothing differs between %s and %s, and the server "
			                    "answers.",
			                    b->good_name, b->bad_name);
		}
		return arena_printf(b->arena, "%s is not bad: %s there as with %s.", b->bad_name,
		                    well(b->arena, bad), b->good_name);
	case BISECT_GOOD_HURTS:
		return arena_printf(b->arena, "%s is not good: %s.", b->good_name,
		                    trial_hurt(b->arena, &b->trials[0].outcome));
	case BISECT_NO_TRIAL:
		return arena_printf(b->arena, "No trial: %s.", b->because);
	case BISECT_INTERRUPTED:
	case BISECT_STOPPED:
		break;
	}
	return b->found.set_count > 0
	               ? arena_printf(b->arena, "Not finished in time; so far: %s", answer_found(b))
	               : "Not finished in time: nothing is known yet.";
}

/* ---- below it ---- */

static void add_end(struct strbuf *out, const struct bisect *b, const char *word, const char *name,
                    const struct trial_outcome *o) {
	size_t asked, answered = trial_answered(o, &asked);

	if (o->end != TRIAL_SAID) {
		strbuf_printf(out, "  %-5s %s: %s\n", word, name, o->because);
		return;
	}
	strbuf_printf(out, "  %-5s %s: %s%s%s, %zu of %zu features, %.1f s\n", word, name, o->state,
	              *o->hurt ? ", " : "", trial_hurt(b->arena, o), answered, asked,
	              (double)o->ms / 1000.0);
}

static void add_element(struct strbuf *out, const struct bisect *b, const struct element *e,
                        bisect_origin origin, void *context) {
	const char *from = origin ? origin(context, e) : "";
	bool setting = e->kind == ELEMENT_SETTING;

	strbuf_printf(out, "  %s\n    %s%s%.*s%s%s%s\n", bisect_element_words(b->arena, e),
	              setting ? "" : b->bad_name, setting ? "" : ": ", VALUE_MAX,
	              bisect_value(b->arena, e, e->bad), str_empty(from) ? "" : " (", from,
	              str_empty(from) ? "" : ")");
	if (!setting) {
		strbuf_printf(out, "    %s: %.*s\n", b->good_name, VALUE_MAX,
		              bisect_value(b->arena, e, e->good));
	}
}

static void add_trial(struct strbuf *out, const struct bisect *b, size_t index) {
	static const char *const words[] = {"good", "bad", "unresolved"};
	const struct bisect_trial *t = &b->trials[index];
	size_t count = subset_count(&t->set), named = 0;

	strbuf_printf(out, "  trial %-3zu %-10s %4.1f s  %zu of %zu", index + 1, words[t->result],
	              (double)t->outcome.ms / 1000.0, count, b->count);
	for (size_t i = 0; i < b->count && named < NAMED_MAX; i++) {
		if (subset_has(&t->set, i)) {
			strbuf_printf(out, "%s%s", named++ == 0 ? ": " : ", ",
			              bisect_element_words(b->arena, &b->elements[i]));
		}
	}
	strbuf_printf(out, "%s%s%s\n", count > named ? " ..." : "",
	              t->result == TRIAL_GOOD ? "" : "; ",
	              t->result == TRIAL_GOOD ? "" : trial_hurt(b->arena, &t->outcome));
}

static void add_sets(struct strbuf *out, const struct bisect *b, bisect_origin origin,
                     void *context) {
	for (size_t k = 0; k < b->found.set_count; k++) {
		const struct search_set *set = &b->found.sets[k];
		const struct bisect_trial *alone = bisect_trial_of(b, &set->set);

		strbuf_add(out, "\n");
		for (size_t i = 0; i < b->count; i++) {
			if (subset_has(&set->set, i)) {
				add_element(out, b, &b->elements[i], origin, context);
			}
		}
		if (alone) {
			strbuf_printf(out, "    this and nothing else: %s, %s\n",
			              alone->outcome.state, trial_hurt(b->arena, &alone->outcome));
		}
		if (!set->minimal) {
			strbuf_add(out,
			           "    perhaps not all of it is needed: not every smaller part "
			           "could be tried\n");
		} else if (set->implied) {
			strbuf_add(
				out,
				"    not every smaller part was tried by itself: those that were "
				"not are in something that answered\n");
		}
	}
}

void bisect_text(struct strbuf *text, const struct bisect *b, bool utf8, bool verbose,
                 bisect_origin origin, void *context) {
	struct strbuf whole, *out = &whole;

	strbuf_init(out, b->arena);
	strbuf_printf(out, "%s\n", bisect_answer(b));
	add_sets(out, b, origin, context);
	strbuf_add(out, "\n");
	if (b->trial_count > 0) {
		add_end(out, b, "good", b->good_name, &b->trials[0].outcome);
	}
	if (b->trial_count > 1) {
		add_end(out, b, "bad", b->bad_name, &b->trials[1].outcome);
	}
	strbuf_printf(out, "  %zu %s%s, %zu trial%s, %.1f s; nothing was fetched, nothing stays\n",
	              b->count, streq(b->what, "settings") ? "key" : "difference",
	              b->count == 1 ? "" : "s", b->trial_count, b->trial_count == 1 ? "" : "s",
	              (double)b->timings.total_ns / (double)NS_PER_S);
	if (b->end == BISECT_GOOD_HURTS) {
		strbuf_add(out, "  What is wrong there is told by `dialtone check`.\n");
	}
	if (b->found.whimsical) {
		strbuf_add(out,
		           "  Something hurts that does no harm together with more of the same: "
		           "there may be other answers.\n");
	}
	if (b->remark) {
		strbuf_printf(out, "  %s\n", b->remark);
	}
	if (verbose) {
		strbuf_add(out, "\n");
	}
	for (size_t i = 0; verbose && i < b->trial_count; i++) {
		add_trial(out, b, i);
	}
	strbuf_add(text, harmless_lines(b->arena, mask_urls(b->arena, out->data), utf8));
}
