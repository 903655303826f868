/* SPDX-License-Identifier: MIT
 * Precautions: what does not keep anything from working yet, and will. Rules over facts that look at nothing.
 *
 * One that is known stays until there is clearly more room than when it turned true, so that a disk at the limit is not told
 * of again with every file.
 */
#ifndef GUARD_PRECAUTION_H
#define GUARD_PRECAUTION_H

#include "core/facts.h"

struct precaution {
	const char *id;    /* of the kind: disk-nearly-full, gopls-replaced … */
	const char *cause; /* the id of the cause it may become */
	const char *key;   /* what it is about, the same from run to run */
	const char *title; /* one sentence with names and values */
	const char *fix;   /* a command that can be pasted, or "" */
	int64_t since_ns;  /* wall clock; 0: filled by guard_memory_take */
	const char *dir;   /* for which workspace it was found */
};

struct precautions {
	struct arena *arena;
	struct precaution *items;
	size_t count;
	size_t slots;
};

#define PRECAUTIONS_MAX ((size_t)256)

void precautions_init(struct precautions *list, struct arena *arena);
/* Copies it; beyond PRECAUTIONS_MAX it is left out. */
void precautions_add(struct precautions *list, const struct precaution *p);
/* The one of this kind about the same thing, or NULL. dir: of this workspace only, or NULL. */
const struct precaution *precautions_find(const struct precautions *list, const char *id,
                                          const char *key, const char *dir);

/* What is true by the facts about the workspace dir. known: of the run before. Where facts are refused nothing is known to be
 * over: what was known of dir stays. */
void precautions_judge(const struct facts *facts, const char *dir, const struct precautions *known,
                       struct precautions *ret);

/* The ids, NULL-terminated. */
extern const char *const precaution_ids[];

#endif
