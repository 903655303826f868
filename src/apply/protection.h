/* SPDX-License-Identifier: MIT
 * Files and directories of this user's that he has write-protected, and that a plan has to write in all the same: they are
 * opened before it and protected again behind it, as steps of the plan, so that it says so.
 */
#ifndef APPLY_PROTECTION_H
#define APPLY_PROTECTION_H

#include "core/plan.h"

/* Adds these steps around those of the plan; none for what is not protected by its mode, belongs to somebody else, or has such a
 * step already. Looks and changes nothing. */
void protection_open(struct plan *plan);

#endif
