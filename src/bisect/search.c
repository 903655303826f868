/* SPDX-License-Identifier: MIT
 */
#include "bisect/search.h"

#include "bisect/guess.h"

#include <limits.h>

#define UNRESOLVED_MAX 6 /* beginnings that say nothing, before a stretch is taken as a whole */
#define SMALL_SET      4 /* of so few each one is left out by itself */
#define SURPRISE                                                                                   \
	4 /* what was found says how much weights are worth: none counts for more than so many times its own */
#define GUILTY_MAX 3 /* that are reckoned with; more are found as well, with more trials */

/* How probable it is that so many are guilty: ones that only hurt together, or of which each hurts alone. */
struct suspicion {
	double together[GUILTY_MAX + 1], alone[GUILTY_MAX + 1];
};

/* Any of these is as probable as any other: few trials in every case are wanted, not the fewest in the most frequent. */
static const struct suspicion at_first = {.together = {0, 0.2, 0.2, 0.2},
                                          .alone = {0, 0, 0.2, 0.2}};
/* By how many were found before. */
static const struct suspicion more_needed[] = {{.together = {0, 0.4, 0.6}}, {.together = {0, 1}}},
			      more_alone[] = {{.alone = {0, 0.4, 0.6}}, {.alone = {0, 1}}};

struct memory {
	struct subset set;
	enum trial trial;
};

struct search_work {
	const struct search_spec *spec;
	struct search_result *result;
	struct memory *known;
	size_t known_count, known_size;
	unsigned most;     /* a weight counts up to here */
	double more_alone; /* how probable it is that another one hurts alone */
};

/* ---- what is known ---- */

static const struct memory *recall(const struct search_work *w, const struct subset *set) {
	for (size_t i = 0; i < w->known_count; i++) {
		if (subset_equal(&w->known[i].set, set)) {
			return &w->known[i];
		}
	}
	return NULL;
}

static void remember(struct search_work *w, const struct subset *set, enum trial trial) {
	if (w->known_count == w->known_size) {
		size_t size = w->known_size > 0 ? 2 * w->known_size : 64;
		struct memory *grown = arena_array_of(w->spec->arena, struct memory, size);

		if (w->known_count > 0) {
			memcpy(grown, w->known, w->known_count * sizeof *grown);
		}
		w->known = grown;
		w->known_size = size;
	}
	for (size_t i = 0; i < w->known_count; i++) {
		const struct memory *m = &w->known[i];

		if ((trial == TRIAL_BAD && m->trial == TRIAL_GOOD && subset_within(set, &m->set)) ||
		    (trial == TRIAL_GOOD && m->trial == TRIAL_BAD && subset_within(&m->set, set))) {
			w->result->whimsical = true;
		}
	}
	w->known[w->known_count++] = (struct memory){.set = *set, .trial = trial};
}

/* Part of something that was good: a guess that saves trials and is never the last word. */
static bool seems_good(const struct search_work *w, const struct subset *set) {
	for (size_t i = 0; i < w->known_count; i++) {
		if (w->known[i].trial == TRIAL_GOOD && subset_within(set, &w->known[i].set)) {
			return true;
		}
	}
	return false;
}

/* What trials of these say, from memory or made now; at most SEARCH_WIDTH_MAX sets. False: no more trials. */
static bool ask(struct search_work *w, const struct subset *sets, size_t count, enum trial *ret) {
	struct subset fresh[SEARCH_WIDTH_MAX];
	enum trial said[SEARCH_WIDTH_MAX];
	size_t made = 0;

	for (size_t i = 0; i < count; i++) {
		bool known = recall(w, &sets[i]) != NULL;

		for (size_t k = 0; k < made; k++) {
			known = known || subset_equal(&fresh[k], &sets[i]);
		}
		if (!known) {
			fresh[made++] = sets[i];
		}
	}
	for (size_t done = 0; done < made;) {
		size_t some = made - done < w->spec->width ? made - done : w->spec->width;

		if ((w->spec->budget > 0 && w->result->trials + some > w->spec->budget) ||
		    !w->spec->run(w->spec->context, &fresh[done], some, &said[done])) {
			w->result->stopped = true;
			return false;
		}
		w->result->trials += some;
		for (size_t i = 0; i < some; i++, done++) {
			remember(w, &fresh[done], said[done]);
		}
	}
	for (size_t i = 0; i < count; i++) {
		ret[i] = recall(w, &sets[i])->trial;
	}
	return true;
}

/* ---- the smallest beginning that is bad ---- */

struct beginning {
	struct suspicion suspicion;
	bool each_alone;    /* what is before lo is left out of trials: it would not change them */
	struct subset need; /* present in any case */
	size_t *rest;       /* the elements it is made of, in their order */
	size_t rest_count;
	size_t from;      /* those before it are not there any more */
	double *sum;      /* of the weights, by length */
	bool *unresolved; /* by length: it says nothing */
	size_t unresolved_count;
	size_t lo, hi;      /* lengths: not bad, bad */
	double more_needed; /* how probable it is that what is needed is not enough */
};

static struct subset between(const struct beginning *b, size_t from, size_t len) {
	struct subset set = b->need;

	for (size_t i = from; i < len; i++) {
		subset_put(&set, b->rest[i]);
	}
	return set;
}

static unsigned weight_of(const struct search_work *w, size_t element) {
	unsigned weight = w->spec->weights[element];

	return weight < w->most ? weight : w->most;
}

/* How probable it is that the beginning of this length is bad, when each of the guilty is where the weights say. */
static double chance(const struct beginning *b, size_t len) {
	double in = b->sum[len] / b->sum[b->rest_count], all_in = 1, none_in = 1, sum = 0;

	for (size_t n = 1; n <= GUILTY_MAX; n++) {
		all_in *= in;
		none_in *= 1 - in;
		sum += b->suspicion.together[n] * all_in + b->suspicion.alone[n] * (1 - none_in);
	}
	return sum;
}

/* How probable it is, when the smallest bad beginning has this length, that there are others that it is bad together with,
 * and that there are others that are bad alone. */
static void chance_of_more(const struct beginning *b, size_t len, double *ret_needed,
                           double *ret_alone) {
	double in = b->sum[len] / b->sum[b->rest_count], all_in = 1, none_in = 1, needed = 0,
	       alone = 0;

	for (size_t n = 2; n <= GUILTY_MAX; n++) {
		all_in *= in;
		none_in *= 1 - in;
		needed += (double)n * b->suspicion.together[n] * all_in;
		alone += (double)n * b->suspicion.alone[n] * none_in;
	}
	double one = b->suspicion.together[1] + b->suspicion.alone[1];
	*ret_needed = needed / (needed + alone + one);
	*ret_alone = alone / (alone + one);
}

/* The length between lo and hi, not yet tried, of which the chance to be bad comes nearest to share (from 0, at lo, to 1,
 * at hi); 0: none. */
static size_t cut_near(const struct beginning *b, double share, const size_t *taken,
                       size_t taken_count) {
	double aim = chance(b, b->lo) * (1 - share) + chance(b, b->hi) * share, best_distance = 2;
	size_t best = 0;

	for (size_t len = b->lo + 1; len < b->hi; len++) {
		double here = chance(b, len), distance = here > aim ? here - aim : aim - here;
		bool free = !b->unresolved[len];

		for (size_t i = 0; i < taken_count; i++) {
			free = free && taken[i] != len;
		}
		if (free && distance < best_distance) {
			best_distance = distance;
			best = len;
		}
	}
	return best;
}

static size_t cuts_wanted(const struct search_work *w) {
	size_t cuts = w->spec->cuts;

	return cuts < 1 ? 1 : cuts < w->spec->width ? cuts : w->spec->width;
}

/* False: no more trials. Leaves lo and hi side by side, or with nothing but unresolved lengths between them. */
static bool narrow(struct search_work *w, struct beginning *b) {
	while (b->hi - b->lo > 1 && b->unresolved_count <= UNRESOLVED_MAX) {
		size_t lens[SEARCH_WIDTH_MAX], count = 0, wanted = cuts_wanted(w);
		size_t from = b->each_alone ? b->lo : b->from;
		struct subset sets[SEARCH_WIDTH_MAX];
		enum trial said[SEARCH_WIDTH_MAX];

		for (size_t i = 1; i <= wanted; i++) {
			size_t len = cut_near(b, (double)i / (double)(wanted + 1), lens, count);
			if (len > 0) {
				lens[count] = len;
				sets[count++] = between(b, from, len);
			}
		}
		if (count == 0) {
			return true;
		}
		if (!ask(w, sets, count, said)) {
			return false;
		}
		for (size_t i = 0; i < count; i++) {
			if (said[i] == TRIAL_UNRESOLVED) {
				b->unresolved[lens[i]] = true;
				b->unresolved_count++;
			} else if (said[i] == TRIAL_BAD && lens[i] < b->hi) {
				b->hi = lens[i];
				b->from = from;
			}
		}
		for (size_t i = 0; i < count; i++) {
			if (said[i] == TRIAL_GOOD && lens[i] < b->hi && lens[i] > b->lo) {
				b->lo = lens[i];
			}
		}
	}
	return true;
}

/* With what is left of rest, all of which together with need is bad. */
static void begin_anew(const struct search_work *w, struct beginning *b) {
	size_t len = 0;
	double all = 0;

	b->from = 0;
	b->unresolved = arena_array_of(w->spec->arena, bool, b->rest_count + 1);
	b->sum = arena_array_of(w->spec->arena, double, b->rest_count + 1);
	for (size_t i = 0; i < b->rest_count; i++) {
		all += weight_of(w, b->rest[i]);
	}
	for (size_t i = 0; i < b->rest_count; i++) {
		b->sum[i + 1] = b->sum[i] + weight_of(w, b->rest[i]) + all / (double)b->rest_count;
	}
	b->unresolved_count = 0;
	b->hi = b->rest_count;
	while (len + 1 < b->hi) {
		struct subset set = between(b, b->each_alone ? len : 0, len + 1);
		if (!seems_good(w, &set)) {
			break;
		}
		len++;
	}
	b->lo = len;
}

static struct beginning beginning_of(const struct search_work *w, const struct subset *all,
                                     bool each_alone) {
	struct beginning b = {.suspicion =
	                              each_alone ? more_alone[w->result->set_count > 1] : at_first,
	                      .each_alone = each_alone,
	                      .rest = arena_array_of(w->spec->arena, size_t, w->spec->count)};

	for (int good = each_alone; good >= 0; good--) {
		for (size_t i = 0; i < w->spec->count; i++) {
			struct subset one = {0};

			subset_put(&one, i);
			if (subset_has(all, i) && seems_good(w, &one) * each_alone == good) {
				b.rest[b.rest_count++] = i;
			}
		}
	}
	begin_anew(w, &b);
	return b;
}

/* The elements between lo and hi are needed; of the rest only what is before them. */
static void take_needed(struct search_work *w, struct beginning *b) {
	chance_of_more(b, b->hi, &b->more_needed, &w->more_alone);
	for (size_t i = b->lo; i < b->hi; i++) {
		unsigned most = SURPRISE * w->spec->weights[b->rest[i]];

		subset_put(&b->need, b->rest[i]);
		w->most = most < w->most ? most : w->most;
	}
	b->rest += b->from;
	b->rest_count = b->lo - b->from;
	b->suspicion = more_needed[subset_count(&b->need) > 1];
	b->each_alone = false;
	begin_anew(w, b);
}

/* Is what is needed enough? After two a third is as probable: some of the rest is tried together with them. */
static bool ask_enough(struct search_work *w, struct beginning *b, const struct subset *all,
                       enum trial *ret) {
	const struct subset both[] = {b->need, subset_minus(all, &b->need)};
	enum trial said[2] = {TRIAL_GOOD, TRIAL_GOOD};
	bool two = cuts_wanted(w) > 1 && !seems_good(w, &both[1]);
	size_t len = b->more_needed > 0.5 ? cut_near(b, 1 - 0.5 / b->more_needed, NULL, 0) : 0;

	if (len > 0) {
		struct subset some = between(b, 0, len);
		if (!ask(w, &some, 1, said)) {
			return false;
		}
		b->rest_count = said[0] == TRIAL_BAD ? len : b->rest_count;
		begin_anew(w, b);
	}
	*ret = TRIAL_GOOD;
	if (b->rest_count > 0 && seems_good(w, &b->need)) {
		return true;
	}
	bool more = ask(w, both, two ? 2 : 1, said);
	*ret = said[0];
	return more;
}

/* Some elements of `all`, which is bad, that are bad by themselves. */
static bool find_bad(struct search_work *w, const struct subset *all, bool each_alone,
                     struct subset *ret) {
	struct beginning b = beginning_of(w, all, each_alone);
	enum trial enough = TRIAL_GOOD;

	while (b.rest_count > 0 && enough != TRIAL_BAD) {
		if (!narrow(w, &b)) {
			return false;
		}
		take_needed(w, &b);
		if (!ask_enough(w, &b, all, &enough)) {
			return false;
		}
	}
	*ret = b.need;
	return true;
}

/* ---- minimal ---- */

/* set without the elements of its part-th of parts. */
static struct subset complement(const struct subset *set, size_t part, size_t parts) {
	struct subset out = *set;
	size_t count = subset_count(set), at = 0;

	for (size_t i = 0; i < SUBSET_MAX; i++) {
		if (subset_has(set, i)) {
			if (at * parts / count == part) {
				subset_take(&out, i);
			}
			at++;
		}
	}
	return out;
}

/* Is it left untried, because trials are dear by now, and something was well that it is part of? */
static bool is_implied(const struct search_work *w, const struct subset *set, size_t more) {
	return w->spec->dear > 0 && w->result->trials + more >= w->spec->dear && !recall(w, set) &&
	       seems_good(w, set);
}

/* Some complement that is bad; *ret_bad says whether there was one. False: no more trials. */
static bool find_complement(struct search_work *w, struct search_set *found, size_t parts,
                            bool *ret_bad) {
	struct subset *set = &found->set;

	*ret_bad = false;
	for (size_t part = 0; part < parts && !*ret_bad;) {
		struct subset sets[SEARCH_WIDTH_MAX];
		enum trial said[SEARCH_WIDTH_MAX];
		size_t count = 0;

		while (count < w->spec->width && part < parts) {
			sets[count] = complement(set, part++, parts);
			if (is_implied(w, &sets[count], parts)) {
				found->implied = true;
			} else {
				count++;
			}
		}
		if (!ask(w, sets, count, said)) {
			return false;
		}
		for (size_t i = 0; i < count && !*ret_bad; i++) {
			if (said[i] == TRIAL_BAD) {
				*set = sets[i];
				*ret_bad = true;
			}
		}
	}
	return true;
}

/* True when it is known that nothing can be left out. */
static bool reduce(struct search_work *w, struct search_set *found) {
	size_t count = subset_count(&found->set);
	size_t parts = 2;

	while (count > 1) {
		bool bad;

		parts = count <= SMALL_SET || parts > count ? count : parts;
		if (!find_complement(w, found, parts, &bad)) {
			return false;
		}
		count = subset_count(&found->set);
		if (bad) {
			parts = parts > 2 ? parts - 1 : 2;
		} else if (parts == count) {
			return true;
		} else {
			parts *= 2;
		}
	}
	return true;
}

/* Another one is there as a rule when two were: some of the rest first. *ret: what is known to be bad of it, or all. */
static bool ask_rest(struct search_work *w, const struct subset *all, bool each_alone,
                     struct subset *ret, enum trial *ret_said) {
	struct beginning b = beginning_of(w, all, true);
	size_t len =
		each_alone && w->more_alone > 0.5 ? cut_near(&b, 0.5 / w->more_alone, NULL, 0) : 0;

	*ret = between(&b, b.lo, len);
	if (len > 0 && (!ask(w, ret, 1, ret_said) || *ret_said == TRIAL_BAD)) {
		return !w->result->stopped;
	}
	*ret = *all;
	return ask(w, all, 1, ret_said);
}

/* ---- few guilty ones, counted out ---- */

static size_t trials_so_far(const struct search_work *w, struct guess_trial *ret) {
	size_t count = 0;

	for (size_t i = 2; i < w->known_count && count < GUESS_TRIALS_MAX;
	     i++) { /* not both ends */
		ret[count++] =
			(struct guess_trial){.set = w->known[i].set, .trial = w->known[i].trial};
	}
	return count;
}

/* False: they are not one, two or three, or trials do not tell; what was tried is known then. */
static bool find_few(struct search_work *w, struct guess *ret) {
	const struct search_spec *spec = w->spec;
	struct guess_trial *trials =
		arena_array_of(spec->arena, struct guess_trial, GUESS_TRIALS_MAX);

	while (w->known_count - 2 < GUESS_TRIALS_MAX) {
		size_t count = trials_so_far(w, trials), made = w->result->trials;
		enum trial said[GUESS_NEXT_MAX];

		if (!guess(spec->count, spec->weights, trials, count, cuts_wanted(w), ret)) {
			return false;
		}
		if (ret->next_count == 0) {
			return true;
		}
		if (!ask(w, ret->next, ret->next_count, said) || w->result->trials == made) {
			return false;
		}
	}
	return false;
}

/* Makes each of them minimal; false: something is bad without them. */
static bool take_few(struct search_work *w, const struct guess *g, struct subset *all) {
	struct search_result *ret = w->result;

	for (size_t i = 0; i < g->set_count && !ret->stopped; i++) {
		struct search_set *found = &ret->sets[ret->set_count++];

		*found = (struct search_set){.set = g->sets[i]};
		found->minimal = reduce(w, found);
		*all = subset_minus(all, &found->set);
	}
	enum trial without;
	ret->cured = !ret->stopped && ask(w, all, 1, &without) && without == TRIAL_GOOD;
	return ret->cured || ret->stopped || without != TRIAL_BAD;
}

void search(const struct search_spec *spec, struct search_result *ret) {
	struct search_work w = {.spec = spec, .result = ret, .most = UINT_MAX};
	struct subset all = subset_first(spec->count), none = {0}, bad = all;
	bool each_alone = false;

	*ret = (struct search_result){0};
	remember(&w, &none, TRIAL_GOOD);
	remember(&w, &all, TRIAL_BAD);
	struct guess few;
	if (find_few(&w, &few) && take_few(&w, &few, &all)) {
		return;
	}
	bad = all;
	while (!ret->stopped && ret->set_count < SEARCH_SETS_MAX) {
		struct search_set *found = &ret->sets[ret->set_count];
		enum trial without;

		*found = (struct search_set){0};
		if (!find_bad(&w, &bad, each_alone, &found->set)) {
			return;
		}
		ret->set_count++;
		found->minimal = reduce(&w, found);
		all = subset_minus(&all, &found->set);
		each_alone = subset_count(&found->set) == 1;
		if (ret->stopped || !ask_rest(&w, &all, each_alone, &bad, &without)) {
			return;
		}
		ret->cured = without == TRIAL_GOOD;
		if (without != TRIAL_BAD) {
			return;
		}
	}
}
