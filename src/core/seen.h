/* SPDX-License-Identifier: MIT
 * The answer of LOOK_SEEN: places as a process sees them, in its own tree of mounts, and who may do what there.
 *
 *   path  state=ok|absent|denied|failed (of the path itself; what follows is of it, or of its nearest parent that is
 *   there)  rest (of an absent one: what is missing below that parent)  type=dir|file|socket|other  dev ino  mode(octal)
 *   uid gid  acl=0|1 (it has an access list, of which the mode tells only a part)  fstype ro noexec
 *   above=UID:GID:MODE … (the directories that lead there, from the root on)
 *   child=UID:GID:MODE:TYPE:NAME (of a directory: one for each combination of the first three among its first entries)
 */
#ifndef CORE_SEEN_H
#define CORE_SEEN_H

#include "base/arena.h"

#include <stdint.h>

#define SEEN_ABOVE_MAX    48
#define SEEN_CHILDREN_MAX 12

/* Whose something is, and what may be done with it. */
struct seen_mode {
	int64_t uid, gid;
	unsigned mode; /* permission bits */
};

struct seen_child {
	struct seen_mode owner;
	bool is_dir;
	const char *name;
};

/* Texts are never NULL. */
struct seen_place {
	const char *path, *state, *rest, *type, *fstype;
	bool known; /* the path or a parent of it was seen */
	int64_t dev, ino;
	struct seen_mode owner;
	bool has_acl, read_only, noexec;
	struct seen_mode above[SEEN_ABOVE_MAX];
	size_t above_count;
	struct seen_child children[SEEN_CHILDREN_MAX];
	size_t child_count;
};

/* The next place of the text; false at its end. */
bool seen_take(struct arena *arena, struct slice *rest, struct seen_place *ret);

/* Somebody for whom it is asked. */
struct seen_user {
	int64_t uid, gid;
	const int64_t *groups;
	size_t group_count;
};

enum { SEEN_READ = 4, SEEN_WRITE = 2, SEEN_ENTER = 1 };

/* By the mode alone: root may all of it. */
bool seen_mode_allows(const struct seen_mode *owner, const struct seen_user *user, unsigned want);
/* The same path leads both to the same thing. */
bool seen_is_same(const struct seen_place *a, const struct seen_place *b);

#endif
