/* SPDX-License-Identifier: MIT
 * The counterfactual proof of `dialtone check --prove`: each root cause that dialtone can end is ended alone, in a
 * rehearsal, and what becomes of the trouble tells whether it was the cause.
 */
#ifndef CMD_PROVE_H
#define CMD_PROVE_H

#include "cmd/rehearse.h"
#include "core/infer.h"
#include "core/plan.h"

#define PROVE_CANDIDATES_MAX 4

/* Does what the plans say, inside a rehearsal, programs with this environment. 0, or negative errno with a sentence. */
typedef int prove_apply(const struct plan *const *plans, size_t count, const struct envset *env,
                        const struct rehearsal *inside, struct err *err);

struct candidate {
	const struct finding *finding;
	struct plan *
		plan; /* NULL: nothing can be done about it from here; rehearsed.because says why */
	bool tried;
	enum change change;
	struct rehearsed rehearsed;
};

/* Tries the first PROVE_CANDIDATES_MAX causes of the diagnosis. What it gives is the diagnosis with what was shown:
 * findings have a proof, a cure that was seen makes one certain, one whose end changed nothing is marked down, and what
 * goes away with another one is its symptom. */
struct diagnosis prove(struct arena *arena, const struct rehearse_subject *subject,
                       const struct diagnosis *diagnosis, prove_apply *apply);

/* The part that only thinks. together: what came of ending all that were tried at once, NULL when that was not tried. */
struct diagnosis prove_weigh(struct arena *arena, const struct diagnosis *diagnosis,
                             const struct candidate *candidates, size_t count,
                             const struct rehearsed *together);

/* What comes of this plan alone, as `dialtone fix` shows it. before: the report of the machine as it is, or NULL. */
struct rehearsed rehearse_plan(struct arena *arena, const struct rehearse_subject *subject,
                               const struct plan *plan, const struct digest *before,
                               prove_apply *apply);

/* Why a plan can be shown only, or NULL: it is rehearsed. */
const char *prove_refusal(struct arena *arena, const struct plan *plan);

#endif
