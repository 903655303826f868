/* SPDX-License-Identifier: MIT
 */
#include "bisect/search.h"

#include <limits.h>

#define UNRESOLVED_MAX 6 /* beginnings that say nothing, before a stretch is taken as a whole */
#define SMALL_SET      4 /* of so few each one is left out by itself */
#define WIDE_TRIALS    4 /* so many are made side by side in any case: the first cut most */
#define SURPRISE                                                                                   \
	4 /* what was found says how much weights are worth: none counts for more than so many times its own */

struct memory {
	struct subset set;
	enum trial trial;
};

struct search_work {
	const struct search_spec *spec;
	struct search_result *result;
	struct memory *known;
	size_t known_count, known_size;
	unsigned most; /* a weight counts up to here */
};

/* ---- subsets ---- */

#define WORDS (SUBSET_MAX / 64)

bool subset_has(const struct subset *set, size_t i) {
	return (set->words[i / 64] >> (i % 64)) & 1;
}

void subset_put(struct subset *set, size_t i) {
	set->words[i / 64] |= (uint64_t)1 << (i % 64);
}

void subset_take(struct subset *set, size_t i) {
	set->words[i / 64] &= ~((uint64_t)1 << (i % 64));
}

size_t subset_count(const struct subset *set) {
	size_t count = 0;

	for (size_t i = 0; i < WORDS; i++) {
		count += (size_t)__builtin_popcountll(set->words[i]);
	}
	return count;
}

bool subset_equal(const struct subset *a, const struct subset *b) {
	return memcmp(a->words, b->words, sizeof a->words) == 0;
}

bool subset_within(const struct subset *a, const struct subset *b) {
	for (size_t i = 0; i < WORDS; i++) {
		if (a->words[i] & ~b->words[i]) {
			return false;
		}
	}
	return true;
}

struct subset subset_minus(const struct subset *a, const struct subset *b) {
	struct subset out;

	for (size_t i = 0; i < WORDS; i++) {
		out.words[i] = a->words[i] & ~b->words[i];
	}
	return out;
}

struct subset subset_plus(const struct subset *a, const struct subset *b) {
	struct subset out;

	for (size_t i = 0; i < WORDS; i++) {
		out.words[i] = a->words[i] | b->words[i];
	}
	return out;
}

struct subset subset_first(size_t count) {
	struct subset out = {0};

	for (size_t i = 0; i < count; i++) {
		subset_put(&out, i);
	}
	return out;
}

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
	struct subset need; /* present in any case */
	size_t *rest;       /* the elements it is made of, in their order */
	size_t rest_count;
	bool *unresolved; /* by length: it says nothing */
	size_t unresolved_count;
	size_t lo, hi; /* lengths: not bad, bad */
};

static struct subset beginning_of(const struct beginning *b, size_t len) {
	struct subset set = b->need;

	for (size_t i = 0; i < len; i++) {
		subset_put(&set, b->rest[i]);
	}
	return set;
}

static unsigned weight_of(const struct search_work *w, size_t element) {
	unsigned weight = w->spec->weights[element];

	return weight < w->most ? weight : w->most;
}

static uint64_t weight_between(const struct search_work *w, const struct beginning *b, size_t from,
                               size_t to) {
	uint64_t sum = 0;

	for (size_t i = from; i < to; i++) {
		sum += weight_of(w, b->rest[i]);
	}
	return sum;
}

/* The length between lo and hi, not yet tried, at which the weight behind lo comes nearest to share; 0: none. */
static size_t cut_near(const struct search_work *w, const struct beginning *b, uint64_t share,
                       const size_t *taken, size_t taken_count) {
	uint64_t sum = 0, best_distance = UINT64_MAX;
	size_t best = 0;

	for (size_t len = b->lo + 1; len < b->hi; len++) {
		sum += weight_of(w, b->rest[len - 1]);
		uint64_t distance = sum > share ? sum - share : share - sum;
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
	size_t cuts = w->result->trials < WIDE_TRIALS ? 2 : w->spec->cuts;

	return cuts < 1 ? 1 : cuts < w->spec->width ? cuts : w->spec->width;
}

/* False: no more trials. Leaves lo and hi side by side, or with nothing but unresolved lengths between them. */
static bool narrow(struct search_work *w, struct beginning *b) {
	while (b->hi - b->lo > 1 && b->unresolved_count <= UNRESOLVED_MAX) {
		size_t lens[SEARCH_WIDTH_MAX], count = 0, wanted = cuts_wanted(w);
		struct subset sets[SEARCH_WIDTH_MAX];
		enum trial said[SEARCH_WIDTH_MAX];
		uint64_t all = weight_between(w, b, b->lo, b->hi);

		for (size_t i = 1; i <= wanted; i++) {
			size_t len = cut_near(w, b, all * i / (wanted + 1), lens, count);
			if (len > 0) {
				lens[count] = len;
				sets[count++] = beginning_of(b, len);
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

static void begin_anew(struct search_work *w, struct beginning *b) {
	size_t len = 0;

	b->unresolved = arena_array_of(w->spec->arena, bool, b->rest_count + 1);
	b->unresolved_count = 0;
	b->hi = b->rest_count;
	while (len + 1 < b->hi) {
		struct subset set = beginning_of(b, len + 1);
		if (!seems_good(w, &set)) {
			break;
		}
		len++;
	}
	b->lo = len;
}

/* Some elements of `all`, which is bad, that are bad by themselves. */
static bool find_bad(struct search_work *w, const struct subset *all, struct subset *ret) {
	struct beginning b = {.rest = arena_array_of(w->spec->arena, size_t, w->spec->count)};

	for (size_t i = 0; i < w->spec->count; i++) {
		if (subset_has(all, i)) {
			b.rest[b.rest_count++] = i;
		}
	}
	while (b.rest_count > 0) {
		begin_anew(w, &b);
		if (!narrow(w, &b)) {
			return false;
		}
		for (size_t i = b.lo; i < b.hi; i++) {
			unsigned most = SURPRISE * w->spec->weights[b.rest[i]];

			subset_put(&b.need, b.rest[i]);
			w->most = most < w->most ? most : w->most;
		}
		b.rest_count = b.lo;
		/* Is it enough? Side by side with what is asked next if it is: is it well without it? */
		const struct subset both[] = {b.need, subset_minus(all, &b.need)};
		enum trial said[2];
		bool two = w->spec->width > 1 && !seems_good(w, &both[1]);
		if (!ask(w, both, two ? 2 : 1, said)) {
			return false;
		}
		if (said[0] == TRIAL_BAD) {
			break;
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

/* Some complement that is bad; *ret_bad says whether there was one. False: no more trials. */
static bool find_complement(struct search_work *w, struct subset *set, size_t parts,
                            bool *ret_bad) {
	*ret_bad = false;
	for (size_t part = 0; part < parts && !*ret_bad;) {
		struct subset sets[SEARCH_WIDTH_MAX];
		enum trial said[SEARCH_WIDTH_MAX];
		size_t count = 0;

		while (count < w->spec->width && part < parts) {
			sets[count++] = complement(set, part++, parts);
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
static bool reduce(struct search_work *w, struct subset *set) {
	size_t count = subset_count(set);
	size_t parts = 2;

	while (count > 1) {
		bool bad;

		parts = count <= SMALL_SET || parts > count ? count : parts;
		if (!find_complement(w, set, parts, &bad)) {
			return false;
		}
		count = subset_count(set);
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

void search(const struct search_spec *spec, struct search_result *ret) {
	struct search_work w = {.spec = spec, .result = ret, .most = UINT_MAX};
	struct subset all = subset_first(spec->count), none = {0};

	*ret = (struct search_result){0};
	remember(&w, &none, TRIAL_GOOD);
	remember(&w, &all, TRIAL_BAD);
	while (ret->set_count < SEARCH_SETS_MAX) {
		struct search_set *found = &ret->sets[ret->set_count];
		enum trial without;

		*found = (struct search_set){0};
		if (!find_bad(&w, &all, &found->set)) {
			return;
		}
		ret->set_count++;
		found->minimal = reduce(&w, &found->set);
		all = subset_minus(&all, &found->set);
		if (ret->stopped || !ask(&w, &all, 1, &without)) {
			return;
		}
		ret->cured = without == TRIAL_GOOD;
		if (without != TRIAL_BAD) {
			return;
		}
	}
}
