/* SPDX-License-Identifier: MIT
 * When something came about that is otherwise than it was, and who brought it: as far as files and the package manager's
 * log tell, and no further.
 */
#ifndef PROBES_CHANGED_WHEN_H
#define PROBES_CHANGED_WHEN_H

#include "core/probe.h"
#include "core/setup.h"

/* Between the last moment at which it is known to have been otherwise, and now; wall clock. */
struct since {
	int64_t begin_ns, end_ns;
};

static inline bool since_has(const struct since *since, int64_t at_ns) {
	return at_ns > since->begin_ns && at_ns <= since->end_ns;
}

struct came_about {          /* texts are never NULL */
	int64_t at_ns;       /* 0: not known */
	const char *time_of; /* written, moved, package, or "" */
	const char *file;    /* "path:line" that sets a variable, else "" */
	const char *package, *by, *command;
	const struct evidence *ev; /* what tells, or NULL */
};

/* item: as it is now, or, when removed, as it was. */
struct came_about came_about_find(struct exam *exam, const struct since *since,
                                  const struct setup_item *item, bool removed);

#endif
