/* SPDX-License-Identifier: MIT
 * From facts to a verdict: runs the rules, folds symptoms under their causes, ranks.
 */
#ifndef CORE_INFER_H
#define CORE_INFER_H

#include "core/rule.h"

enum verdict { VERDICT_HEALTHY, VERDICT_DEGRADED, VERDICT_BROKEN, VERDICT_UNKNOWN };

struct doubt { /* a cause that could neither be found nor ruled out */
	const char *id;
	const char *because;
	const char *needs;
};

struct diagnosis {
	enum verdict verdict;
	const struct finding **causes;   /* roots, most important first; NULL-terminated */
	const struct finding **symptoms; /* each has explained_by; NULL-terminated */
	const struct finding **notes;    /* NULL-terminated */
	struct doubt *doubts;            /* ends with id NULL */
	size_t cause_count, symptom_count, note_count, doubt_count;
	struct findings all; /* these, as they were found; empty when they are of several folders */
};

/* Runs every rule (NULL-terminated) over the facts. The result lives in the arena of facts. */
struct diagnosis infer(const struct rule *const *rules, const struct facts *facts);

/* One diagnosis of several (of the folders of one window): the worst verdict, and what each found,
 * the same thing once, most important first. */
struct diagnosis infer_merge(struct arena *arena, const struct diagnosis *parts, size_t count);

/* True when the facts gathered so far already prove, beyond what a server could still say, that
 * something is wrong: used to stop waiting early. */
bool infer_is_certain(const struct rule *const *rules, const struct facts *facts);

const char *verdict_name(enum verdict verdict);

#endif
