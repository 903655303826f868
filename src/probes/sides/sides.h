/* SPDX-License-Identifier: MIT
 * The environments of this machine that have to do with a workspace, side by side (core/side.h).
 */
#ifndef PROBES_SIDES_SIDES_H
#define PROBES_SIDES_SIDES_H

#include "core/probe.h"
#include "core/side.h"

struct sides_wish {
	/* NULL: all there are. Else only this one beside our own: "shell", "desktop", "systemd",
	 * "pid:N", "file:F" with an absolute path. */
	const char *against;
	bool no_shell; /* the login shell is not started */
};

/* The probes of the environment and settings stages must have run, with the environment "self".
 * The login shell works meanwhile. 0; or negative errno with a sentence when the one that was named
 * is not there (-ESRCH, -ENOENT, -EINVAL). One that is there and refuses is a side that is not
 * known, and a gap. */
int sides_collect(struct exam *exam, const struct sides_wish *wish, struct sides *ret,
                  struct err *err);

#endif
