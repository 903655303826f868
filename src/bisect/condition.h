/* SPDX-License-Identifier: MIT
 * Under what a program runs: variables, limits, umask, working directory. Two conditions, what differs between them as
 * single elements, and the condition that has some of these from the one and the others from the other.
 *
 * PATH is taken apart: an entry that only the bad one has, or only the good one, is an element of its own; one that stands
 * elsewhere is two (there it is more, here it is missing). With none of the elements PATH is the good one's, with all of
 * them the bad one's, byte by byte.
 */
#ifndef BISECT_CONDITION_H
#define BISECT_CONDITION_H

#include "base/envset.h"
#include "bisect/search.h"
#include "core/world.h"

/* Those of LOOK_CONTEXT that can be given to a program. */
enum condition_limit {
	CONDITION_NOFILE,
	CONDITION_NPROC,
	CONDITION_AS,
	CONDITION_DATA,
	CONDITION_CPU,
	CONDITION_FSIZE,
	CONDITION_LIMITS,
};

struct condition {
	struct envset env;
	bool confined;                              /* limits and umask are known */
	struct limit_pair limits[CONDITION_LIMITS]; /* -1: unlimited */
	unsigned umask;
	const char *cwd; /* NULL: where the editor starts its server */
};

enum element_kind {
	ELEMENT_VARIABLE,
	ELEMENT_PATH_ENTRY,
	ELEMENT_LIMIT,
	ELEMENT_UMASK,
	ELEMENT_CWD,
	ELEMENT_SETTING, /* made elsewhere */
};

struct element {
	enum element_kind kind;
	const char *
		name; /* of the variable, the limit or the setting; the entry of PATH; "umask", "cwd" */
	const char *good; /* NULL: not there */
	const char *bad;
	size_t at; /* which limit; where in `path` */
	unsigned weight;
	const char *file; /* of a setting */
};

struct path_piece {
	const char *entry;
	bool in_good, in_bad;
};

struct differences {
	struct element *items; /* the most suspected first */
	size_t count;
	size_t more;             /* that found no place */
	struct path_piece *path; /* both PATHs laid over each other; NULL: it is not taken apart */
	size_t path_count;
};

/* The limits and the umask from LOOK_CONTEXT. */
void condition_read(struct arena *arena, struct slice context, struct condition *ret);

/* What of bad is other than in good. Limits, umask and directory count when both are known. */
struct differences differences_between(struct arena *arena, const struct condition *good,
                                       const struct condition *bad);

/* good, with the elements of set as they are in bad. */
struct condition differences_apply(struct arena *arena, const struct differences *differences,
                                   const struct condition *good, const struct condition *bad,
                                   const struct subset *set);

/* How much a variable is suspected to matter to go, gopls and what they start: 1 for any. */
unsigned variable_weight(const char *name);

/* "variable", "path_entry", "limit", "umask", "cwd", "setting". */
const char *element_kind_name(enum element_kind kind);

#endif
