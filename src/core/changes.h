/* SPDX-License-Identifier: MIT
 * What is otherwise than in a state that was kept, and which of it can explain what is wrong. Pure.
 */
#ifndef CORE_CHANGES_H
#define CORE_CHANGES_H

#include "core/infer.h"
#include "core/setup.h"

enum item_change { ITEM_ADDED, ITEM_REMOVED, ITEM_CHANGED };

struct change {
	enum item_change how;
	const struct setup_item *old; /* NULL when added */
	const struct setup_item *new; /* NULL when removed */
};

#define CHANGES_MAX ((size_t)200)

/* What differs, in the order of item kinds; *ret_count of them, in the arena. Of the kinds that are not covered in both
 * only what is in both; of states for another editor or environment only what both would see. A variable that a setting
 * of the go command comes from stands for both. */
struct change *changes_between(struct arena *arena, const struct setup *old,
                               const struct setup *now, size_t *ret_count);

/* A change and what it has to do with what is wrong. */
struct ranked_change {
	const struct fact_changed *change;
	const struct finding
		*explains; /* the first cause whose subject or proof it is about, or NULL */
	unsigned weight;   /* 0 to 100: how much of its kind can do */
};

/* The facts `changed`, most telling first: what a cause is about, then by weight; of two alike that which came about
 * later. *ret_count of them. diagnosis: NULL when there is none. */
struct ranked_change *changes_rank(struct arena *arena, const struct facts *facts,
                                   const struct diagnosis *diagnosis, size_t *ret_count);
/* Those below cannot explain anything by themselves. */
#define CHANGE_TELLS 30U

/* Whether the change is about what the finding is about, or about what it cites. */
bool change_touches(struct arena *arena, const struct fact_changed *change,
                    const struct finding *finding);

/* "added" … */
const char *item_change_name(enum item_change how);

#endif
