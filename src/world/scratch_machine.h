/* SPDX-License-Identifier: MIT
 * A view of this machine in which a program may write as it likes and nothing stays: own mount,
 * network and IPC namespaces (and user namespace, unless this is root). Every file system is
 * read-only, HOME is a copy-on-write overlay in memory, /tmp and the runtime directory are fresh,
 * and there is no network, not even a loopback that is up.
 *
 * Sources: user_namespaces(7), mount_setattr(2) (Linux 5.12), overlayfs in a user namespace
 * (Linux 5.11, option userxattr). Refused on kernels and in containers that have none of it.
 */
#ifndef WORLD_SCRATCH_MACHINE_H
#define WORLD_SCRATCH_MACHINE_H

#include "base/arena.h"
#include "base/err.h"

#include <stdbool.h>

#define SCRATCH_MACHINE_BYTES "256m" /* what may be written, at most */

struct scratch_machine {
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
