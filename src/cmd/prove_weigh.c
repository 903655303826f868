/* SPDX-License-Identifier: MIT
 * What rehearsals say about causes.
 */
#include "base/str.h"
#include "cmd/prove.h"
#include "core/rule.h"

static bool is_healthy(const struct candidate *c) {
	return c->tried && streq(c->rehearsed.report.verdict, "healthy");
}

/* Something else that is wrong was found when this one was gone; it may hide that it was a cause. */
static bool others_remain(const struct candidate *c) {
	for (size_t i = 0; i < c->rehearsed.report.finding_count; i++) {
		const struct digest_finding *f = &c->rehearsed.report.findings[i];

		if (!f->symptom && streq(f->severity, "error")) {
			return true;
		}
	}
	return false;
}

static enum confidence one_less(enum confidence confidence) {
	return confidence == CONF_CERTAIN ? CONF_LIKELY : CONF_POSSIBLE;
}

static const char *result_of(const struct candidate *c, bool together) {
	if (!c->tried) {
		return "not_run";
	}
	switch (c->change) {
	case CHANGE_CURED:
		return "cured";
	case CHANGE_PART:
		return "part";
	case CHANGE_NONE:
		return together ? "part" : others_remain(c) ? "unclear" : "stays";
	case CHANGE_STILL:
	case CHANGE_WORSE:
		break;
	}
	return "unclear";
}

static const char *words_of(struct arena *arena, const struct candidate *c, const char *result,
                            bool together) {
	const char *verdict = c->rehearsed.report.verdict;

	if (streq(result, "cured")) {
		return arena_printf(arena,
		                    "without it %s, in %.1f s: shown in a rehearsal in which "
		                    "nothing else was changed",
		                    streq(verdict, "healthy") ? "all is well" : "nothing hurts",
		                    (double)c->rehearsed.handshake_ms / 1000.0);
	}
	if (together) {
		return "alone it changes too little; together with the others named here it is all "
		       "of it: shown in a rehearsal";
	}
	if (streq(result, "part")) {
		return arena_printf(arena, "without it less is wrong (%s): shown in a rehearsal",
		                    c->rehearsed.because);
	}
	if (streq(result, "stays")) {
		return "without it as much is wrong: shown in a rehearsal";
	}
	return streq(result, "not_run")
	               ? arena_printf(arena, "not rehearsed, because %s", c->rehearsed.because)
	               : arena_printf(arena, "the rehearsal of its repair says nothing: %s",
	                              c->rehearsed.because);
}

/* elsewhere: another one alone is all of it. */
static struct finding *weighed(struct arena *arena, const struct candidate *c, bool elsewhere,
                               bool together) {
	struct finding *f = arena_new_of(arena, struct finding);
	struct proof *proof = arena_new_of(arena, struct proof);
	const char *result = result_of(c, together && c->tried);

	*f = *c->finding;
	*proof = (struct proof){
		.result = result,
		.rehearsed = rehearse_result_name(c->rehearsed.result),
		.because = c->rehearsed.because,
		.words = words_of(arena, c, result, together && c->tried),
		.verdict = c->rehearsed.checked ? c->rehearsed.report.verdict : NULL,
		.before = f->confidence,
		.handshake_ms = c->rehearsed.handshake_ms,
		.overhead_ms = c->rehearsed.overhead_ms,
	};
	f->proof = proof;
	if (streq(result, "cured")) {
		f->confidence = CONF_CERTAIN;
	} else if (streq(result, "stays")) {
		f->confidence = elsewhere ? CONF_POSSIBLE : one_less(f->confidence);
	} else if (elsewhere && streq(result, "unclear") && f->confidence == CONF_CERTAIN) {
		f->confidence = CONF_LIKELY;
	}
	return f;
}

/* Gone without having been touched, in a world that was healthy: it came from what was ended. */
static bool went_along(const struct candidate *cure, const struct finding *other) {
	return is_healthy(cure) && other->rule != cure->finding->rule &&
	       !digest_find(&cure->rehearsed.report, other->rule->id, other->subject);
}

static int by_proof(const void *a, const void *b) {
	const struct finding *x = *(const struct finding *const *)a;
	const struct finding *y = *(const struct finding *const *)b;
	bool cured_x = x->proof && streq(x->proof->result, "cured");
	bool cured_y = y->proof && streq(y->proof->result, "cured");

	if (cured_x != cured_y) {
		return cured_x ? -1 : 1;
	}
	return (x->confidence > y->confidence) - (x->confidence < y->confidence);
}

/* Stable: what is equal stays in the order it had. */
static void sort(const struct finding **list, size_t count) {
	for (size_t i = 1; i < count; i++) {
		const struct finding *f = list[i];
		size_t k = i;

		for (; k > 0 && by_proof(&f, &list[k - 1]) < 0; k--) {
			list[k] = list[k - 1];
		}
		list[k] = f;
	}
}

/* Symptoms name the finding that explains them by its address. */
static const struct finding *follow(struct arena *arena, const struct finding *symptom,
                                    const struct finding *was, const struct finding *is) {
	if (symptom->explained_by != was) {
		return symptom;
	}
	struct finding *f = arena_new_of(arena, struct finding);
	*f = *symptom;
	f->explained_by = is;
	return f;
}

struct diagnosis prove_weigh(struct arena *arena, const struct diagnosis *diagnosis,
                             const struct candidate *candidates, size_t count,
                             const struct rehearsed *together) {
	struct diagnosis d = *diagnosis;
	const struct candidate *cure = NULL;
	const struct finding *first = NULL;
	bool all = together && together->checked && streq(together->report.verdict, "healthy");
	size_t total = d.cause_count + d.symptom_count + 1;

	for (size_t i = 0; i < count && !cure; i++) {
		bool cured = candidates[i].tried && candidates[i].change == CHANGE_CURED;
		cure = cured ? &candidates[i] : NULL;
	}
	d.causes = arena_array_of(arena, const struct finding *, total);
	d.symptoms = arena_array_of(arena, const struct finding *, total);
	d.cause_count = 0;
	memcpy(d.symptoms, diagnosis->symptoms, d.symptom_count * sizeof *d.symptoms);
	if (cure) {
		first = weighed(arena, cure, false, false);
		d.causes[d.cause_count++] = first;
	}
	for (size_t i = 0; i < diagnosis->cause_count; i++) {
		const struct finding *was = diagnosis->causes[i];
		const struct candidate *c = i < count ? &candidates[i] : NULL;
		struct finding *is = c ? weighed(arena, c, cure && c != cure, all)
		                       : arena_new_of(arena, struct finding);

		if (!c) {
			*is = *was;
		}
		const struct finding *now = c && c == cure ? first : is;
		for (size_t k = 0; k < d.symptom_count; k++) {
			d.symptoms[k] = follow(arena, d.symptoms[k], was, now);
		}
		if (now == first) {
			continue;
		}
		if (cure && went_along(cure, was) && !(c && c->tried)) {
			is->explained_by = first;
			d.symptoms[d.symptom_count++] = is;
		} else {
			d.causes[d.cause_count++] = is;
		}
	}
	sort(d.causes, d.cause_count);
	return d;
}
