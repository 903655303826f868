/* SPDX-License-Identifier: MIT */
#include "bisect/guess.h"

#include "base/arena.h"

#include <string.h>

#define ORDERS      6     /* in which elements are lined up, of which a beginning is tried */
#define MANY        50000 /* combinations: then fewer */
#define MANY_ORDERS 2
#define FEW         4000 /* combinations: then more orders, and every trial that would confirm one */
#define FEW_ORDERS  40
#define CONFIRMED   64 /* combinations whose confirmations are looked at as trials */

/* By size: what a combination counts, and how much suspicion counts beside that. Few guilty ones are so few combinations that
 * what they are given costs the others next to nothing: of 120 elements all together are less than 2^23. */
static const struct { double counts, suspicion; } shares[] = {{0}, {300, 5}, {2, 2}, {1, 0.15}};

enum kind { TOGETHER, ALONE, PAIR_AND_ONE };

/* a < b < c; fewer: the last one again. PAIR_AND_ONE: a and b together, c alone. */
struct combination {
	uint8_t a, b, c, kind;
	float weight;
};

struct work {
	struct arena *arena;
	size_t count;
	const unsigned *weights;
	double all_weights;
	uint64_t in[GUESS_ELEMENTS_MAX]; /* in which trials that said something it was */
	uint64_t bad;                    /* which trials were */
	uint64_t of_size[GUESS_SETS_MAX + 1],
		without[GUESS_SETS_MAX + 1]; /* so many; all but so many */
	struct combination *left;
	size_t left_count, left_size;
	double all; /* weight of those that are left */
	uint32_t seed;
};

static size_t size_of(const struct combination *c) {
	return c->a == c->c ? 1 : c->b == c->c ? 2 : 3;
}

/* ---- which agree ---- */

/* The guilty sets: an own trial of each is to be bad. */
static size_t sets_of(const struct combination *c, struct subset ret[GUESS_SETS_MAX]) {
	const uint8_t all[] = {c->a, c->b, c->c};
	size_t count = 0;

	memset(ret, 0, GUESS_SETS_MAX * sizeof *ret);
	for (size_t i = 0, size = size_of(c); i < GUESS_SETS_MAX && i < size; i++) {
		bool next = c->kind == ALONE || (c->kind == PAIR_AND_ONE && i == 2);

		count += next && i > 0;
		subset_put(&ret[count], all[i]);
	}
	return count + 1;
}

/* Was a trial made of all without these? */
static bool was_cured(const struct work *w, const struct combination *c) {
	return (~(w->in[c->a] | w->in[c->b] | w->in[c->c]) & w->without[size_of(c)]) != 0;
}

/* Was one made of these alone? At most three. */
static bool was_alone(const struct work *w, const struct subset *set) {
	uint64_t in = w->of_size[subset_count(set)];

	for (size_t i = 0; i < w->count; i++) {
		in &= subset_has(set, i) ? w->in[i] : ~(uint64_t)0;
	}
	return in != 0;
}

/* The same as was_alone of each of its sets, counted; there are many combinations. */
static int confirmations_left(const struct work *w, const struct combination *c) {
	uint64_t a = w->in[c->a], b = w->in[c->b], d = w->in[c->c];
	size_t size = size_of(c);
	int left = !was_cured(w, c);

	if (c->kind == TOGETHER) {
		return left + ((a & b & d & w->of_size[size]) == 0);
	}
	if (c->kind == PAIR_AND_ONE) {
		return left + ((a & b & w->of_size[2]) == 0) + ((d & w->of_size[1]) == 0);
	}
	left += ((a & w->of_size[1]) == 0) + ((b & w->of_size[1]) == 0);
	return left + (size == 3 && (d & w->of_size[1]) == 0);
}

static double choose(size_t n, size_t k) {
	double of = (double)n;

	return k == 1 ? of : k == 2 ? of * (of - 1) / 2 : of * (of - 1) * (of - 2) / 6;
}

static void add(struct work *w, size_t a, size_t b, size_t c, enum kind kind) {
	struct combination one = {
		.a = (uint8_t)a, .b = (uint8_t)b, .c = (uint8_t)c, .kind = (uint8_t)kind};
	const uint8_t all[] = {one.a, one.b, one.c};
	size_t size = size_of(&one);
	double suspicion = shares[size].suspicion * choose(w->count, size);

	for (size_t i = 0; i < size; i++) {
		suspicion *= (double)(i + 1) * (double)w->weights[all[i]] / w->all_weights;
	}
	one.weight = (float)(shares[size].counts * (1 + suspicion) *
	                     (double)(1 << confirmations_left(w, &one)));
	if (w->left_count == w->left_size) {
		size_t grown = w->left_size > 0 ? 2 * w->left_size : 4096;
		struct combination *more = arena_array_of(w->arena, struct combination, grown);

		if (w->left_count > 0) {
			memcpy(more, w->left, w->left_count * sizeof *more);
		}
		w->left = more;
		w->left_size = grown;
	}
	w->left[w->left_count++] = one;
	w->all += (double)one.weight;
}

static void list_third(struct work *w, size_t a, size_t b) {
	uint64_t any = w->in[a] | w->in[b], both = w->in[a] & w->in[b];

	for (size_t c = b + 1; c < w->count; c++) {
		if ((any | w->in[c]) == w->bad) {
			add(w, a, b, c, ALONE);
		}
		if ((both & w->in[c]) == w->bad) {
			add(w, a, b, c, TOGETHER);
		}
	}
}

static void list(struct work *w) {
	for (size_t a = 0; a < w->count; a++) {
		if (w->in[a] == w->bad) {
			add(w, a, a, a, TOGETHER);
		}
		for (size_t b = a + 1; b < w->count; b++) {
			if ((w->in[a] | w->in[b]) == w->bad) {
				add(w, a, b, b, ALONE);
			}
			if ((w->in[a] & w->in[b]) == w->bad) {
				add(w, a, b, b, TOGETHER);
			}
			list_third(w, a, b);
		}
	}
}

static void list_mixed(struct work *w) {
	for (size_t a = 0; a < w->count; a++) {
		for (size_t b = a + 1; b < w->count; b++) {
			uint64_t both = w->in[a] & w->in[b];

			for (size_t c = 0; c < w->count; c++) {
				if (c != a && c != b && (both | w->in[c]) == w->bad) {
					add(w, a, b, c, PAIR_AND_ONE);
				}
			}
		}
	}
}

/* ---- what a trial would say ---- */

static bool is_bad(const struct combination *c, const struct subset *set) {
	bool a = subset_has(set, c->a), b = subset_has(set, c->b), d = subset_has(set, c->c);

	return c->kind == TOGETHER ? a && b && d : c->kind == ALONE ? a || b || d : (a && b) || d;
}

static bool confirms(const struct work *w, const struct combination *c, const struct subset *set,
                     size_t size) {
	struct subset sets[GUESS_SETS_MAX];
	size_t count = sets_of(c, sets), of = size_of(c);

	if (size + of == w->count) {
		return !subset_has(set, c->a) && !subset_has(set, c->b) && !subset_has(set, c->c) &&
		       !was_cured(w, c);
	}
	for (size_t i = 0; i < count && size <= GUESS_SETS_MAX; i++) {
		if (subset_equal(&sets[i], set)) {
			return !was_alone(w, set);
		}
	}
	return false;
}

/* The most that can be left: of each cell of `cell` (NULL: one), bad or good. */
static double most_left(const struct work *w, const struct subset *set, const bool *cell) {
	double sums[2][2] = {{0}}, most = 0;
	size_t size = subset_count(set);
	bool may_confirm = size <= GUESS_SETS_MAX || size + GUESS_SETS_MAX >= w->count;

	for (size_t i = 0; i < w->left_count; i++) {
		const struct combination *c = &w->left[i];
		bool half = may_confirm && confirms(w, c, set, size);

		sums[cell && cell[i]][is_bad(c, set)] += (double)c->weight * (half ? 0.5 : 1);
	}
	for (size_t i = 0; i < 4; i++) {
		most = sums[i / 2][i % 2] > most ? sums[i / 2][i % 2] : most;
	}
	return most;
}

/* ---- which trial ---- */

struct choice {
	struct subset set;
	double left;
};

static uint32_t draw(struct work *w, size_t below) {
	w->seed = w->seed * 1664525u + 1013904223u;
	return (uint32_t)((w->seed >> 8) % below);
}

static void shuffle(struct work *w, uint8_t *order, size_t count) {
	for (size_t i = count; i > 1; i--) {
		size_t k = draw(w, i);
		uint8_t other = order[k];

		order[k] = order[i - 1];
		order[i - 1] = other;
	}
}

/* The elements some combination needs, in any order. */
static size_t elements_left(const struct work *w, uint8_t *ret) {
	bool any[GUESS_ELEMENTS_MAX] = {false};
	size_t count = 0;

	for (size_t i = 0; i < w->left_count; i++) {
		any[w->left[i].a] = any[w->left[i].b] = any[w->left[i].c] = true;
	}
	for (size_t i = 0; i < w->count; i++) {
		if (any[i]) {
			ret[count++] = (uint8_t)i;
		}
	}
	return count;
}

static size_t turns_bad_at(const struct combination *c, const uint8_t *place) {
	size_t a = place[c->a], b = place[c->b], d = place[c->c];
	size_t least = a < b ? a : b, most = a < b ? b : a;

	if (c->kind == PAIR_AND_ONE) {
		return most < d ? most : d;
	}
	return c->kind == ALONE ? (least < d ? least : d) : (most > d ? most : d);
}

/* Of the beginnings of an order the one that leaves least. */
static void try_order(struct work *w, const uint8_t *order, size_t count, const bool *cell,
                      struct choice *best) {
	double sums[2][GUESS_ELEMENTS_MAX] = {{0}}, all[2] = {0}, bad[2] = {0}, least = w->all;
	uint8_t place[GUESS_ELEMENTS_MAX] = {0};
	struct subset set = {0};
	size_t len = 0;

	for (size_t i = 0; i < count; i++) {
		place[order[i]] = (uint8_t)i;
	}
	for (size_t i = 0; i < w->left_count; i++) {
		const struct combination *c = &w->left[i];

		sums[cell && cell[i]][turns_bad_at(c, place)] += (double)c->weight;
		all[cell && cell[i]] += (double)c->weight;
	}
	for (size_t i = 0; i + 1 < count; i++) {
		double most = 0;

		for (size_t k = 0; k < 2; k++) {
			bad[k] += sums[k][i];
			double here = bad[k] > all[k] - bad[k] ? bad[k] : all[k] - bad[k];
			most = here > most ? here : most;
		}
		if (most < least) {
			least = most;
			len = i + 1;
		}
	}
	for (size_t i = 0; i < len; i++) {
		subset_put(&set, order[i]);
	}
	if (len > 0 && least < best->left) {
		*best = (struct choice){.set = set, .left = least};
	}
}

static void try_set(const struct work *w, const struct subset *set, const bool *cell,
                    struct choice *best) {
	double left = most_left(w, set, cell);

	if (left < best->left) {
		*best = (struct choice){.set = *set, .left = left};
	}
}

/* Trials that would confirm one of the first. */
static void try_confirmations(const struct work *w, const bool *cell, struct choice *best) {
	struct subset all = subset_first(w->count);
	size_t step = w->left_count / CONFIRMED + 1;

	for (size_t i = 0; i < w->left_count; i += step) {
		struct subset sets[GUESS_SETS_MAX], without = all;
		size_t count = sets_of(&w->left[i], sets);

		for (size_t k = 0; k < count; k++) {
			try_set(w, &sets[k], cell, best);
			without = subset_minus(&without, &sets[k]);
		}
		try_set(w, &without, cell, best);
	}
}

static bool choose_trial(struct work *w, const bool *cell, struct subset *ret) {
	uint8_t order[GUESS_ELEMENTS_MAX];
	size_t count = elements_left(w, order);
	bool few = w->left_count <= FEW;
	size_t orders = few ? FEW_ORDERS : w->left_count > MANY ? MANY_ORDERS : ORDERS;
	struct choice best = {.left = w->all};

	for (size_t i = 0; i < orders; i++) {
		shuffle(w, order, count);
		try_order(w, order, count, cell, &best);
	}
	if (few) {
		try_confirmations(w, cell, &best);
	}
	*ret = best.set;
	return best.left < w->all;
}

static bool choose_trials(struct work *w, size_t wanted, struct guess *ret) {
	bool *cell = NULL;

	while (ret->next_count < wanted && ret->next_count < GUESS_NEXT_MAX) {
		if (!choose_trial(w, cell, &ret->next[ret->next_count])) {
			break;
		}
		const struct subset *set = &ret->next[ret->next_count++];
		cell = arena_array_of(w->arena, bool, w->left_count);
		for (size_t i = 0; i < w->left_count; i++) {
			cell[i] = is_bad(&w->left[i], set);
		}
	}
	return ret->next_count > 0;
}

/* ---- */

static void take_trials(struct work *w, const struct guess_trial *trials, size_t count) {
	for (size_t t = 0; t < count; t++) {
		uint64_t bit = (uint64_t)1 << t;
		size_t size = subset_count(&trials[t].set);

		w->bad |= trials[t].trial == TRIAL_BAD ? bit : 0;
		if (trials[t].trial == TRIAL_UNRESOLVED) {
			continue;
		}
		for (size_t i = 0; i < w->count; i++) {
			w->in[i] |= subset_has(&trials[t].set, i) ? bit : 0;
		}
		if (size <= GUESS_SETS_MAX) {
			w->of_size[size] |= bit;
		}
		if (size < w->count && w->count - size <= GUESS_SETS_MAX) {
			w->without[w->count - size] |= bit;
		}
	}
}

static bool answer(struct work *w, size_t wanted, struct guess *ret) {
	list(w);
	if (w->left_count == 0) {
		list_mixed(w);
	}
	if (w->left_count == 0) {
		return false;
	}
	if (w->left_count > 1 || confirmations_left(w, &w->left[0]) > 0) {
		return choose_trials(w, wanted, ret);
	}
	ret->set_count = sets_of(&w->left[0], ret->sets);
	return true;
}

bool guess(size_t count, const unsigned *weights, const struct guess_trial *trials,
           size_t trial_count, size_t wanted, struct guess *ret) {
	*ret = (struct guess){0};
	if (count < 2 || count > GUESS_ELEMENTS_MAX || trial_count > GUESS_TRIALS_MAX) {
		return false;
	}
	struct arena *arena = arena_new();
	struct work *w = arena_new_of(arena, struct work);

	w->arena = arena;
	w->count = count;
	w->weights = weights;
	w->seed = (uint32_t)trial_count;
	for (size_t i = 0; i < count; i++) {
		w->all_weights += (double)weights[i];
	}
	take_trials(w, trials, trial_count);
	bool found = answer(w, wanted, ret);
	arena_free(arena);
	return found;
}
