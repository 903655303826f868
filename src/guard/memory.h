/* SPDX-License-Identifier: MIT
 * What the guard knows from one run to the next: which precautions were told, and when it looked last. A text of blocks of
 * key=value lines as core/world.h has them; a block for each workspace and each precaution. Somebody may have put any bytes
 * there.
 */
#ifndef GUARD_MEMORY_H
#define GUARD_MEMORY_H

#include "guard/precaution.h"

#define MEMORY_MAX_BYTES ((size_t)512 * 1024)
#define MEMORY_DIRS_MAX  ((size_t)64)

struct guard_visit {
	const char *dir;
	int64_t at_ns;  /* wall clock */
	int64_t cpu_ns; /* of ours, for it */
	/* Beside the state in which all worked last (core/known_good.h): */
	int64_t good_ns; /* when that was; 0: there is none to compare with */
	int64_t same_ns; /* the last visit at which nothing of it was otherwise; 0: none */
	int64_t differs; /* how much of it is otherwise now */
};

struct guard_memory {
	struct guard_visit *visits;
	size_t visit_count;
	struct precautions known;
};

/* An empty one for bytes that are none. */
void guard_memory_read(struct arena *arena, struct slice bytes, struct guard_memory *ret);
struct slice guard_memory_write(struct arena *arena, const struct guard_memory *memory);

/* The latest time in it, 0 when there is none. */
int64_t guard_memory_latest_ns(const struct guard_memory *memory);

/* Takes in what was found for a workspace. *fresh: what turned true and is not known of another workspace either; *over: what
 * was known of this one and is true nowhere any more. Both initialised. */
void guard_memory_take(struct arena *arena, struct guard_memory *memory,
                       const struct guard_visit *visit, const struct precautions *found,
                       struct precautions *fresh, struct precautions *over);
/* Forgets the workspaces that were not visited since then, with what was known of them. */
void guard_memory_forget(struct arena *arena, struct guard_memory *memory, int64_t before_ns);

#endif
