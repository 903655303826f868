/* SPDX-License-Identifier: MIT
 * A view of this machine (world/view.h) in which a program may write as it likes and nothing stays: HOME is a
 * copy-on-write overlay in memory, /tmp and the runtime directory are fresh, and there is no network, not even a loopback
 * that is up.
 */
#ifndef WORLD_SCRATCH_MACHINE_H
#define WORLD_SCRATCH_MACHINE_H

#include "world/view.h"

#define SCRATCH_MACHINE_BYTES ((size_t)256 << 20) /* what may be written, at most */

struct scratch_machine {
	struct view view;
	const char *base; /* a directory in memory of our own, with bin/dialtone: this program */
	bool home_is_read_only; /* no overlay could be made: writes there fail */
};

/* Moves this process, which must have one thread, into such a machine. Paths that are looked at
 * later (home, workspace) keep their names. Error: a sentence; the process may then be in some of
 * the namespaces and should end. */
int scratch_machine_enter(struct arena *arena, const char *home, const char *workspace,
                          struct scratch_machine *ret, struct err *err);

/* From now on the file at path, links followed, is a small script that runs
 * `dialtone --witness NOTES PATH "$@"`. 0 or negative errno. */
int scratch_machine_replace(struct arena *arena, const struct scratch_machine *machine,
                            const char *path);

#endif
