/* SPDX-License-Identifier: MIT
 * A rule knows one cause. It sees facts only, so it runs the same on a live machine, on a case file
 * and in a test. One file src/rules/x_y.c per cause id x-y, ending in `const struct rule rule_x_y`.
 */
#ifndef CORE_RULE_H
#define CORE_RULE_H

#include "base/str.h"
#include "core/facts.h"
#include "core/finding.h"

struct rule {
	const char *id; /* published, never renamed or reused; its part before the first '-' is the
	                   layer */
	const char *title; /* the cause in one line, without names and values */
	int wave;
	enum severity severity;
	fact_set needs; /* FACT_BITs that must be covered, else the verdict of this rule is "cannot
	                   tell" */

	/* Ids that are only symptoms when this rule has found something about the same thing
	 * (finding.about); an id written "*id" is a symptom whatever it is about, one written "?id"
	 * when that finding proves nothing by itself (finding.by_words). NULL-terminated, or
	 * NULL. */
	const char *const *explains;
	const char *const *impact; /* features that suffer (report contract), NULL-terminated, or
	                              NULL: those not ok */

	void (*check)(const struct rule *self, const struct facts *facts, struct findings *out);
};

#define IDS(...) ((const char *const[]){__VA_ARGS__, NULL})

/* Of a NULL-terminated table of rules: the one with this id, or NULL. */
const struct rule *rule_find(const struct rule *const *rules, const char *id);
/* Those of the table whose ids are among these (NULL-terminated), in the order of the table; NULL-terminated, in the
 * arena. */
const struct rule *const *rules_named(struct arena *arena, const struct rule *const *rules,
                                      const char *const *ids);
/* All ids of the table, NULL-terminated, in the arena. */
const char *const *rule_ids(struct arena *arena, const struct rule *const *rules);

/* The id in an entry of explains, without its mark. */
const char *rule_explained_id(const char *entry);

/* "env", "tc" … in the arena. */
const char *rule_layer(struct arena *arena, const struct rule *rule);

#endif
