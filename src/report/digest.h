/* SPDX-License-Identifier: MIT
 * What two reports (schema dialtone.report/1) have to say about the same machine before and after something was done
 * to it.
 */
#ifndef REPORT_DIGEST_H
#define REPORT_DIGEST_H

#include "base/arena.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define DIGEST_FINDINGS_MAX 64 /* of each kind; more are left out */
#define DIGEST_FEATURES_MAX 16

struct digest_finding {
	const char *id;
	const char *subject;
	const char *title;
	const char *severity;
	bool symptom;
};

struct digest_feature {
	const char *name;
	const char *state;
	int64_t ms; /* -1: none */
};

struct digest {
	const char *verdict;                                     /* "healthy" … */
	struct digest_finding findings[2 * DIGEST_FINDINGS_MAX]; /* causes first */
	size_t finding_count;
	struct digest_feature features[DIGEST_FEATURES_MAX];
	size_t feature_count;
	int64_t total_ms; /* -1: not told */
};

/* Reads a report; strings in the arena. -EINVAL when it is none. */
int digest_parse(struct arena *arena, struct slice json, struct digest *ret);

/* The finding of this id about this subject, as a cause or a symptom, or NULL. */
const struct digest_finding *digest_find(const struct digest *digest, const char *id,
                                         const char *subject);

/* Names of the features that answered, or of those that should have and did not; NULL-terminated, in the arena. */
const char *const *digest_answered(struct arena *arena, const struct digest *digest);
const char *const *digest_hurt(struct arena *arena, const struct digest *digest);

enum change {
	CHANGE_CURED, /* healthy; or the finding is gone, the server answers and nothing hurts */
	CHANGE_PART,  /* the finding is gone, fewer features hurt or none was asked for */
	CHANGE_NONE,  /* the finding is gone and as much hurts as before */
	CHANGE_STILL, /* the finding is still there */
	CHANGE_WORSE, /* something that answered does not answer any more */
};

/* What became of it when that which the finding (id, subject) tells of was ended. */
enum change digest_compare(const struct digest *before, const struct digest *after, const char *id,
                           const char *subject);

#endif
