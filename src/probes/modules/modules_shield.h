/* SPDX-License-Identifier: MIT
 * With -mod=mod in force, go writes what go.mod and go.sum lack, and so does the go below a server that is only
 * tried out. Looking changes nothing: such runs get copies of both files (-modfile, `go help build`; the sums then lie
 * beside the copy).
 */
#ifndef PROBES_MODULES_SHIELD_H
#define PROBES_MODULES_SHIELD_H

#include "core/probe.h"

/* Makes the copies and names them in GOFLAGS of target.server, when go could write the real ones. target.shield is
 * the directory then, to be removed when nothing runs any more; else NULL. */
void modules_shield(struct exam *exam);

#endif
