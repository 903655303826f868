/* SPDX-License-Identifier: MIT
 * Two diagnoses of one examination: by what was seen of the machine, and by the system calls that were recorded
 * meanwhile. The same rules, other facts: where they agree a cause has been seen twice, where they do not somebody is
 * wrong, and that is said. Pure.
 */
#ifndef REPORT_AGREEMENT_H
#define REPORT_AGREEMENT_H

#include "core/infer.h"

struct json;

enum agreement_word {
	AGREEMENT_AGREE,  /* what is wrong is the same in both, or in neither anything */
	AGREEMENT_SILENT, /* nobody did while it was recorded what would have shown it */
	AGREEMENT_DIFFER, /* the calls show another cause, or one where the machine shows none */
	AGREEMENT_NONE,   /* there was nothing to compare with */
};

struct agreement_cause {
	const struct finding *seen;   /* by state, or NULL */
	const struct finding *called; /* by the calls, or NULL */
	const char *const *calls;     /* lines of what was called, NULL-terminated */
};

/* What was recorded. */
struct agreement_trace {
	const char *
		because; /* why there is nothing to compare, a clause without a full stop; NULL: there is */
	const char *backend; /* NULL: nothing was recorded */
	const char *file;    /* where the recording is kept, or NULL */
	uint64_t events, lost;
};

struct agreement {
	struct agreement_trace trace;
	enum agreement_word word;
	const char *sentence; /* what it comes to, without a full stop */
	enum verdict verdict; /* by the calls */
	struct agreement_cause
		*causes; /* those of the state in their order, then those of the calls alone */
	size_t count;
};

/* calls: what was recorded, with the lines of trace/testimony.h ("calls:..."); by_calls: the diagnosis out of it. With
 * trace->because both are NULL. In the arena. */
const struct agreement *agreement_make(struct arena *arena, const struct diagnosis *by_state,
                                       const struct diagnosis *by_calls,
                                       const struct evidence_store *calls,
                                       const struct agreement_trace *trace);

/* The member "trace" of an open object. */
void agreement_json(struct json *json, const struct agreement *agreement);

#endif
