/* SPDX-License-Identifier: MIT
 * Between the parts of sides_collect.
 */
#ifndef PROBES_SIDES_SIDES_WORK_H
#define PROBES_SIDES_SIDES_WORK_H

#include "probes/shell_env.h"
#include "probes/sides/sides.h"

struct sides_work {
	struct exam *exam;
	struct arena *arena;
	struct sides *sides;
	struct shell_env shell;
	struct side *shell_side; /* NULL: it is not asked */
};

/* NULL when there are too many. */
struct side *sides_new(struct sides_work *c, enum side_kind kind, const char *id,
                       const char *label);
/* It is there, and its environment cannot be had. */
void sides_unknown(struct sides_work *c, struct side *side, const char *because, const char *needs);
/* The environment of the desktop session. */
const struct evidence *sides_desktop(struct sides_work *c);

/* The login shell is started, and works until its end is asked for. */
void sides_shell_begin(struct sides_work *c);
void sides_shell_end(struct sides_work *c);

#endif
